/** What a file holds against what the catalog says of it. Pure. */
import type { GridFile } from '../../../catalog/grid/grid.js';
import { type Inspected, treeOf } from '../../../catalog/grid/inspect-file.js';

/** The first thing that does not agree, as a clause; null where all does. @param wanted tree that the file must have */
export function contradiction(
  file: Pick<GridFile, 'size' | 'checksum' | 'tree' | 'entries'> | undefined,
  found: Inspected,
  wanted: string | null,
): string | null {
  const { size, checksum, trees } = found;
  if (file !== undefined && file.size !== null && file.size !== size)
    return `it has ${size} bytes, and ${file.size} in the catalog`;
  if (checksum !== null && file?.checksum && checksum !== file.checksum)
    return `its bytes give ${checksum}, and ${file.checksum} stands in the catalog`;
  if (wanted !== null && treeOf(found, wanted) === undefined) return `it has no tree ${wanted}`;
  const known = trees.find(({ name }) => name === file?.tree);
  if (known !== undefined && file?.entries != null && known.entries !== file.entries)
    return `it has ${known.entries} entries, and ${file.entries} in the catalog`;
  return null;
}
