/** `du`: files and bytes below a name, as a stream that ends with one line, so that a large tree holds nobody up. */
import type { Caller } from '../permissions.js';
import { mayAccess } from '../permissions.js';
import type { Directory } from '../store/directory-store.js';
import type { Stores } from '../store/stores.js';
import { entryAt, pathOf } from './paths.js';

/** Yields an empty line now and then (so that others get their turn) and the sums at the end. */
export function* usageLines(stores: Stores, caller: Caller, args: { path: string }): Generator<string> {
  const top = entryAt(stores, caller, args.path);
  const path = pathOf(top);
  if (top.file !== null) {
    yield JSON.stringify({ path, files: 1, directories: 0, size: top.file.size ?? 0 });
    return;
  }
  let [files, size, directories] = [0, 0, 0];
  const waiting: Directory[] = [top.directory];
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    if (!mayAccess(caller, directory, 'read')) continue;
    const own = stores.files.sums(directory.id);
    files += own.files;
    size += own.size;
    const children = stores.directories.children(directory, { limit: -1 });
    directories += children.length;
    waiting.push(...children);
    if (directories % 1000 === 0) yield '';
  }
  yield JSON.stringify({ path, files, directories, size });
}
