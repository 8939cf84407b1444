/**
 * What a query's journal holds: a checkpoint (everything so far) and what came to count since. A query recovered from it goes on where its
 * master died; what is not in it was never confirmed to anybody.
 */
import { z } from 'zod';
import { entryPairs } from '../../protocol/entry-list.js';
import { bytes, count } from '../../protocol/ids.js';
import { failureReport, missingFile, workerFigures } from '../../protocol/session-messages.js';
import { packetReport, queryFile } from '../../protocol/worker-messages.js';
import { settledRange } from './settled-ranges.js';

export const journalFile = z.object({
  name: z.string(),
  lfn: z.string().nullable(),
  size: count.nullable().optional(),
  tree: z.string().nullable(),
  entries: count.nullable(),
  places: z.array(z.object({ url: z.string(), se: z.string().nullable(), site: z.string().nullable() })),
  selected: entryPairs.nullable().default(null),
  friends: queryFile.shape.friends,
  /** Why it cannot be read, if so. */
  missing: z.string().nullable(),
});

export type JournalFile = z.infer<typeof journalFile>;

export const journalRecord = z.discriminatedUnion('t', [
  z.object({
    t: z.literal('checkpoint'),
    files: z.array(journalFile),
    settled: z.array(settledRange),
    failures: z.array(z.object({ position: count, report: failureReport })),
    failuresLeftOut: count,
    workers: z.array(workerFigures.extend({ workerId: z.string() })),
    bytes: count,
    /** Merged so far, as analysis/merged-state.ts packs it; rows are named by their place in the file beside the journal, as in `commit`. */
    state: bytes,
  }),
  z.object({ t: z.literal('worker'), workerId: z.string(), name: z.string(), host: z.string(), site: z.string() }),
  z.object({
    t: z.literal('commit'),
    workerId: z.string(),
    ranges: z.array(settledRange),
    reports: z.array(packetReport),
    increment: bytes,
  }),
  /** Entries set aside. */
  z.object({ t: z.literal('failed'), range: settledRange, report: failureReport }),
  /** Entries that cannot be read, and why. */
  z.object({ t: z.literal('missing'), ranges: z.array(settledRange), file: missingFile, position: count }),
  /** What workerTerminate filled. */
  z.object({ t: z.literal('last'), workerId: z.string(), increment: bytes }),
]);
export type JournalRecord = z.infer<typeof journalRecord>;
export type Checkpoint = Extract<JournalRecord, { t: 'checkpoint' }>;
