/**
 * A data set for programs, as ROOT's TDSet was for macros: DATASET words in order, to which files and other sets are added.
 * `a|b` and `a,b` in a word are a and then b. Names are resolved when a query runs, not here. What TDSet had beyond that (entry lists,
 * friends) is refused with a sentence rather than left out in silence.
 */
import { UsageError } from '../protocol/errors.js';
import { expandDatasetWords, unionParts } from './run/dataset-words.js';

export class DataSet {
  readonly #words: string[] = [];

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
      else this.#words.push(...word.#withTree());
    }
    return this;
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

  /** @throws {UsageError} always: entry lists are not carried to the workers */
  setEntryList(): never {
    throw new UsageError(
      'Entry lists are not known here: give `first` and `entries` to process(), or leave entries out in the selector.',
    );
  }

  /** @throws {UsageError} always: a query reads one tree */
  addFriend(): never {
    throw new UsageError('Friend trees are not known here: a query reads one tree; write both into one file before.');
  }

  /** As given. */
  get words(): readonly string[] {
    return this.#words;
  }

  /** Local paths, globs and lists made absolute. @throws {NothingMatchesError} */
  expanded(folder?: string): string[] {
    return expandDatasetWords(this.#words, folder);
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
