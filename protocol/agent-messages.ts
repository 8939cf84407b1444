/**
 * Job agent ↔ ProxyServer, over the agent's one outbound WebSocket (/v1/agent); and agent ↔ its own worker processes (IPC).
 *
 * agent: hello → ProxyServer: welcome | refused. Then heartbeats and workerState one way, attach/release/drain/stop the other.
 */
import { z } from 'zod';
import { bytes, count, errorShape, idText } from './ids.js';
import { innerPath } from './inner-path.js';
import { isolationFacts } from './isolation.js';
import { jobOrder, payloadReport } from './job-messages.js';
import { versionRange } from './version.js';

/** starting → warm → attached (to a session) → gone; a new process with a new id takes the place of one that is gone. */
export const workerPhase = z.enum(['starting', 'warm', 'attached', 'gone']);
export type WorkerPhase = z.infer<typeof workerPhase>;

export const workerReport = z.object({
  workerId: idText,
  phase: workerPhase,
  pid: count.nullable(),
  sessionId: idText.nullable(),
  /** Why it went, where it is gone. */
  why: z.string().max(1000).optional(),
});
export type WorkerReport = z.infer<typeof workerReport>;

/** True facts of the node; localhost names would break data locality. */
export const nodeFacts = z.object({
  host: z.string().min(1).max(255),
  site: z.string().min(1).max(255),
  ce: z.string().max(255).nullable(),
  /** Storage elements and domains that are near: files there are preferred. */
  storageDomain: z.string().max(255).nullable(),
  closeSEs: z.array(z.string().max(255)),
  cores: z.number().int().min(1).max(4096),
  memoryBytes: count,
  diskBytes: count,
  platform: z.string().max(100),
  nodeVersion: z.string().max(50),
  /** End of the batch slot, ms since 1970; null without a limit. */
  wallTimeEnd: count.nullable(),
  /** Relative speed, 100 = nominal, as proof.conf's perf. */
  perf: z.number().min(1).max(10_000),
  /** How users' code is kept apart; agents of earlier releases do not say. */
  isolation: isolationFacts.optional(),
});
export type NodeFacts = z.infer<typeof nodeFacts>;

/** How a pilot's agent serves files of its node. */
export const dataServerSettings = z.object({
  /** Of the node; what lies below is served, read only. */
  directory: z.string().min(1),
  port: z.number().int().min(0).max(65_535),
  /** The pool's key, as the text of a keytab. */
  keytab: z.string(),
  /** `host:port` of the manager to subscribe to. */
  manager: z.string().nullable(),
  command: z.string().min(1),
  user: z.string().min(1),
});
export type DataServerSettings = z.infer<typeof dataServerSettings>;

/** CPU time of one process of an agent and its children, since its start: a worker, or a payload (`JOB.RUN`). */
export const processUse = z.object({
  process: idText,
  kind: z.enum(['interactive', 'batch']),
  /** That a worker serves; null: none yet, or a payload. */
  sessionId: idText.nullable(),
  cpuSeconds: z.number().min(0),
});
export type ProcessUse = z.infer<typeof processUse>;

/** Everything an agent may say. */
export const agentMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    ...versionRange,
    version: z.string().max(50),
    /** The pilot's id and one-time secret; an agent that comes back instead gives its agentId and the token it was welcomed with. */
    pilotId: idText.nullable(),
    agentId: idText.nullable(),
    secret: z.string().max(10_000),
    pid: count,
    node: nodeFacts,
    workers: z.array(workerReport).max(4096),
    /** Batch payloads that it has, for an agent that comes back. */
    jobs: z.array(payloadReport).max(10_000).optional(),
    /** When its process dies, another one may come back as this agent within so long. */
    returnsWithinMs: count.optional(),
  }),
  z.object({
    type: z.literal('heartbeat'),
    seq: count,
    loadAverage: z.number(),
    freeMemoryBytes: count,
    freeDiskBytes: count,
    workers: z.array(workerReport).max(4096),
  }),
  z.object({ type: z.literal('workerState'), worker: workerReport }),
  z.object({ type: z.literal('jobState'), job: payloadReport }),
  /** A piece of a file that a payload wrote; `ended` comes behind all of them. */
  z.object({
    type: z.literal('jobOutput'),
    jobId: count,
    run: count,
    name: innerPath,
    offset: count,
    data: bytes,
  }),
  /** The link of this worker to its session broke: it needs another ticket to come back. */
  z.object({ type: z.literal('ticketWanted'), workerId: idText }),
  z.object({ type: z.literal('usage'), processes: z.array(processUse).max(20_000) }),
  /** The slot is about to end, or its owner asked: nothing new from now on. */
  z.object({ type: z.literal('draining'), reason: z.string().max(1000) }),
  /** The node is not fit (any more): it holds its slot for a while and ends. */
  z.object({ type: z.literal('unfit'), reasons: z.array(z.string().max(1000)).max(100) }),
  /** Files of the node that an xrootd beside the agent serves: `url` and path make the address. Many come in several messages. */
  z.object({
    type: z.literal('dataServer'),
    url: z.string().max(1000),
    files: z.array(z.object({ path: z.string().min(1).max(4000), size: count })).max(10_000),
  }),
  z.object({ type: z.literal('goodbye'), reason: z.string().max(1000) }),
]);
export type AgentMessage = z.infer<typeof agentMessage>;

/** Everything the ProxyServer may say to an agent. */
export const toAgentMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('welcome'),
    protocol: z.number().int().min(1),
    agentId: idText,
    /** To be shown as `secret` when this agent comes back; in memory, or in its state directory. */
    token: z.string(),
    heartbeatMs: count,
    /** Where the ProxyServer keeps its secrets (`*` in the last part), for an agent on the same machine. */
    hidePaths: z.array(z.string().max(5000)).max(10_000).optional(),
  }),
  z.object({ type: z.literal('refused'), error: errorShape }),
  /** This warm worker shall dial /v1/worker/SESSION with the one-time ticket. */
  z.object({ type: z.literal('attach'), workerId: idText, sessionId: idText, ticket: z.string() }),
  /** In place of the token of the welcome, or of the last such message. */
  z.object({ type: z.literal('token'), token: z.string() }),
  /** The answer to ticketWanted. */
  z.object({ type: z.literal('ticket'), workerId: idText, ticket: z.string() }),
  /** End that worker process (its session let it go, or is over) and start a fresh one. */
  z.object({ type: z.literal('release'), workerId: idText, why: z.string() }),
  /** Run this payload beside the workers. */
  z.object({ type: z.literal('runJob'), job: jobOrder }),
  /** In place of the token of its order, or of the last such message. */
  z.object({ type: z.literal('jobToken'), jobId: count, run: count, token: z.string().max(10_000) }),
  z.object({ type: z.literal('killJob'), jobId: count, run: count }),
  /** Its end was heard: its files can go. */
  z.object({ type: z.literal('forgetJob'), jobId: count, run: count }),
  /** Finish what runs, take nothing new, then end. */
  z.object({ type: z.literal('drain'), reason: z.string() }),
  z.object({ type: z.literal('stop'), reason: z.string() }),
]);
export type ToAgentMessage = z.infer<typeof toAgentMessage>;

/** Agent -> worker process, by IPC. The ticket never stands on a command line or in an environment. */
export const toWorkerProcess = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('attach'),
    workerId: idText,
    sessionId: idText,
    /** ws:// or wss:// URL of /v1/worker/SESSION. */
    url: z.string(),
    ticket: z.string(),
    node: nodeFacts,
    /** Programs by SHA-256, of this worker. */
    cacheDir: z.string(),
    /** Its own process id as the node counts: in a namespace of its own it sees another one. */
    pid: count,
  }),
  z.object({ type: z.literal('ticket'), ticket: z.string() }),
  z.object({ type: z.literal('stop') }),
]);
export type ToWorkerProcess = z.infer<typeof toWorkerProcess>;

/** Worker process -> agent, by IPC. */
export const fromWorkerProcess = z.discriminatedUnion('type', [
  /** All modules are loaded: it can be attached. */
  z.object({ type: z.literal('warm') }),
  z.object({ type: z.literal('attached'), sessionId: idText }),
  z.object({ type: z.literal('ticketWanted') }),
  /** The master let it go or the connection is lost for good; the process ends right after. */
  z.object({ type: z.literal('ended'), why: z.string() }),
]);
export type FromWorkerProcess = z.infer<typeof fromWorkerProcess>;
