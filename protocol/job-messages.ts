/** Batch jobs as they cross wires: states, the order that an agent gets, what it says of a payload, and the HTTP shapes. */
import { z } from 'zod';
import { count, idText } from './ids.js';
import { innerPath } from './inner-path.js';
import { type OutputWish, outputWish, storedFile } from './output-messages.js';

/** AliEn's names; the moves between them are proxy-server/jobs/job-states.ts. */
export const jobState = z.enum([
  'INSERTING',
  'SPLITTING',
  'SPLIT',
  'MERGING',
  'WAITING',
  'OVER_WAITING',
  'ASSIGNED',
  'STARTED',
  'RUNNING',
  'SAVING',
  'DONE',
  'DONE_WARN',
  'ERROR_A',
  'ERROR_IB',
  'ERROR_E',
  'ERROR_V',
  'ERROR_SV',
  'ERROR_EW',
  'ERROR_SPLT',
  'ERROR_M',
  'ZOMBIE',
  'EXPIRED',
  'KILLED',
]);
export type JobState = z.infer<typeof jobState>;

/** What a slot does with a payload when a session needs its cores. */
export const batchPolicy = z.enum(['suspend', 'share', 'decline']);
export type BatchPolicy = z.infer<typeof batchPolicy>;

/** A file to fetch before the payload starts; without URLs `name` is a program of the node itself. */
const program = z.object({ name: z.string().min(1).max(4000), urls: z.array(z.string().max(8000)).max(100) });
export type PayloadProgram = z.infer<typeof program>;

/** A ProxyServer of protocol 1 says a name alone, and keeps such a file itself. */
const orderedOutput = z.union([
  outputWish,
  innerPath.transform((name): OutputWish => ({ archive: null, names: [name], targets: [] })),
]);

export const jobOrder = z.object({
  jobId: count,
  /** How often the job was given out, this time included: words about an earlier run are void. */
  run: count,
  user: z.string(),
  executable: program,
  arguments: z.array(z.string()).max(100_000),
  /** ALIEN_JDL_<NAME>. */
  variables: z.record(z.string().regex(/^\w+$/), z.string()),
  inputs: z.array(z.object({ name: innerPath, urls: z.array(z.string().max(8000)).min(1) })).max(100_000),
  /** What InputDataList asks for. */
  inputList: z.object({ file: innerPath, text: z.string() }).nullable(),
  /** What is kept, and where; after a failure the latter. Standard output and error always are, by the ProxyServer. */
  outputs: z.array(orderedOutput).max(10_000),
  errorOutputs: z.array(orderedOutput).max(10_000),
  validation: program.nullable(),
  ttlSeconds: z.number().min(0),
  memoryBytes: z.number().min(0),
  diskBytes: z.number().min(0),
  cores: z.number().int().min(0).max(4096),
  policy: batchPolicy,
  /** Suspended for longer, it asks the sessions for its cores. */
  maxSuspendedSeconds: z.number().min(0).default(3600),
  /** With which the payload asks catalog and ProxyServer as its user; absent: it has none. */
  token: z.string().max(10_000).optional(),
});
export type JobOrder = z.infer<typeof jobOrder>;

export const payloadOutcome = z.enum([
  'done',
  'doneWarn',
  'givenBack',
  'badInput',
  'failed',
  'invalid',
  'notSaved',
  'expired',
  'killed',
]);
export const payloadEnd = z.object({
  outcome: payloadOutcome,
  why: z.string().max(2000),
  exitCode: z.number().int().nullable(),
  cpuSeconds: z.number().min(0),
  /** From its start to its end, without the time that it was suspended. */
  wallSeconds: z.number().min(0),
  suspendedSeconds: z.number().min(0),
  /** The most that its processes held at once. */
  memoryBytes: z.number().min(0).optional(),
  /** At the ProxyServer. */
  files: z.array(z.object({ name: innerPath, size: count })).max(100_000),
  /** On storage elements, to be registered in the catalog. */
  stored: z.array(storedFile).max(100_000).default([]),
});
export type PayloadEnd = z.infer<typeof payloadEnd>;

export const payloadReport = z.object({
  jobId: count,
  run: count,
  phase: z.enum(['started', 'running', 'suspended', 'saving', 'ended']),
  /** It has been suspended for as long as it may be: sessions are to give its cores back. */
  insists: z.boolean().optional(),
  /** An earlier process of this agent had begun it: said once. */
  takenOver: z.boolean().optional(),
  /** So far; said now and then while it runs. */
  usage: z
    .object({ cpuSeconds: z.number().min(0), wallSeconds: z.number().min(0), memoryBytes: z.number().min(0) })
    .optional(),
  /** Where it ended; kept by the agent and said again until the ProxyServer has heard it. */
  end: payloadEnd.optional(),
});
export type PayloadReport = z.infer<typeof payloadReport>;

/** POST /v1/jobs */
export const newJob = z.object({
  jdl: z.string().max(900_000),
  args: z.array(z.string()).max(1000).default([]),
});
export const submittedJob = z.object({ jobId: count, subJobs: count, warnings: z.array(z.string()) });
export type SubmittedJob = z.infer<typeof submittedJob>;

/** Of one answer. */
export const MOST_LISTED = 5000;
/** GET /v1/jobs: which, in the order of their numbers, `limit` at most; the next page begins after the last one's number. */
export const jobSelection = z.object({
  /** Those that a server does not know, none of its jobs is in: clients may be newer. */
  states: z.array(z.string().max(100)).max(100).optional(),
  /** None in these; a server of the release before passes over it. */
  exceptStates: z.array(z.string().max(100)).max(100).optional(),
  users: z.array(z.string()).optional(),
  sites: z.array(z.string()).optional(),
  hosts: z.array(z.string()).optional(),
  masters: z.array(count).optional(),
  jobs: z.array(count).optional(),
  /** Jobs that merge the outputs of these masters. */
  mergesOf: z.array(count).optional(),
  /** Jobs with their sub-jobs, and those that merge their outputs. */
  families: z.array(count).optional(),
  mastersOnly: z.boolean().optional(),
  /** Others' jobs too, where the role allows. */
  everyones: z.boolean().optional(),
  after: count.default(0),
  limit: z.number().int().min(1).max(MOST_LISTED).default(MOST_LISTED),
});
export type JobSelection = z.infer<typeof jobSelection>;

export const jobInfo = z.object({
  jobId: count,
  masterId: count.nullable(),
  isMaster: z.boolean(),
  /** The master whose sub-jobs' outputs it merges. */
  mergeOf: count.nullable().default(null),
  user: z.string(),
  name: z.string(),
  state: jobState,
  isSuspended: z.boolean(),
  price: z.number(),
  cores: count,
  site: z.string().nullable(),
  host: z.string().nullable(),
  agentId: idText.nullable(),
  run: count,
  submittedAt: count,
  startedAt: count.nullable(),
  endedAt: count.nullable(),
  exitCode: z.number().nullable(),
  cpuSeconds: z.number(),
  wallSeconds: z.number(),
  /** The most that its processes held at once; 0 where nothing is known. */
  memoryBytes: z.number(),
  /** CPU seconds at the nominal speed of a core, over all its runs. */
  cost: z.number(),
  /** How often it was given to the queue again after it had ended. */
  resubmissions: count,
  why: z.string().nullable(),
});
export type JobInfo = z.infer<typeof jobInfo>;

/** GET /v1/jobs/ID/trace */
export const traceLine = z.object({ line: count, at: count, tag: z.string(), text: z.string() });
export type TraceLine = z.infer<typeof traceLine>;

/** GET /v1/quotas: what a user may have, has, and is worth to the matchmaker. null: no limit. */
export const userQuota = z.object({
  user: z.string(),
  priority: z.number(),
  computedPriority: z.number(),
  runningCores: z.number(),
  maxParallelCores: z.number(),
  waiting: count,
  unfinished: count,
  maxUnfinished: count.nullable(),
  runningSecondsLast24h: z.number(),
  maxRunningSecondsLast24h: z.number().nullable(),
  cpuCostLast24h: z.number(),
  maxCpuCostLast24h: z.number().nullable(),
  /** A ProxyServer of the release before counts none. */
  outputFilesLast24h: count.default(0),
  maxOutputFilesLast24h: count.nullable().default(null),
  outputBytesLast24h: count.default(0),
  maxOutputBytesLast24h: z.number().nullable().default(null),
});
export type UserQuota = z.infer<typeof userQuota>;
