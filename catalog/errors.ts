/** What the catalog refuses, and why. The client side's own errors: grid/errors.ts. */
import { GridError } from '../protocol/errors.js';

/** A name that the catalog cannot hold: what is wrong with it. */
export class BadNameError extends GridError {
  readonly code = 'CATALOG_BAD_NAME';
  constructor(name: string, why: string) {
    super(`${printable(name)} is no name for the catalog: ${why}.`);
  }
}

/** Anything else that is given and cannot be what it is meant for: a size, a checksum, a line of a list. */
export class BadValueError extends GridError {
  readonly code = 'CATALOG_BAD_VALUE';
  /** @param what it is not, as "size" */
  constructor(value: string, what: string, why: string) {
    super(`${printable(value)} is no ${what}: ${why}.`);
  }
}

export class NoSuchNameError extends GridError {
  readonly code = 'CATALOG_NO_SUCH_NAME';
  constructor(path: string, hint: string) {
    super(`The catalog has no ${printable(path)}.${hint}`);
  }
}

export class NameExistsError extends GridError {
  readonly code = 'CATALOG_EXISTS';
  constructor(path: string, what: string) {
    super(`${printable(path)} exists already: ${what}.`);
  }
}

/** A directory where a file is needed, or a file where a directory is. */
export class WrongKindError extends GridError {
  readonly code = 'CATALOG_WRONG_KIND';
}

export class NotEmptyError extends GridError {
  readonly code = 'CATALOG_NOT_EMPTY';
  constructor(path: string) {
    super(`${printable(path)} is a directory with entries; nothing was removed. Use "rm -r" to remove all below it.`);
  }
}

export class AccessDeniedError extends GridError {
  readonly code = 'CATALOG_ACCESS_DENIED';
}

/** More at once than a call takes. */
export class TooLargeError extends GridError {
  readonly code = 'CATALOG_TOO_LARGE';
}

/** A body or parameter that is not what the API's description says. */
export class BadRequestError extends GridError {
  readonly code = 'CATALOG_BAD_REQUEST';
}

export class NoSuchRouteError extends GridError {
  readonly code = 'CATALOG_NO_SUCH_ROUTE';
}

/** Control characters and endless names must not reach a terminal or a log. */
export function printable(name: string): string {
  const clean = name.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');
  if (clean === '') return '""';
  return clean.length <= 200 ? clean : `${clean.slice(0, 120)}… (${clean.length} characters)`;
}
