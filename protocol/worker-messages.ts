/**
 * Worker ↔ master: packets out, commits in. The WebSocket is the worker's own (dialled to /v1/worker/SESSION and handed
 * through by the ProxyServer, which adds the headers x-proof-worker and x-proof-agent after it has checked the ticket).
 *
 *   hello/welcome; prepare → prepared | prepareFailed (the program asked for by needProgram when it is not in the cache);
 *   want → packet… | noMore; drop; commit → committed | refusedCommit; packetFailed; finish → finished; count → counted; release: finish and go.
 */
import { z } from 'zod';
import { nodeFacts } from './agent-messages.js';
import { entryPairs } from './entry-list.js';
import { bytes, count, errorShape, idText, params, sha256Text } from './ids.js';
import { packageRef } from './package-ref.js';
import { versionRange } from './version.js';

const queryId = idText;
const packetId = count;

/** What a packet cost; the packetizer sizes the next ones by it. */
export const packetReport = z.object({
  packetId,
  attempt: count,
  entries: count,
  /** Compressed bytes read. */
  bytes: count,
  wallMs: z.number().min(0),
  cpuMs: z.number().min(0),
});
export type PacketReport = z.infer<typeof packetReport>;

export const fileFacts = z.object({
  entries: count,
  /** Its path in the file. */
  tree: z.string(),
  /** The file holds no other; told where entries are counted. */
  isOnlyTree: z.boolean().optional(),
  /** Ascending cluster boundaries, 0 … entries. */
  clusters: z.array(count).max(10_000_000),
});
export type FileFacts = z.infer<typeof fileFacts>;

/** One file of the data set: its position there, where it lies (preferred first), which tree. */
export const queryFile = z.object({
  position: count,
  /** As the user knows it: LFN or URL. */
  name: z.string(),
  urls: z.array(z.string()).min(1).max(100),
  /** Bytes, where the catalog knows them. */
  size: count.nullable().optional(),
  tree: z.string().nullable(),
  /** Files whose entries go with those of this one. */
  friends: z
    .array(
      z.object({ alias: z.string(), name: z.string(), urls: z.array(z.string()).min(1), tree: z.string().nullable() }),
    )
    .default([]),
});
export type QueryFile = z.infer<typeof queryFile>;

export const programRef = z.object({ kind: z.enum(['selector', 'draw']), name: z.string(), sha256: sha256Text });

/** Of one query. */
export const MOST_PACKAGES = 20;

export const packetShape = z.object({
  packetId,
  attempt: count,
  file: queryFile,
  first: count,
  end: count,
  /** Of these the entries that are meant, as pairs (entry-list.ts); absent: all. */
  only: entryPairs.optional(),
  /** Entries in the file as the master believes; the worker refuses the packet when the file says otherwise. Null: unknown. */
  fileEntries: count.nullable(),
  /** Run by another worker too: commit it in a commit of its own. */
  alone: z.boolean(),
  /** It, or what it was cut from, has failed: it may kill this worker too, and the master must know by then that it runs. */
  suspect: z.boolean().optional(),
  /** Once it has run for so long it may end at any entry behind its first: the report says how many it did, and the rest goes to others. */
  mostMs: z.number().int().min(1).optional(),
});
export type Packet = z.infer<typeof packetShape>;

export const workerMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    ...versionRange,
    workerId: idText,
    pid: count,
    node: nodeFacts,
  }),
  z.object({ type: z.literal('needProgram'), sha256: sha256Text }),
  z.object({ type: z.literal('prepared'), queryId }),
  z.object({ type: z.literal('prepareFailed'), queryId, error: errorShape }),
  /** The worker has room for `n` more packets in its queue. `running`: the packet that it has just begun. */
  z.object({
    type: z.literal('want'),
    queryId,
    n: z.number().int().min(0).max(16),
    running: packetId.nullable(),
  }),
  /** Learnt at the first open of a file in a query. */
  z.object({ type: z.literal('fileOpened'), queryId, position: count, facts: fileFacts }),
  z.object({
    type: z.literal('counted'),
    requestId: count,
    position: count,
    facts: fileFacts.optional(),
    error: errorShape.optional(),
  }),
  /** All output of these packets, and of no others, is in `increment`. */
  z.object({
    type: z.literal('commit'),
    queryId,
    commitId: count,
    packets: z.array(packetReport).min(1),
    increment: bytes,
  }),
  z.object({
    type: z.literal('packetFailed'),
    queryId,
    packetId,
    attempt: count,
    /**
     * user: their code threw at `entry`; data: this range cannot be read; file: the file cannot be opened; limit: time or memory;
     * program: it would fail at every entry (a branch that does not exist), and the query with it.
     */
    cause: z.enum(['user', 'data', 'file', 'limit', 'program']),
    entry: count.nullable(),
    error: errorShape,
    /** The last that the worker printed. */
    output: z.string().max(10_000).optional(),
  }),
  /** The answer to finish. */
  z.object({
    type: z.literal('finished'),
    queryId,
    /** What workerTerminate filled; absent for nothing. */
    increment: bytes.optional(),
    error: errorShape.optional(),
  }),
  z.object({ type: z.literal('replicaFailed'), url: z.string(), error: errorShape }),
  /** What user code printed, cut to a bounded tail. */
  z.object({ type: z.literal('printed'), queryId, text: z.string().max(65_536) }),
  z.object({ type: z.literal('leaving'), why: z.string().max(1000) }),
]);
export type WorkerMessage = z.infer<typeof workerMessage>;

export const toWorkerMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('welcome'), protocol: z.number().int().min(1), sessionId: idText, name: z.string() }),
  z.object({ type: z.literal('refused'), error: errorShape }),
  z.object({
    type: z.literal('prepare'),
    queryId,
    program: programRef,
    params,
    inputs: z.record(z.string(), z.unknown()),
    seed: count,
    /** Set up, in this order, before the program is loaded; their archives are asked for as programs are, by needProgram. */
    packages: z.array(packageRef).max(MOST_PACKAGES).optional(),
    /** Commit at the latest after this time of collecting. */
    commitMs: count,
  }),
  z.object({ type: z.literal('program'), sha256: sha256Text, code: bytes }),
  z.object({ type: z.literal('count'), requestId: count, file: queryFile }),
  z.object({ type: z.literal('packet'), queryId, packet: packetShape }),
  /** Another worker was faster: forget these packets, unless they are begun or done (then a commit of them will be refused). */
  z.object({ type: z.literal('drop'), queryId, packetIds: z.array(packetId) }),
  /** Nothing to hand out at present: commit what is collected; packets may come later unasked. */
  z.object({ type: z.literal('noMore'), queryId }),
  z.object({ type: z.literal('committed'), queryId, commitId: count }),
  /** Nothing of that commit counted; its packets are in other hands now. */
  z.object({ type: z.literal('refusedCommit'), queryId, commitId: count, why: z.string() }),
  /** Every entry is settled: run workerTerminate. */
  z.object({ type: z.literal('finish'), queryId }),
  /** The query is over (or this worker's part of it): drop its program, packets and uncommitted output. */
  z.object({ type: z.literal('endQuery'), queryId }),
  /** Finish the packet in hand, commit, then say leaving and end. */
  z.object({ type: z.literal('release'), why: z.string() }),
]);
export type ToWorkerMessage = z.infer<typeof toWorkerMessage>;
