/** What goes wrong on the client side of a catalog. Errors of the catalog itself arrive as RemoteError with its codes. */
import { GridError } from '../../protocol/errors.js';

export class CatalogUnreachableError extends GridError {
  readonly code = 'CATALOG_UNREACHABLE';
  override readonly retryable = true;
}

/** The other end is no catalog of this kind, or its answer is damaged. */
export class CatalogAnswerError extends GridError {
  readonly code = 'CATALOG_BAD_ANSWER';
}

export class NothingMatchesError extends GridError {
  readonly code = 'CATALOG_NOTHING_MATCHES';
}

/** This kind of catalog has no such operation. */
export class UnsupportedGridError extends GridError {
  readonly code = 'CATALOG_UNSUPPORTED';
  constructor(kind: string, what: string) {
    super(`A catalog of the kind "${kind}" cannot ${what}.`);
  }
}
