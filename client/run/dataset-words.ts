/**
 * DATASET words of the command line: what lies on this computer (paths, globs, @FILE lists) becomes absolute file: URLs; the rest (URLs,
 * lfn:, find:, dataset:) goes on as it is. `#TREE` behind a word stays behind it.
 * `a|b` and `a,b` are a and then b (split-union.ts). `WORD<<LIST` (or `WORD?enl=LIST`) are the entries of it that the list in that file names.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import picomatch from 'picomatch';
import type { NamedEntryList } from '../../protocol/entry-list.js';
import { GridError, UsageError } from '../../protocol/errors.js';
import { fileProblem } from '../../protocol/file-problem.js';
import { readEntryList } from './entry-list-file.js';
import { splitUnion } from './split-union.js';

/** A glob or list that names no file at all. */
export class NothingMatchesError extends GridError {
  readonly code = 'CLIENT_NOTHING_MATCHES';
}

const REMOTE = /^(lfn|find|dataset|file|roots?|https?|davs?):/;

export interface ExpandedWords {
  readonly dataset: string[];
  /** For the words of which each is, numbered as in `dataset`. */
  readonly lists: NamedEntryList[];
}

/** As expandDatasetWords, of words that may have entry lists behind them. @throws {NothingMatchesError | UsageError} */
export async function expandListedWords(words: readonly string[], folder = process.cwd()): Promise<ExpandedWords> {
  const dataset: string[] = [];
  const lists: NamedEntryList[] = [];
  for (const word of words) {
    const { text, list } = existsSync(resolve(folder, word)) ? { text: word, list: null } : cutList(word);
    const first = dataset.length;
    dataset.push(...expandDatasetWords([text], folder));
    if (list === null) continue;
    lists.push({ name: list, words: [first, dataset.length], parts: await readEntryList(list, folder) });
  }
  return { dataset, lists };
}

/** `a.root#t<<list.root#l` -> the word and the file of its list. */
function cutList(word: string): { text: string; list: string | null } {
  const at = word.lastIndexOf('<<');
  if (at > 0) return { text: word.slice(0, at), list: word.slice(at + 2) };
  const query = word.startsWith('find:') ? null : /^(.*?)[?&]enl=(.+)$/s.exec(word);
  return query === null ? { text: word, list: null } : { text: query[1]!, list: query[2]! };
}

/** In the order of the words; matches of a glob bytewise. @throws {NothingMatchesError | UsageError} */
export function expandDatasetWords(words: readonly string[], folder = process.cwd()): string[] {
  return words.flatMap((word) => expandWord(word, folder, 0));
}

function expandWord(word: string, folder: string, depth: number): string[] {
  if (cutList(word).list !== null && !existsSync(resolve(folder, word)))
    throw new UsageError(
      `${word}: an entry list stands behind a word of the data set itself, not inside an @FILE and not behind a friend.`,
    );
  const parts = unionParts(word, folder);
  if (parts.length > 1) return parts.flatMap((part) => expandWord(part, folder, depth));
  if (REMOTE.test(word)) return [word];
  if (word.startsWith('@')) return expandList(word, folder, depth);
  const { path, tree } = splitTree(word, folder);
  if (path === '')
    throw new UsageError(
      `${word === '' ? 'An empty word' : word} names no file: give a path, a URL, lfn:/path, find:/base?query, dataset:NAME or @FILE.`,
    );
  const absolute = resolve(folder, path);
  if (!picomatch.scan(path).isGlob || existsSync(absolute)) return [pathToFileURL(absolute).href + tree];
  const found = globFiles(absolute);
  if (found.length === 0)
    throw new NothingMatchesError(
      `No file matches ${path}. ${firstMissing(absolute)} Quote the pattern if your shell changed it.`,
    );
  return found.map((file) => pathToFileURL(file).href + tree);
}

/** Of a union its words; a file whose own name holds the bar or comma is one. */
export function unionParts(word: string, folder = process.cwd()): string[] {
  return existsSync(resolve(folder, word)) ? [word] : splitUnion(word);
}

/** @FILE or @FILE#TREE: one word a line, `#` comments, relative to the list. */
function expandList(word: string, folder: string, depth: number): string[] {
  if (depth > 8) throw new UsageError(`The lists behind ${word} name one another in a circle.`);
  const { path, tree } = splitTree(word.slice(1), folder);
  const file = resolve(folder, path);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`Cannot read the list ${file}: ${fileProblem(cause)}.`, { cause });
  }
  const words = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (words.length === 0) throw new NothingMatchesError(`The list ${file} names no file.`);
  return words
    .flatMap((line) => expandWord(line, dirname(file), depth + 1))
    .map((line) => (line.includes('#') ? line : line + tree));
}

/** `file.root#dir/tree`; a file whose own name holds # is taken whole. */
function splitTree(word: string, folder: string): { path: string; tree: string } {
  const at = word.lastIndexOf('#');
  if (at < 0 || existsSync(resolve(folder, word))) return { path: word, tree: '' };
  return { path: word.slice(0, at), tree: word.slice(at) };
}

function globFiles(pattern: string): string[] {
  const { base } = picomatch.scan(pattern);
  const matches = picomatch(pattern, { dot: false, posix: true });
  const deep = pattern.slice(base.length).includes('/');
  if (!existsSync(base)) return [];
  return readdirSync(base, { recursive: deep, withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => resolve(entry.parentPath, entry.name))
    .filter((path) => matches(path))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** Which part of a path is the first that is not there: the usual mistake. */
function firstMissing(pattern: string): string {
  const { base } = picomatch.scan(pattern);
  for (let at = base; at !== dirname(at); at = dirname(at))
    if (existsSync(dirname(at)) && !existsSync(at)) return `There is no ${at}.`;
  return `${base} holds none.`;
}
