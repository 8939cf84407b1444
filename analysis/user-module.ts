/**
 * What a selector's `import … from 'proof-grid'` means on a worker or master: the analysis part of the library. The other names are
 * there, so that a file may hold a selector and a program, and throw when they are used.
 */
import { GridError, UsageError } from '../protocol/errors.js';

export * from './library-part.js';
export { GridError };

const refused = (name: string): never => {
  throw new UsageError(
    `${name} of proof-grid is for programs: a selector is given its files, and opens no session of its own.`,
  );
};

/** @throws {UsageError} always */
export function open(): never {
  return refused('open()');
}
/** @throws {UsageError} always */
export function connect(): never {
  return refused('connect()');
}
/** @throws {UsageError} always */
export function dataset(): never {
  return refused('dataset()');
}
/** @throws {UsageError} always */
export function processLocally(): never {
  return refused('processLocally()');
}
/** Cannot be made here. */
export class DataSet {
  constructor() {
    refused('DataSet');
  }
}
/** Cannot be made here. */
export class Session {
  constructor() {
    refused('Session');
  }
}
