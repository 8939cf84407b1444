/** An analysis as it travels: one text with its SHA-256, sent once and kept in caches by that name. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ProgramError } from './errors.js';

export const programSchema = z.object({
  /** selector: an ES module whose default export is the class; draw: JSON of the checked expressions. */
  kind: z.enum(['selector', 'draw']),
  /** For people: `z-peak.ts`, or the expression. */
  name: z.string().max(4096),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  code: z.string().max(64 * 1024 * 1024),
});
export type Program = Readonly<z.infer<typeof programSchema>>;

export function makeProgram(kind: Program['kind'], name: string, code: string): Program {
  return { kind, name, sha256: sha256Of(code), code };
}

/** @throws {ProgramError} where the text is not the one that was named */
export function checkProgram(program: Program): Program {
  const sha256 = sha256Of(program.code);
  if (sha256 === program.sha256) return program;
  throw new ProgramError(
    `The program ${program.name} arrived changed: its SHA-256 is ${sha256}, not ${program.sha256}.`,
  );
}

const sha256Of = (code: string): string => createHash('sha256').update(code).digest('hex');
