/**
 * Client ↔ master of a session. The ProxyServer checks the token, then hands the connection through with x-proof-user.
 *
 *   hello/welcome; workers (as they come and go); submit → accepted | failed; lookup, progress, outputs; result.
 * A client may leave at any time; one that comes back says hello and attach, and gets what it missed as one state.
 */
import { z } from 'zod';
import { friendSet, namedEntryList } from './entry-list.js';
import { bytes, count, errorShape, idText, params, queryState, sha256Text } from './ids.js';
import { packageRef } from './package-ref.js';
import { versionRange } from './version.js';
import { MOST_PACKAGES, programRef } from './worker-messages.js';

const queryId = idText;

export const entryCounts = z.object({
  /** Null where entry counts are unknown (likewise missing). */
  total: count.nullable(),
  done: count,
  failed: count,
  missing: count.nullable(),
});
export type EntryCounts = z.infer<typeof entryCounts>;

export const failureReport = z.object({
  file: z.string(),
  first: count,
  end: count,
  entry: count.nullable(),
  attempts: count,
  error: z.string(),
  stack: z.string().nullable(),
  /** For `proof replay`; absent in a run without a server. */
  packet: count.optional(),
  /** The last that its worker printed. */
  output: z.string().optional(),
});
export const missingFile = z.object({ file: z.string(), error: z.string() });
export const workerFigures = z.object({
  name: z.string(),
  host: z.string(),
  site: z.string(),
  packets: count,
  entries: count,
  bytes: count,
  cpuMs: z.number(),
});
export const timing = z.object({
  openMs: z.number(),
  lookupMs: z.number(),
  processMs: z.number(),
  mergeMs: z.number(),
  totalMs: z.number(),
});

/** One query's answer, all but what terminate() makes of `state` on the client. */
export const queryResult = z.object({
  query: z.string(),
  title: z.string(),
  program: programRef,
  params,
  inputs: z.record(z.string(), z.unknown()),
  seed: count,
  status: queryState,
  entries: entryCounts,
  failures: z.array(failureReport),
  /** Failing entries are listed up to a limit; this many more were set aside. */
  failuresLeftOut: count,
  missingFiles: z.array(missingFile),
  timing,
  workers: z.array(workerFigures),
  /** Why it failed, where it did. */
  error: errorShape.nullable(),
  /** Bytes read and wall milliseconds of processing: for the rates that people are shown. */
  bytes: count,
});
export type QueryResult = z.infer<typeof queryResult>;

/** A merged state up to this length travels in the `result` message; a longer one is asked for at GET /v1/queries/REF/state. */
export const MOST_INLINE_BYTES = 4 * 1024 * 1024;

/**
 * GET /v1/queries/REF/result: an answer with all that its end on the client needs but its state, MessagePack.
 * `reads`: paths of what the query read from disks, which no answer of it is to replace; a server of the release before does not tell them.
 */
export const keptResult = z.object({ result: queryResult, code: bytes, reads: z.array(z.string()).default([]) });
export type KeptResult = z.infer<typeof keptResult>;

/** A query as it is handed in. */
export const submitMessage = z.object({
  type: z.literal('submit'),
  /** The client's own number, given back with the answer. */
  ref: count,
  /** Of the client's choice, the same when it hands this query in again because a link broke before the answer. */
  key: idText.optional(),
  title: z.string().max(1000),
  /** DATASET words of cli.md, local paths already made absolute file: URLs. */
  dataset: z.array(z.string().max(100_000)).min(1).max(1_000_000),
  tree: z.string().nullable(),
  /** Files that a list is for are read at the entries that it names, and at no others; counts are of those. */
  lists: z.array(namedEntryList).max(1000).default([]),
  friends: z.array(friendSet).max(100).default([]),
  /** The part of the data set: first entry along its order, number of entries (null: all). */
  first: count,
  entries: count.nullable(),
  program: programRef,
  /** What its workers set up before they load the program. Their archives are sent as programs are. */
  packages: z.array(packageRef).max(MOST_PACKAGES).optional(),
  params,
  inputs: z.record(z.string(), z.unknown()),
  /** What was read for it on its client's disk beside the data: paths of the selector, of lists. */
  reads: z.array(z.string().max(10_000)).max(1_000_000).optional(),
  seed: count,
  /** At most so many workers; null: all of the session. */
  workers: z.number().int().min(1).nullable(),
  maxAttempts: z.number().int().min(1).max(100),
  maxFailures: count,
});

export const clientMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    ...versionRange,
    /** It attaches to queries and does nothing else; no session stays open for it. */
    watches: z.boolean().optional(),
  }),
  submitMessage,
  z.object({ type: z.literal('program'), sha256: sha256Text, code: bytes }),
  /** Send progress, outputs and the result of this query from now on; the result at once when it is over. */
  z.object({ type: z.literal('attach'), queryId, outputs: z.boolean() }),
  z.object({ type: z.literal('stop'), queryId }),
  z.object({ type: z.literal('abort'), queryId }),
  /** As TProof::SetParallel; null: as many as there are. */
  z.object({ type: z.literal('setWorkers'), n: z.number().int().min(0).nullable() }),
  /** End the session when nothing runs and no client has been there for `afterMs` (absent: 0): nobody will come back to it later. */
  z.object({ type: z.literal('closeWhenIdle'), afterMs: count.optional() }),
  /** End the session: workers go back, queries that run are aborted. */
  z.object({ type: z.literal('close') }),
]);
export type ClientMessage = z.infer<typeof clientMessage>;

export const toClientMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('welcome'),
    protocol: z.number().int().min(1),
    sessionId: idText,
    workersExpected: count,
  }),
  z.object({ type: z.literal('refused'), error: errorShape }),
  /** connected: their links are open; ready: they answered hello; expected: how many the ProxyServer promised. */
  z.object({ type: z.literal('workers'), expected: count, connected: count, ready: count }),
  z.object({ type: z.literal('needProgram'), ref: count, sha256: sha256Text }),
  z.object({ type: z.literal('accepted'), ref: count, queryId, query: z.string() }),
  z.object({ type: z.literal('rejected'), ref: count, error: errorShape }),
  z.object({
    type: z.literal('lookup'),
    queryId,
    /** located: names resolved to `files` files; validating: `done` of `files` opened for their entry counts; validated. */
    stage: z.enum(['located', 'validating', 'validated']),
    files: count,
    done: count,
    missing: count,
  }),
  z.object({
    type: z.literal('progress'),
    queryId,
    state: queryState,
    entries: entryCounts,
    bytes: count,
    elapsedMs: z.number(),
    /** Over the last seconds; MB are 10^6 bytes. */
    entriesPerS: z.number(),
    bytesPerS: z.number(),
    leftMs: z.number().nullable(),
    workers: count,
  }),
  /** Merged so far, as OutputMerger.encode() gives it; the rows of lists and ntuples are not in it. */
  z.object({ type: z.literal('outputs'), queryId, state: bytes }),
  z.object({ type: z.literal('printed'), queryId, worker: z.string(), text: z.string() }),
  z.object({ type: z.literal('notice'), text: z.string() }),
  z.object({ type: z.literal('result'), queryId, result: queryResult, state: bytes.nullable() }),
  z.object({ type: z.literal('ended'), why: z.string() }),
]);
export type ToClientMessage = z.infer<typeof toClientMessage>;
