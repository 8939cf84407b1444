/** What every view is given, and which there are: the word behind the # of the address. */
import type { z } from 'zod';
import type { whoami } from '../../../protocol/api.js';

export interface ViewProps {
  /** Who looks. */
  readonly who: Who;
  /** The server wants a token, or another one: its sentence. */
  readonly onTokenWanted: (why: string) => void;
}

export type Who = z.infer<typeof whoami>;

export const VIEWS = ['pool', 'queries', 'jobs'] as const;
type ViewName = (typeof VIEWS)[number];

export interface Place {
  readonly view: ViewName;
  /** The one that is looked at: a site, a query, a job. */
  readonly detail: string | null;
}

/** `#queries/REF`, `#pool/SITE`, `#jobs/NUMBER` -> its place; what is none is the pool. Pure. */
export function placeOf(hash: string): Place {
  const [word = '', ...rest] = hash.replace(/^#\/?/, '').split('/');
  const view = VIEWS.find((name) => name === word) ?? 'pool';
  const detail = rest.join('/');
  return { view, detail: view === word && detail !== '' ? unescaped(detail) : null };
}
/** Somebody may have typed it. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
export const hashOf = ({ view, detail }: Place): string =>
  detail === null ? `#${view}` : `#${view}/${encodeURIComponent(detail)}`;
