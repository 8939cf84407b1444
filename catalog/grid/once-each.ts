/**
 * A file is in a data set once with each of its trees. Where nobody knows which tree is meant, it is the file's only one: the one that
 * is named beside it, whichever comes first. Pure.
 */
import type { GridFile } from './grid.js';

/** What a set has so far, by place (a file of the catalog, a URL) and tree; null: nobody knows it. */
export class OnceEach<T> {
  readonly #trees = new Map<string, Map<string | null, T>>();

  /** @returns what is there already of that file and tree: undefined where this is new and now kept */
  meet(place: string, tree: string | null, item: T): T | undefined {
    const trees = this.#trees.get(place) ?? new Map<string | null, T>();
    this.#trees.set(place, trees);
    const found = tree === null ? trees.values().next().value : (trees.get(tree) ?? trees.get(null));
    if (found === undefined) trees.set(tree, item);
    else if (tree !== null && trees.delete(null)) trees.set(tree, found); // the unnamed one has its name now
    return found;
  }
}

/** A file of a catalog's data set, or one of a resolved word, whose name is null where it is a URL's. */
type File = Pick<GridFile, 'replicas' | 'tree' | 'entries' | 'selected'> & { readonly lfn: string | null };

/** Files that come twice, through nested sets or a tree that is named for all, become one with the entries of both. */
export function onceEach<T extends File>(files: readonly T[]): T[] {
  const seen = new OnceEach<number>();
  const result: T[] = [];
  for (const file of files) {
    // A name that was removed and registered anew stands for two files, of which one is gone.
    const place = `${file.replicas.length === 0 ? 'gone' : ''}\0${file.lfn ?? file.replicas[0]?.url}`;
    const at = seen.meet(place, file.tree, result.length);
    if (at === undefined) result.push(file);
    else result[at] = merged(result[at]!, file);
  }
  return result;
}

function merged<T extends File>(first: T, second: T): T {
  const { tree, entries } = first.tree === null && second.tree !== null ? second : first;
  const all = [first.selected ?? null, second.selected ?? null];
  const selected = all.includes(null) ? null : unionOf(all.map((pairs) => pairs ?? []));
  return { ...first, tree, entries: entries ?? second.entries, selected };
}

/** Ranges that overlap or touch become one. */
function unionOf(lists: readonly (readonly number[])[]): number[] {
  const ranges = lists.flatMap((pairs) =>
    Array.from({ length: pairs.length / 2 }, (_, i) => [pairs[2 * i]!, pairs[2 * i + 1]!] as const),
  );
  const pairs: number[] = [];
  for (const [first, end] of ranges.sort((a, b) => a[0] - b[0])) {
    const last = pairs.at(-1);
    if (last === undefined || first > last) pairs.push(first, end);
    else pairs[pairs.length - 1] = Math.max(last, end);
  }
  return pairs;
}
