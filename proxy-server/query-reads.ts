/** What a query read from disks: its data and friends as they were looked up, and what its client read to hand it in. Pure. */
import { diskPathOf } from '../storage/disk-path.js';
import type { JournalFile } from './master/journal-records.js';
import type { QuerySpec } from './master/query-spec.js';

/** Absolute paths, each once. Data on other machines cannot be replaced by a file of the user's: it is left out. */
export function queryReads(
  files: readonly Pick<JournalFile, 'places' | 'friends'>[],
  spec: Pick<QuerySpec, 'reads'>,
): string[] {
  const paths = new Set(spec.reads);
  for (const { places, friends } of files)
    for (const url of [...places.map((place) => place.url), ...friends.flatMap((friend) => friend.urls)]) {
      const path = diskPathOf(url);
      if (path !== undefined) paths.add(path);
    }
  return [...paths];
}
