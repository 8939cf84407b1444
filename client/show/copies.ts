/** Files that are copied to a site's storage element, as people read it. */
import type { CopyState } from '../../protocol/api.js';

export function copiesText({ se, waiting, copied, failed, bytes, message }: CopyState): string {
  const parts = [
    `${copied} copied`,
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ];
  return `${parts.join(', ')} to ${se}, ${(bytes / 1e6).toFixed(1)} MB${message === null ? '' : `; ${message}`}`;
}
