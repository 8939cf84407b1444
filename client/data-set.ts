/**
 * A data set for programs, as ROOT's TDSet was for macros: DATASET words in order, to which files and other sets are added.
 * `a|b` and `a,b` in a word are a and then b. Names are resolved when a query runs, not here; so are entry lists, which are cut by file
 * then, and friends, whose files go with those of the data set one by one.
 */
import type { FriendSet, NamedEntryList } from '../protocol/entry-list.js';
import { UsageError } from '../protocol/errors.js';
import { expandDatasetWords, expandListedWords, unionParts } from './run/dataset-words.js';
import { type GivenEntries, givenEntries, readEntryList } from './run/entry-list-file.js';

export class DataSet {
  readonly #words: string[] = [];
  readonly #friends: { alias: string; set: DataSet }[] = [];
  #list: string | GivenEntries | null = null;

  constructor(
    words: readonly (string | DataSet)[],
    /** The tree for words that name none. */
    readonly tree: string | null = null,
  ) {
    this.add(...words);
  }

  /** Files behind those that are there already; a file given twice counts twice. */
  add(...words: (string | DataSet)[]): this {
    for (const word of words) {
      if (typeof word === 'string') this.#words.push(word);
      else this.#words.push(...word.#asWords());
    }
    return this;
  }

  /** @throws {UsageError} its entry list and friends would be lost */
  #asWords(): readonly string[] {
    if (this.#list === null && this.#friends.length === 0) return this.#withTree();
    throw new UsageError('A data set with an entry list or friends cannot be part of another: give them to the whole.');
  }

  /** Each word with the tree behind it, as needed among words of other sets. */
  #withTree(): readonly string[] {
    const { tree } = this;
    if (tree === null) return this.#words;
    return this.#words
      .flatMap((word) => unionParts(word))
      .map((word) => (word.includes('#') ? word : `${word}#${tree}`));
  }

  /** The union with others, as `|` between words; neither is changed. */
  union(...others: (string | DataSet)[]): DataSet {
    return new DataSet([this, ...others]);
  }

  /**
   * Only these entries are read, and counted: a file as `--entry-list` takes it, or entry numbers by file (path, URL or LFN), or without
   * files along the data set's order. null: all again.
   */
  setEntryList(list: string | GivenEntries | null): this {
    this.#list = list;
    return this;
  }

  /** Columns `ALIAS/name`; its i-th file goes with the i-th of this set, entry by entry, and has at least as many entries. */
  addFriend(friend: string | DataSet, alias: string): this {
    const set = friend instanceof DataSet ? friend : new DataSet([friend]);
    this.#friends.push({ alias, set });
    return this;
  }

  /** As given. */
  get words(): readonly string[] {
    return this.#words;
  }

  /** Local paths, globs and lists made absolute. @throws {NothingMatchesError} */
  expanded(folder?: string): string[] {
    return expandDatasetWords(this.#words, folder);
  }

  /** All that a query needs of it. @throws {NothingMatchesError | UsageError} */
  async resolved(folder?: string): Promise<{ dataset: string[]; lists: NamedEntryList[]; friends: FriendSet[] }> {
    const { dataset, lists } = await expandListedWords(this.#words, folder);
    const list = this.#list;
    if (list !== null) {
      const parts = typeof list === 'string' ? await readEntryList(list, folder) : givenEntries(list, folder);
      lists.push({ name: typeof list === 'string' ? list : 'setEntryList', words: null, parts });
    }
    const friends = this.#friends.map(({ alias, set }) => ({
      alias,
      dataset: expandDatasetWords(set.#withTree(), folder),
    }));
    return { dataset, lists, friends };
  }

  /** What `print()` shows in ROOT: one word a line. */
  toString(): string {
    return `DataSet ${this.tree ?? ''}\n${this.#words.map((word) => `  ${word}`).join('\n')}`;
  }
}

/** `dataset('lfn:/demo/*.root')`, `dataset(['a.root', 'b.root'], { tree: 'events' })` */
export function dataset(
  words: string | DataSet | readonly (string | DataSet)[],
  options: { tree?: string } = {},
): DataSet {
  return new DataSet(typeof words === 'string' || words instanceof DataSet ? [words] : words, options.tree ?? null);
}
