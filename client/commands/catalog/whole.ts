import { UsageError } from '../../../protocol/errors.js';

/** A whole number of the command line. @throws {UsageError} */
export function whole(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new UsageError(`${text} is no whole number.`);
  return value;
}
