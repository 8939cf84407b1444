/**
 * DATASET words -> files, in the order of the words, then of the matches bytewise. A file given twice counts twice.
 *
 * A word is `lfn:/path` or a pattern of it, a bare logical name (`/path` with no scheme), `find:/base?query`, `dataset:NAME`, or
 * the URL of a file (`file:`, `root:`, `https:` …); `#TREE` behind any of them names the tree. Local paths, globs and @lists
 * are made URLs by the client before. Only words that need it ask the catalog, so that a local analysis needs none.
 */

import type { FriendSet, NamedEntryList } from '../../protocol/entry-list.js';
import { RemoteError, UsageError } from '../../protocol/errors.js';
import { applyLists, type WordFiles } from './apply-lists.js';
import { NothingMatchesError } from './errors.js';
import type { Grid, GridDataset, GridFile, Replica } from './grid.js';
import { onceEach } from './once-each.js';

/** One file of a resolved data set. */
export interface DatasetFile {
  /** null for a file named by URL. */
  readonly lfn: string | null;
  /** Where its copies are, closest first; empty where a file of the catalog has none that can be used: it is missing, its neighbours are not. */
  readonly urls: readonly string[];
  /** With storage element and site; of a file named by URL the URL alone. */
  readonly replicas: readonly Replica[];
  /** Bytes; null where unknown (likewise below). */
  readonly size: number | null;
  readonly entries: number | null;
  /** The tree that the word, or else the data set, or else the catalog names. */
  readonly tree: string | null;
  /** The entries that an entry list selects, as pairs (protocol/entry-list.ts); null: all. */
  readonly selected: readonly number[] | null;
  readonly friends: readonly DatasetFriend[];
}

/** The file that goes with one of the data set, entry by entry. */
export interface DatasetFriend {
  readonly alias: string;
  /** LFN, else URL. */
  readonly name: string;
  readonly urls: readonly string[];
  readonly tree: string | null;
}

/** A word without its `#TREE`. */
export interface DatasetWord {
  readonly kind: 'lfn' | 'find' | 'dataset' | 'url';
  readonly text: string;
  readonly tree: string | null;
}

/** @throws {UsageError} a word that means nothing */
export function parseDatasetWord(word: string): DatasetWord {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(word)?.[1]?.toLowerCase();
  const { text, tree } = cutTree(word, scheme === 'find');
  if (scheme === undefined) {
    if (text.startsWith('/')) return { kind: 'lfn', text, tree };
    throw new UsageError(`${word} is no data set: give lfn:/path, find:/base?query, dataset:NAME or a URL.`);
  }
  const rest = text.slice(scheme.length + 1);
  if (scheme === 'lfn' || scheme === 'find' || scheme === 'dataset') {
    if (rest === '') throw new UsageError(`${word} names nothing behind "${scheme}:".`);
    return { kind: scheme, text: scheme === 'dataset' ? rest : rest.replace(/^\/{2,}/, '/'), tree };
  }
  return { kind: 'url', text, tree };
}

/** `#TREE` is behind the last `#`; in a query a `#` inside quotes is text. */
function cutTree(word: string, isQuery: boolean): { text: string; tree: string | null } {
  const at = word.lastIndexOf('#');
  const quoted = isQuery && at >= 0 && (word.slice(0, at).match(/'/g)?.length ?? 0) % 2 === 1;
  if (at < 0 || quoted) return { text: word, tree: null };
  const tree = word.slice(at + 1);
  return { text: word.slice(0, at), tree: tree === '' ? null : tree };
}

export interface ResolveOptions {
  /** Site of those who will read: their closest replicas come first. */
  readonly site?: string | undefined;
  /** Tree of all words that name none (`--tree`). */
  readonly tree?: string | null | undefined;
  readonly lists?: readonly NamedEntryList[] | undefined;
  /** Each has as many files as the data set. */
  readonly friends?: readonly FriendSet[] | undefined;
}

/**
 * @param grid the catalog, or a function that opens it when a word needs it
 * @throws {NothingMatchesError} a word without a match: what is nearest to it
 */
export async function resolveDataset(
  words: readonly string[],
  grid: Grid | (() => Promise<Grid>),
  options: ResolveOptions = {},
): Promise<DatasetFile[]> {
  let opened: Promise<Grid> | undefined;
  const catalog = (): Promise<Grid> => {
    opened ??= typeof grid === 'function' ? grid() : Promise.resolve(grid);
    return opened;
  };
  const files: WordFiles[] = [];
  const parsed = words.map(parseDatasetWord);
  for (let i = 0; i < parsed.length; ) {
    const word = parsed[i]!;
    const tree = word.tree ?? options.tree ?? null;
    if (word.kind === 'url') {
      files.push({ word: i, file: fileOfUrl(word.text, tree) });
      i++;
      continue;
    }
    if (isPlainLfn(word)) {
      // Names in a row are one look-up: a list of a million is a hundred calls, not a million.
      let end = i + 1;
      while (end < parsed.length && isPlainLfn(parsed[end]!)) end++;
      for (const [k, of] of (await lookUp(await catalog(), parsed.slice(i, end), options)).entries())
        for (const file of of) files.push({ word: i + k, file });
      i = end;
      continue;
    }
    for (const file of await matches(await catalog(), word, tree, options)) files.push({ word: i, file });
    i++;
  }
  const listed = applyLists(files, options.lists ?? []);
  return withFriends(listed, options.friends ?? [], catalog, options);
}

/** @throws {UsageError} a friend with more or fewer files */
async function withFriends(
  files: readonly DatasetFile[],
  friends: readonly FriendSet[],
  catalog: () => Promise<Grid>,
  { site }: ResolveOptions,
): Promise<DatasetFile[]> {
  let result = [...files];
  for (const { alias, dataset } of friends) {
    const found = await resolveDataset(dataset, catalog, { site });
    if (found.length !== files.length)
      throw new UsageError(
        `The friend ${alias} has ${found.length} files and its data set ${files.length}: they go together one by one, in order.`,
      );
    result = result.map((file, i) => {
      const { lfn, urls, tree } = found[i]!;
      return { ...file, friends: [...file.friends, { alias, name: lfn ?? urls[0] ?? '', urls, tree }] };
    });
  }
  return result;
}

const isPlainLfn = ({ kind, text }: DatasetWord): boolean => kind === 'lfn' && !/[*?\\]/.test(text);

function fileOfUrl(url: string, tree: string | null): DatasetFile {
  return {
    ...{ lfn: null, urls: [url], replicas: [{ url, se: null, site: null }], size: null, entries: null, tree },
    ...{ selected: null, friends: [] },
  };
}

/** Files of each word. */
async function lookUp(grid: Grid, words: readonly DatasetWord[], options: ResolveOptions): Promise<DatasetFile[][]> {
  const found = await grid.lookup(
    words.map(({ text }) => text),
    options.site,
  );
  const files: DatasetFile[][] = [];
  for (const [i, word] of words.entries()) {
    const file = found[i];
    const tree = word.tree ?? options.tree ?? null;
    // A directory, a collection or nothing at all: the pattern call tells them apart and explains.
    files.push(file === undefined ? await matches(grid, word, tree, options) : [asDatasetFile(file, tree)]);
  }
  return files;
}

async function matches(
  grid: Grid,
  word: DatasetWord,
  tree: string | null,
  options: ResolveOptions,
): Promise<DatasetFile[]> {
  if (word.kind === 'dataset') {
    const files: DatasetFile[] = [];
    // PROOF's unions: "a|b" and "a,b" are the files of a, then those of b.
    for (const name of word.text.split(/[|,]/).filter((part) => part !== '')) {
      const set = await grid.dataset(name, options.site);
      if (set.files.length === 0) throw new NothingMatchesError(`The data set ${name} has no files.`);
      const own = filesOfSet(set, tree);
      files.push(...(await withFriends(own, set.friends ?? [], async () => grid, options)));
    }
    return files;
  }
  const files =
    word.kind === 'find' ? await grid.find(word.text, options.site) : await grid.glob(word.text, options.site);
  if (files.length === 0) throw new NothingMatchesError(await nothing(grid, word));
  return files.map((file) => asDatasetFile(file, tree));
}

/** Members of one file that differ in their trees alone are one where a tree is named for all. */
function filesOfSet(set: GridDataset, tree: string | null): DatasetFile[] {
  const files = set.files.map((file) => asDatasetFile({ ...file, tree: file.tree ?? set.tree }, tree));
  return tree === null ? files : onceEach(files);
}

function asDatasetFile(file: GridFile, tree: string | null): DatasetFile {
  const { lfn, size, entries, replicas } = file;
  // An entry count is that of the tree it was learnt with; of another tree it says nothing.
  const isOther = tree !== null && file.tree !== null && tree !== file.tree;
  return {
    lfn: lfn.startsWith('/') ? lfn : null, // a data set may hold URLs
    urls: replicas.map(({ url }) => url),
    replicas,
    size,
    entries: isOther ? null : entries,
    tree: tree ?? file.tree,
    selected: file.selected ?? null,
    friends: [],
  };
}

/** What is nearest to a word that matches nothing, as far as the catalog tells. */
async function nothing(grid: Grid, word: DatasetWord): Promise<string> {
  const what = word.kind === 'find' ? 'No file matches the query' : 'The catalog has no file';
  const path = word.text.split('?')[0]!;
  const literal = word.kind === 'find' ? path : word.text.replace(/\/[^/]*[*?].*$/s, '') || '/';
  try {
    await grid.ls(literal);
  } catch (error) {
    if (!(error instanceof RemoteError) || error.code !== 'CATALOG_NO_SUCH_NAME') throw error;
    const why = literal === word.text ? error.message : `${what} ${word.text}. ${error.message}`;
    return word.tree === null
      ? why
      : `${why} Behind # stands a tree; where a name holds # itself, put another # behind it.`;
  }
  if (word.text.includes('\\'))
    return `${what} ${word.text}. \\ takes the meaning of the character behind it: write \\\\ for one in a name.`;
  const hint = literal === word.text ? 'it is a directory; add /* for its files' : `nothing in ${literal} fits`;
  return `${what} ${word.text}: ${hint}.`;
}
