/**
 * Entry lists and friends put on resolved files. A list's file is one of the data set that has its name as LFN or as URL; without
 * names it numbers the entries along the files of its words. Pure.
 */

import { type NamedEntryList, pairsWithin } from '../../protocol/entry-list.js';
import { UsageError } from '../../protocol/errors.js';
import { normalUrl } from '../url.js';
import type { DatasetFile } from './resolve-dataset.js';

export interface WordFiles {
  /** Number of the DATASET word. */
  readonly word: number;
  readonly file: DatasetFile;
}

/** Files at the entries that the lists name; a file that its list does not name has none of them. @throws {UsageError} */
export function applyLists(files: readonly WordFiles[], lists: readonly NamedEntryList[]): DatasetFile[] {
  const selected = files.map(({ file }) => file.selected);
  for (const list of lists) {
    const at = files.flatMap(({ word }, i) =>
      list.words === null || (word >= list.words[0] && word < list.words[1]) ? [i] : [],
    );
    const found = list.parts.some(({ file }) => file === null)
      ? alongFiles(
          list,
          at.map((i) => files[i]!.file),
        )
      : byName(
          list,
          at.map((i) => files[i]!.file),
        );
    for (const [k, i] of at.entries()) {
      const before = selected[i];
      selected[i] = before === null || before === undefined ? found[k]! : common(before, found[k]!);
    }
  }
  return files.map(({ file }, i) => ({ ...file, selected: selected[i] ?? null }));
}

function byName(list: NamedEntryList, files: readonly DatasetFile[]): (readonly number[])[] {
  const byKey = new Map<string, readonly number[]>();
  for (const { file, entries } of list.parts) byKey.set(keyOf(file ?? ''), entries);
  const found = files.map(({ lfn, urls }) => {
    const keys = [...(lfn === null ? [] : [lfn]), ...urls].map(keyOf);
    return keys.map((key) => byKey.get(key)).find((entries) => entries !== undefined);
  });
  if (found.every((entries) => entries === undefined))
    throw new UsageError(
      `The entry list ${list.name} names no file of the data set: it has ${list.parts[0]?.file ?? 'none'}${list.parts.length > 1 ? ', …' : ''}, the data set ${files[0]?.lfn ?? files[0]?.urls[0] ?? 'none'}.`,
    );
  return found.map((entries) => entries ?? []);
}

function alongFiles(list: NamedEntryList, files: readonly DatasetFile[]): (readonly number[])[] {
  const pairs = list.parts[0]!.entries;
  if (list.parts.length > 1)
    throw new UsageError(`The entry list ${list.name} names files for some of its entries and not for others.`);
  if (files.length === 1) return [pairs];
  let at = 0;
  const found = files.map(({ lfn, urls, entries }) => {
    if (entries === null)
      throw new UsageError(
        `The entry list ${list.name} numbers entries along ${files.length} files, but how many ${lfn ?? urls[0] ?? 'one'} has is not known. Name the files in the list, or register them with --inspect.`,
      );
    const own = pairsWithin(pairs, at, at + entries).map((entry) => entry - at);
    at += entries;
    return own;
  });
  const last = pairs.at(-1) ?? 0;
  if (last > at)
    throw new UsageError(`The entry list ${list.name} names entry ${last - 1}; its files have ${at} in all.`);
  return found;
}

function common(a: readonly number[], b: readonly number[]): number[] {
  const pairs: number[] = [];
  for (let i = 0; i < a.length; i += 2) pairs.push(...pairsWithin(b, a[i]!, a[i + 1]!));
  return pairs;
}

/** `/x`, `lfn:/x`, `file:/x` and `file:///x` are one name. */
function keyOf(name: string): string {
  return normalUrl(name).replace(/^(?:lfn:|file:\/\/)(?=\/)/i, '');
}
