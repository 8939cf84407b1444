/**
 * The door through which everything from outside comes: JSON text and unknown values become typed values, or a WireError
 * names the field at fault. Unknown fields are dropped, so that an older peer can talk to a newer one.
 */
import type { z } from 'zod';
import { GridError } from './errors.js';
import { shown } from './shown-value.js';
import { valueProblem } from './value-problem.js';

/** What a peer sent is not what the protocol says. It costs the peer its connection, nobody else anything. */
export class WireError extends GridError {
  readonly code = 'PROTOCOL_BAD_MESSAGE';
}

/** @throws {WireError} naming the first field at fault, what is expected there and what stood there */
export function checked<T>(schema: z.ZodType<T>, value: unknown, what = 'message'): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new WireError(badValue(schema, result.error, value, what));
}

/** `Bad body: lfns must be a list, not 5.` */
export function badValue(schema: z.ZodType, error: z.ZodError, value: unknown, what: string): string {
  const type = typeof value === 'object' && value !== null && 'type' in value ? ` "${shown([], value.type)}"` : '';
  return `Bad ${what}${type}: ${valueProblem(schema, error, value, { whole: 'it' })}`;
}

/** @throws {WireError} */
export function parseJson(text: string, what = 'message'): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new WireError(`Bad ${what}: it is no JSON (${text.slice(0, 40).replace(/\s+/g, ' ')}…).`, { cause });
  }
}
