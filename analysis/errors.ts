/** What can go wrong in analysis/, each with its code. Draw expressions have theirs in draw/draw-error.ts. */
import { GridError } from '../protocol/errors.js';
import { didYouMean } from '../protocol/nearest.js';

/** A selector that does not compile: the user's own file, line and column. */
export class SelectorBuildError extends GridError {
  readonly code = 'ANALYSIS_SELECTOR_BUILD';
}

/** A program whose text is not what its SHA-256 says, or which exports no selector. */
export class ProgramError extends GridError {
  readonly code = 'ANALYSIS_PROGRAM';
}

/** An output declared, filled or read in a way that cannot be meant. */
export class OutputError extends GridError {
  readonly code = 'ANALYSIS_OUTPUT';
}

/** An increment that is not one: garbled, of another version, or with sizes that contradict its declaration. */
export class IncrementError extends GridError {
  readonly code = 'ANALYSIS_INCREMENT';
}

/** The disk does not take the rows of lists and ntuples: the query cannot go on. */
export class RowsNotKeptError extends GridError {
  readonly code = 'ANALYSIS_ROWS_NOT_KEPT';
  constructor(path: string, cause: Error) {
    const why = (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? 'the disk is full' : cause.message;
    super(`Rows of lists and ntuples cannot be kept in ${path}: ${why}. Make room there and run the query again.`, {
      cause,
    });
  }
}

/** `columns.x` or `batch.flat('x')` of a branch that the selector has not named, or used as what it is not. */
export class ColumnUseError extends GridError {
  readonly code = 'ANALYSIS_COLUMN';
}

/** A branch that the selector names and the file has not. */
export class NoSuchBranchError extends GridError {
  readonly code = 'ANALYSIS_NO_SUCH_BRANCH';
  /** @param hint a sentence, where more is known than the branch's name */
  constructor(
    readonly branch: string,
    readonly file: string,
    known: readonly string[],
    hint?: string,
  ) {
    const next = hint === undefined ? didYouMean(branch, known) || ' List them with "proof root inspect".' : ` ${hint}`;
    super(`${file} has no branch ${branch}.${next}`);
  }
}

/** What user code threw, with the user's own positions in `userStack`. */
export class UserCodeError extends GridError {
  readonly code = 'ANALYSIS_USER_CODE';
  constructor(
    message: string,
    /** The entry in its file; null where a batch or another step of the selector's life threw. */
    readonly entry: number | null,
    readonly userStack: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** An entry list that names an entry which its file has not. */
export class EntryListError extends GridError {
  readonly code = 'ANALYSIS_ENTRY_LIST';
  constructor(file: string, entry: number, entries: number) {
    super(`The entry list names entry ${entry} of ${file}, which has ${entries}. Is it the list of another tree?`);
  }
}

/** A friend's file with fewer entries than the file that it goes with. */
export class FriendTooShortError extends GridError {
  readonly code = 'ANALYSIS_FRIEND_SHORT';
  constructor(friend: { alias: string; name: string }, entries: number, file: string, wanted: number) {
    super(
      `The friend ${friend.alias} in ${friend.name} has ${entries} entries and ${file} ${wanted}: entry by entry they do not go together.`,
    );
  }
}
