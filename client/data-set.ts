/**
 * A data set for programs, as ROOT's TDSet was for macros: DATASET words in order, to which files and other sets are added.
 * Names are resolved when a query runs, not here.
 */
import { expandDatasetWords } from './run/dataset-words.js';

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
      else
        this.#words.push(...word.#words.map((w) => (word.tree === null || w.includes('#') ? w : `${w}#${word.tree}`)));
    }
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
