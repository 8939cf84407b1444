/** What the configuration of each kind of site says beyond the keys that all sites have. docs/sites.md lists the same. */
import { z } from 'zod';

const word = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[^\0\n\r]*$/, 'must be one line');
const path = word.regex(/^\//, 'must be an absolute path');

/** Kinds whose batch system is spoken to by commands. */
const commandShape = {
  /** What a node starts as agent; default: this server's own, which nodes must then see under the same path. */
  agentCommand: z.array(word).min(1).optional(),
  /** Nodes have neither Node.js nor this installation: a pilot brings both, as one file (payload.ts), or fetches it from this server. */
  payload: z.union([z.boolean(), z.literal('fetch')]).default(false),
  /** Seen by the nodes and by whoever submits: logs of pilots, and settings where the batch system keeps no secrets. */
  directory: path.optional(),
  /** Where a pilot makes its scratch directory; default: the batch system's own, else $TMPDIR, /tmp. */
  scratch: path.optional(),
  /** Further words for the command that submits, as they are. */
  options: z.array(word).default([]),
  /** Variables of the batch system's commands, as SLURM_CONF or SGE_ROOT. */
  environment: z.record(z.string().regex(/^[A-Za-z_]\w*$/), word).default({}),
  /** A command that does not answer in this time is ended, and counts as failed. */
  commandTimeoutS: z.number().min(0.1).max(600).default(30),
};

export const slurmShape = {
  type: z.literal('slurm'),
  ...commandShape,
  partition: word.optional(),
  account: word.optional(),
  qos: word.optional(),
};

export const gridengineShape = {
  type: z.literal('gridengine'),
  ...commandShape,
  queue: word.optional(),
  project: word.optional(),
  /** For pilots of more than one core. */
  parallelEnvironment: word.default('smp'),
};

export const htcondorShape = {
  type: z.literal('htcondor'),
  ...commandShape,
  /** Host of the collector, and name of the schedd: both for an HTCondor-CE or another remote pool. */
  pool: word.optional(),
  schedd: word.optional(),
  accountingGroup: word.optional(),
  /** Lines `name = value` added to the submit description. */
  description: z.record(z.string().regex(/^\+?[A-Za-z][\w.]*$/), word).default({}),
};

export const remoteBatch = z.discriminatedUnion('type', [
  z.strictObject(slurmShape),
  z.strictObject(gridengineShape),
  z.strictObject(htcondorShape),
]);

export const sshShape = {
  type: z.literal('ssh'),
  /** Login node, as `ssh` takes it: host, user@host, or a name of ~/.ssh/config. */
  host: word.regex(/^[^-]/, 'must not begin with -'),
  /** Further words for ssh, as ["-p", "2222"]. */
  sshOptions: z.array(word).default([]),
  sshCommand: word.default('ssh'),
  /** The batch system there. */
  remote: remoteBatch,
};

export const arcShape = {
  type: z.literal('arc'),
  /** Of the computing element, as https://ce.example.org/arex */
  url: z.url({ protocol: /^https?$/, error: 'must be a URL, as in https://ce.example.org/arex' }),
  queue: word.optional(),
  /** PEM files: a client certificate (or a proxy, which holds both) with its key, or a token. */
  certificate: path.optional(),
  key: path.optional(),
  tokenFile: path.optional(),
  /** Authority that signed the certificate of the computing element; default: the system's. */
  ca: path.optional(),
  agentCommand: z.array(word).min(1).optional(),
  payload: z.union([z.boolean(), z.literal('fetch')]).default(false),
  scratch: path.optional(),
  requestTimeoutS: z.number().min(0.1).max(600).default(30),
};

export type SlurmSettings = z.infer<z.ZodObject<typeof slurmShape>>;
export type GridEngineSettings = z.infer<z.ZodObject<typeof gridengineShape>>;
export type HtcondorSettings = z.infer<z.ZodObject<typeof htcondorShape>>;
export type RemoteBatch = z.infer<typeof remoteBatch>;
export type ArcSettings = z.infer<z.ZodObject<typeof arcShape>>;
export type SshSettings = z.infer<z.ZodObject<typeof sshShape>>;
