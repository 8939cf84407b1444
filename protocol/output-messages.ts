/** Outputs of batch jobs as they cross wires: what an agent is to write to storage, and what it has written. */
import { z } from 'zod';
import { count } from './ids.js';
import { innerPath } from './inner-path.js';

/** One or more storage elements of which so many get a copy, the first ones that take it. */
const outputTarget = z.object({
  copies: z.number().int().min(1).max(100),
  /** The preferred one first. `folder`: URL, without a slash at its end, that file names are put behind. */
  places: z.array(z.object({ se: z.string().max(200), folder: z.string().max(8000) })).max(1000),
});
export type OutputTarget = z.infer<typeof outputTarget>;

export const outputWish = z.object({
  /** Put into this zip file; null: kept as they are. */
  archive: innerPath.nullable(),
  /** Names and patterns (`*.root`) of files. */
  names: z.array(innerPath).min(1).max(10_000),
  /** None: they go to the ProxyServer. */
  targets: z.array(outputTarget).max(100),
});
export type OutputWish = z.infer<typeof outputWish>;

export const storedFile = z.object({
  name: innerPath,
  size: count,
  /** `adler32:…` */
  checksum: z.string().max(200),
  replicas: z.array(z.object({ se: z.string().max(200), url: z.string().max(9000) })).max(100),
  /** It lies in this archive, which is among the stored files. */
  archive: innerPath.nullable(),
});
export type StoredFile = z.infer<typeof storedFile>;
