/**
 * Entry lists in files: text (a number, or `FILE NUMBER…`, a line; `10-19` is ten of them), JSON (`[1, 2, [10, 20]]` or
 * `{"FILE": [1, 2]}`, where [10, 20] is half-open), or a TEntryList or TEventList in a ROOT file (`list.root#NAME`).
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { type NamedEntryList, pairsOf } from '../../protocol/entry-list.js';
import { GridError, UsageError } from '../../protocol/errors.js';
import { fileProblem } from '../../protocol/file-problem.js';
import { openRootFile } from '../../rootio/root-file.js';
import { openSource } from '../../storage/open-source.js';
import { partsOfRootList, ROOT_LISTS } from './root-entry-list.js';

export type ListParts = NamedEntryList['parts'];
/** Files with their entries, or without a file entries along those of the data set. */
export type GivenEntries = Iterable<number> | Readonly<Record<string, Iterable<number>>>;

const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** @throws {UsageError} what in the file is no entry list, with its line */
export async function readEntryList(word: string, folder = process.cwd()): Promise<ListParts> {
  const at = word.lastIndexOf('#');
  const isRoot = /\.root(#|$)/i.test(word);
  const path = resolve(folder, isRoot && at > 0 ? word.slice(0, at) : word);
  try {
    const parts = isRoot ? await fromRootFile(path, at > 0 ? word.slice(at + 1) : null) : fromText(path);
    return parts.map(({ file, entries }) => ({ file: file === null ? null : placed(file, dirname(path)), entries }));
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    if (!(cause instanceof GridError) && (cause as NodeJS.ErrnoException).code === undefined) throw cause;
    throw new UsageError(`Cannot read the entry list ${path}: ${fileProblem(cause)}.`, { cause });
  }
}

/** What a program gives in memory. @throws {UsageError} */
export function givenEntries(given: GivenEntries, folder = process.cwd()): ListParts {
  const listed = Symbol.iterator in given;
  const parts: [string | null, Iterable<number>][] = listed
    ? [[null, given as Iterable<number>]]
    : Object.entries(given as Readonly<Record<string, Iterable<number>>>);
  return parts.map(([file, entries]) => {
    const numbers = [...entries];
    const bad = numbers.find((entry) => !Number.isSafeInteger(entry) || entry < 0);
    if (bad !== undefined) throw new UsageError(`${bad} is no entry: they are whole numbers from 0 on.`);
    return { file: file === null ? null : placed(file, folder), entries: pairsOf(numbers) };
  });
}

/** Paths become absolute URLs, as in DATASET words; `/x` may also be a name of the catalog, and both are compared as one. */
function placed(file: string, folder: string): string {
  return SCHEME.test(file) ? file : pathToFileURL(resolve(folder, file)).href;
}

function fromText(path: string): ListParts {
  const text = readFileSync(path, 'utf8');
  return /^\s*[[{]/.test(text) ? fromJson(text, path) : fromLines(text, path);
}

const entry = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const entries = z.array(z.union([entry, z.tuple([entry, entry])]));
const jsonList = z.union([entries, z.record(z.string(), entries)]);

function fromJson(text: string, path: string): ListParts {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`The entry list ${path} is no JSON: ${(cause as Error).message}.`, { cause });
  }
  const list = jsonList.safeParse(value);
  if (!list.success)
    throw new UsageError(`${path} is no entry list: give [1, 2, [10, 20]], or {"FILE": [1, 2]} with whole numbers.`);
  const pairs = (items: z.infer<typeof entries>): number[] => {
    const bad = items.find((item) => typeof item !== 'number' && item[1] < item[0]);
    if (bad !== undefined)
      throw new UsageError(
        `${path}: [${String(bad)}] ends before it begins; [10, 20] is ten entries, the end not among them.`,
      );
    return pairsOf(items.flatMap((item) => (typeof item === 'number' ? [item] : counted(item[0], item[1]))));
  };
  if (Array.isArray(list.data)) return [{ file: null, entries: pairs(list.data) }];
  return Object.entries(list.data).map(([file, items]) => ({ file, entries: pairs(items) }));
}

function fromLines(text: string, path: string): ListParts {
  const byFile = new Map<string | null, number[]>();
  for (const [i, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.replace(/(^|\s)#.*$/, '').trim();
    if (line === '') continue;
    const words = line.split(/[\s,]+/);
    const isNumber = (word: string): boolean => /^\d{1,15}(-\d{1,15})?$/.test(word);
    const file = isNumber(words[0]!) ? null : words.shift()!.replace(/:$/, '');
    const bad = words.find((word) => !isNumber(word));
    if (bad !== undefined || words.length === 0)
      throw new UsageError(
        `${path}, line ${i + 1}: ${bad === undefined ? 'no entry' : `"${bad.slice(0, 40)}" is no entry`}. A line is NUMBER… or FILE NUMBER…; 10-19 is ten of them.`,
      );
    const found = byFile.get(file) ?? [];
    byFile.set(file, found);
    for (const word of words) {
      const [first, last] = word.split('-').map(Number) as [number, number | undefined];
      if (last !== undefined && last < first)
        throw new UsageError(`${path}, line ${i + 1}: "${word}" ends before it begins; 10-19 is ten entries.`);
      for (const number of counted(first, (last ?? first) + 1)) found.push(number);
    }
  }
  return [...byFile].map(([file, numbers]) => ({ file, entries: pairsOf(numbers) }));
}

function counted(first: number, end: number): number[] {
  if (end - first > 100_000_000) throw new UsageError(`${first} to ${end} are too many entries for a list.`);
  return Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);
}

async function fromRootFile(path: string, name: string | null): Promise<ListParts> {
  const file = await openRootFile(await openSource(pathToFileURL(path).href));
  try {
    const lists = (await file.keys()).filter(({ className }) => ROOT_LISTS.includes(className)).map((key) => key.path);
    const wanted = name ?? (new Set(lists).size === 1 ? lists[0]! : null);
    if (wanted === null)
      throw new UsageError(
        `${path} has ${lists.length === 0 ? 'no entry list' : `several entry lists; name one: ${lists.map((list) => `#${list}`).join(', ')}`}.`,
      );
    return partsOfRootList(await file.object(wanted), wanted);
  } finally {
    await file.close();
  }
}
