/**
 * What can be wrong with a ROOT file or with what is asked of it. Messages name the URL, the byte range and the object,
 * so that a broken file among thousands is found at once.
 */
import { GridError } from '../protocol/errors.js';
import { didYouMean } from '../protocol/nearest.js';

export class NotRootFileError extends GridError {
  readonly code = 'ROOT_NOT_A_ROOT_FILE';
  constructor(
    readonly url: string,
    found: string,
    options?: ErrorOptions,
  ) {
    super(`${url} is no ROOT file: it begins with ${found}, not with "root".`, options);
  }
}

/** Where in a file something stands: for messages. */
export interface Place {
  readonly url: string;
  readonly offset: number;
  readonly length: number;
  /** As in `basket 3 of branch "pt"`. */
  readonly what: string;
}

export class CorruptFileError extends GridError {
  readonly code = 'ROOT_CORRUPT';
  constructor(
    readonly place: Place,
    why: string,
    options?: ErrorOptions,
  ) {
    const { url, offset, length, what } = place;
    super(`${url} is damaged in bytes ${offset} to ${offset + length} (${what}): ${why}.`, options);
  }
}

export class UnsupportedFileError extends GridError {
  readonly code = 'ROOT_UNSUPPORTED';
  constructor(
    readonly place: Place,
    why: string,
    options?: ErrorOptions,
  ) {
    super(`${place.url}, bytes ${place.offset} to ${place.offset + place.length} (${place.what}): ${why}.`, options);
  }
}

export class NoSuchObjectError extends GridError {
  readonly code = 'ROOT_NO_SUCH_OBJECT';
  constructor(
    readonly url: string,
    readonly path: string,
    present: Iterable<string>,
  ) {
    const names = [...new Set(present)];
    const few = names.length > 0 && names.length <= 5 ? ` It has ${names.join(', ')}.` : '';
    super(`${url} has no object "${path}".${didYouMean(path, names) || few}`);
  }
}

/** No tree was named, and the file does not have exactly one. */
export class WhichTableError extends GridError {
  readonly code = 'ROOT_WHICH_TABLE';
  constructor(
    readonly url: string,
    readonly tables: readonly string[],
  ) {
    super(
      tables.length === 0
        ? `${url} has no TTree and no RNTuple.`
        : `${url} has ${tables.length} trees: name one of ${tables.slice(0, 20).join(', ')} (FILE#TREE or --tree).`,
    );
  }
}

export class NoSuchColumnError extends GridError {
  readonly code = 'ROOT_NO_SUCH_COLUMN';
  constructor(
    readonly table: string,
    readonly column: string,
    present: Iterable<string>,
  ) {
    super(`The tree "${table}" has no column "${column}".${didYouMean(column, present)}`);
  }
}

/** A column of a friend tree that could not be brought in. */
export class FriendMissingError extends GridError {
  readonly code = 'ROOT_FRIEND_MISSING';
  constructor(
    readonly column: string,
    readonly friend: { readonly alias: string; readonly tree: string; readonly file: string },
    readonly url: string,
    options: ErrorOptions & { readonly cause: unknown },
  ) {
    const why = options.cause instanceof Error ? options.cause.message : String(options.cause);
    const where = friend.file === '' ? url : friend.file;
    super(
      `The column "${column}" belongs to the friend "${friend.alias}" (tree "${friend.tree}" in ${where}) of ${url}, which cannot be read: ${why}`,
      options,
    );
  }
}

/** Trees that name one another as friends. */
export class TooManyFriendsError extends GridError {
  readonly code = 'ROOT_TOO_MANY_FRIENDS';
  constructor(readonly most: number) {
    super(`The tree has more than ${most} friends and friends of friends; the others are left out.`);
  }
}

export class ColumnTypeError extends GridError {
  readonly code = 'ROOT_COLUMN_TYPE';
  constructor(
    readonly column: string,
    readonly typeName: string,
    why: string,
  ) {
    super(`The column "${column}" of type ${typeName} cannot be read: ${why}.`);
  }
}
