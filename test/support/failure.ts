/** Promises that must fail. */
import { AssertionError } from 'chai';
import { GridError } from '../../protocol/errors.js';

/** The error of ours that a promise fails with; anything else fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<GridError> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    if (error instanceof GridError) return error;
    throw error;
  }
  throw new AssertionError(`expected a failure, got ${String(value)}`);
}
