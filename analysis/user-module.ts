/** What a selector's `import … from 'proof-grid'` means on a worker or master: the analysis part of the library. */
import { GridError, UsageError } from '../protocol/errors.js';

export * from './library-part.js';
export { GridError };

/** @throws {UsageError} always: a selector opens no sessions of its own */
export function open(): never {
  throw new UsageError('open() of proof-grid is for programs: inside a selector there is no session to open.');
}

/** @throws {UsageError} always */
export function dataset(): never {
  throw new UsageError('dataset() of proof-grid is for programs: a selector is given its files.');
}
