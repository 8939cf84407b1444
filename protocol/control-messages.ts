/**
 * ProxyServer ↔ session master, over the master's Unix socket (path /control). The ProxyServer dials; when it is gone the
 * master goes on and waits for the next one, 300 s by default.
 */
import { z } from 'zod';
import { count, idText, queryState } from './ids.js';
import { SILENT_AFTER_MS } from './link.js';
import { entryCounts } from './session-messages.js';
import { versionRange } from './version.js';

export const queryRecord = z.object({
  query: z.string(),
  title: z.string(),
  state: queryState,
  entries: entryCounts,
  submittedAt: count,
  endedAt: count.nullable(),
});
export type QueryRecord = z.infer<typeof queryRecord>;

/** ProxyServer -> master. */
export const toMasterMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), ...versionRange }),
  /** So many workers have been promised to this session in all; more or fewer later. */
  z.object({ type: z.literal('expect'), workers: count }),
  /** Another session's turn: let `n` workers go after the packet in hand, those with the least to lose first. */
  z.object({
    type: z.literal('letGo'),
    n: count,
    /** These and no others, where they are named: their node takes nothing new. */
    workers: z.array(idText).optional(),
    why: z.string(),
  }),
  /** Its agent says that this worker is dead, or the agent itself is lost: do not wait for its link to time out. */
  z.object({ type: z.literal('workerGone'), workerId: idText, why: z.string(), withAgent: z.boolean().optional() }),
  /** For the session's clients. */
  z.object({ type: z.literal('notice'), text: z.string().max(10_000) }),
  z.object({ type: z.literal('stopQuery'), queryId: idText }),
  z.object({ type: z.literal('abortQuery'), queryId: idText }),
  z.object({ type: z.literal('end'), why: z.string() }),
]);
export type ToMasterMessage = z.infer<typeof toMasterMessage>;

/** Master -> ProxyServer. */
export const masterMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    ...versionRange,
    sessionId: idText,
    pid: count,
    workers: z.array(idText),
    queries: z.array(queryRecord),
    clients: count,
  }),
  /** How many workers the session would use now (null: any number); 0 while it idles with nothing to run is not asked for. */
  z.object({ type: z.literal('want'), workers: count.nullable() }),
  z.object({ type: z.literal('workerReady'), workerId: idText }),
  /** The master is done with it: its agent shall replace the process. */
  z.object({ type: z.literal('workerReleased'), workerId: idText, why: z.string() }),
  z.object({ type: z.literal('query'), record: queryRecord }),
  z.object({ type: z.literal('clients'), n: count }),
  z.object({ type: z.literal('ended'), why: z.string() }),
]);
export type MasterMessage = z.infer<typeof masterMessage>;

/** session.json in the session's directory (mode 0600): all that a master needs to start, and to start again. */
export const sessionFile = z.object({
  sessionId: idText,
  user: z.string(),
  directory: z.string(),
  socket: z.string(),
  catalog: z.object({ url: z.string(), token: z.string().nullable() }).nullable(),
  site: z.string().nullable(),
  orphanedAfterMs: count,
  /** A session without client and without running query ends after this time. */
  idleAfterMs: count,
  /** A worker whose link is silent for so long is given up. */
  workerSilentMs: count.default(SILENT_AFTER_MS),
  /** A worker that runs one packet for longer is ended, and the packet counts as one that kills its worker. */
  packetLimitMs: count.default(3_600_000),
  log: z.object({ file: z.string().nullable(), level: z.string() }),
});
export type SessionFile = z.infer<typeof sessionFile>;
/** As it is written: what has a usual value may be left out. */
export type NewSessionFile = z.input<typeof sessionFile>;
