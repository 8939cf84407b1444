/**
 * An increment: what a worker's outputs gained by whole packets, as bytes. It is also the form in which a merged state is kept in
 * a journal and sent to a client, because merged states and increments are the same thing: sums that can be added.
 *
 * Each part says what its output is (a few hundred bytes), so that increments can be merged by who has not run the program.
 */
import { z } from 'zod';
import { IncrementError } from './errors.js';
import { decodeValue, encodeValue } from './message-pack.js';
import { type Declaration, declarationSchema } from './outputs/declaration.js';
import type { Part } from './outputs/output.js';

/** Of the layout of parts. Another version is refused: all processes of a session run the same one. */
const VERSION = 1;

export interface IncrementPart {
  readonly declaration: Declaration;
  /** Place among the program's outputs. */
  readonly order: number;
  /** Null where nothing was filled: the part only says that the output exists. */
  readonly part: Part | null;
}

const incrementSchema = z.object({
  version: z.literal(VERSION),
  outputs: z.array(
    z.object({
      declaration: declarationSchema,
      order: z.int().min(0),
      part: z.record(z.string(), z.unknown()).nullable(),
    }),
  ),
});

export function encodeIncrement(outputs: readonly IncrementPart[]): Uint8Array {
  return encodeValue({ version: VERSION, outputs });
}

/** @throws {IncrementError} for bytes of another kind; the parts themselves are checked where they are merged */
export function decodeIncrement(bytes: Uint8Array): readonly IncrementPart[] {
  const { success, data, error } = incrementSchema.safeParse(decodeValue(bytes));
  if (success) return data.outputs;
  const issue = error.issues[0];
  throw new IncrementError(`These bytes are no increment: ${issue?.path.join('.')}: ${issue?.message}.`, {
    cause: error,
  });
}
