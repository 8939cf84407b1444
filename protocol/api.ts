/** HTTP API of the ProxyServer: the shapes of its answers and bodies, shared by server and client. Errors are `{ code, message }`. */
import { z } from 'zod';
import { nodeFacts, workerPhase } from './agent-messages.js';
import { queryRecord } from './control-messages.js';
import { entryPairs } from './entry-list.js';
import { bytes, count, idText, params } from './ids.js';
import { isolationFacts } from './isolation.js';
import { role } from './role.js';
import { programRef, queryFile } from './worker-messages.js';

/** GET /v1/info, without a token. */
export const serverInfo = z.object({
  name: z.string(),
  version: z.string(),
  protocol: z.number().int(),
  auth: z.enum(['development', 'token']),
  /** Base URL of the catalog as clients reach it; null without one. Clients of the release before know this alone. */
  catalog: z.string().nullable(),
  /** Where it stands below the URL under which this server was asked, whatever that is there (a tunnel's end, say); null: at `catalog`. */
  catalogPath: z
    .string()
    .regex(/^\/[\w/-]+$/)
    .nullable()
    .default(null),
});
export type ServerInfo = z.infer<typeof serverInfo>;

/** POST /v1/sessions */
export const newSession = z.object({
  /** At most so many workers; null: a fair share of all. */
  workers: z.number().int().min(1).nullable().default(null),
  title: z.string().max(1000).default(''),
});
export const sessionInfo = z.object({
  sessionId: idText,
  user: z.string(),
  title: z.string(),
  state: z.enum(['starting', 'running', 'ended']),
  /** Workers it holds now. */
  workers: count,
  clients: count,
  startedAt: count,
  endedAt: count.nullable(),
});
export type SessionInfo = z.infer<typeof sessionInfo>;

/** What the batch system and the registry together know of a pilot; the table of moves is proxy-server/factory/pilot-states.ts. */
export const pilotState = z.enum([
  'submitted',
  'queued',
  'starting',
  'idle',
  'batch',
  'interactive',
  'both',
  'draining',
  'gone',
]);
export type PilotState = z.infer<typeof pilotState>;

/** GET /v1/pilots */
export const pilotInfo = z.object({
  pilotId: idText,
  site: z.string(),
  state: pilotState,
  /** The batch system's own id of it. */
  batchId: z.string().nullable(),
  agentId: idText.nullable(),
  host: z.string().nullable(),
  cores: count.nullable(),
  workers: count,
  submittedAt: count,
  registeredAt: count.nullable(),
  endedAt: count.nullable(),
  /** End of its slot, ms since 1970. */
  wallTimeEnd: count.nullable(),
  why: z.string().nullable(),
  /** How it keeps users' code apart; null: its agent has not said. */
  isolation: isolationFacts.nullable(),
});
export type PilotInfo = z.infer<typeof pilotInfo>;

/** GET /v1/workers */
export const workerInfo = z.object({
  workerId: idText,
  agentId: idText,
  pilotId: idText.nullable(),
  phase: workerPhase,
  pid: count.nullable(),
  sessionId: idText.nullable(),
  user: z.string().nullable(),
  node: nodeFacts,
});
export type WorkerInfo = z.infer<typeof workerInfo>;

/** GET /v1/sites */
export const siteInfo = z.object({
  name: z.string(),
  type: z.string(),
  min: count,
  max: count,
  pilots: z.record(pilotState, count),
  workers: z.object({ warm: count, attached: count }),
  /** Why the factory did what it did at its last look. */
  lastDecision: z.string(),
  /** Why it, or nodes of it, get no batch jobs at present. */
  barred: z.array(z.string()).default([]),
  backOffUntil: count.nullable(),
  /** Why an operator has closed it; null: it is open. */
  banned: z.string().nullable(),
  /** What somebody should look into: a batch system that cannot be asked, failures, pilots that are held or wait for long; null: nothing. */
  trouble: z.string().nullable().default(null),
});
export type SiteInfo = z.infer<typeof siteInfo>;

/** GET /v1/queries, and /v1/queries/REF; GET /v1/queries/REF/result is the result frame, MessagePack. */
export const queryInfo = queryRecord.extend({ user: z.string(), sessionId: idText });
export type QueryInfo = z.infer<typeof queryInfo>;

/** GET /v1/results: how much of the quota of kept results the user has taken. */
export const keptResults = z.object({
  kept: count,
  bytes: count,
  maxQueries: count,
  maxBytes: count,
  /** For people, where the next results will push out old ones. */
  warning: z.string().nullable(),
});
export type KeptResults = z.infer<typeof keptResults>;

/** GET /v1/queries/REF/packets: what became of each packet. */
export const packetInfo = z.object({
  packetId: count,
  position: count,
  /** Its file, as the user knows it. */
  name: z.string(),
  first: count,
  end: count,
  attempts: count,
  worker: z.string(),
  state: z.enum(['out', 'done', 'failed']),
  failures: z.array(z.object({ worker: z.string(), cause: z.string(), entry: count.nullable() })),
});
export type PacketInfo = z.infer<typeof packetInfo>;

/** GET /v1/queries/REF/packets/N: all that it takes to run it again elsewhere, MessagePack. */
export const packetOrder = z.object({
  packet: packetInfo,
  /** As the workers got it. */
  file: queryFile,
  /** The entries that are meant, as pairs; absent: all of the packet. */
  only: entryPairs.optional(),
  program: programRef,
  params,
  inputs: z.record(z.string(), z.unknown()),
  seed: count,
  code: bytes,
});
export type PacketOrder = z.infer<typeof packetOrder>;

/** POST /v1/pilots */
export const newPilots = z.object({
  site: z.string(),
  n: z.number().int().min(1).max(10_000),
  jdl: z.string().nullable(),
});
/** POST /v1/tokens -> `{ token, info }` */
export const newToken = z.object({
  user: z.string().regex(/^[\w.@-]{1,100}$/, 'must be letters, digits and . _ @ -, at most 100'),
  role,
  lifetimeS: z
    .number()
    .int()
    .min(1)
    .max(3650 * 86_400),
  note: z.string().max(200).default(''),
});
/** GET /v1/tokens; DELETE /v1/tokens/ID, or POST /v1/tokens/revoke `{ user }` for all of a user's. */
export const tokenInfo = z.object({
  tokenId: z.string(),
  user: z.string(),
  role,
  note: z.string(),
  /** '' where it was not made through this API. */
  issuedBy: z.string(),
  issuedAt: count,
  expiresAt: count,
  revokedAt: count.nullable(),
});
export type TokenInfo = z.infer<typeof tokenInfo>;
export const issuedToken = z.object({ token: z.string(), info: tokenInfo });

/** POST /v1/login, with a token of any issuer that the server takes, or with a client certificate: a token of the server's own. */
export const login = z.object({
  lifetimeS: z
    .number()
    .int()
    .min(60)
    .max(3650 * 86_400)
    .nullable()
    .default(null),
});
/** GET /v1/whoami */
export const whoami = z.object({
  user: z.string(),
  role,
  tokenId: z.string().nullable(),
  /** s since 1970 */
  expiresAt: z.number().nullable(),
});

/** GET /v1/audit */
export const auditRecord = z.object({
  at: z.string(),
  user: z.string(),
  role,
  tokenId: z.string().nullable(),
  /** Address that the request came from. */
  peer: z.string(),
  action: z.string(),
  target: z.string(),
  outcome: z.enum(['done', 'refused']),
  detail: z.string().optional(),
});
export type AuditRecord = z.infer<typeof auditRecord>;

/** POST /v1/requests: workers that shall stand until it expires, near a data set where one is named. */
export const newRequest = z.object({
  /** DATASET words, as a query takes them. */
  dataset: z.array(z.string().min(1).max(10_000)).max(1000).default([]),
  workers: z.number().int().min(1).max(100_000),
  /** Only there; null: where the files are, then anywhere. */
  site: z.string().nullable().default(null),
  lifetimeS: z
    .number()
    .int()
    .min(10)
    .max(7 * 86_400)
    .default(3600),
});
/** What is copied to a site's storage element; bytes and numbers of files. */
export const copyState = z.object({
  site: z.string(),
  se: z.string(),
  waiting: count,
  copied: count,
  failed: count,
  /** Of those that were copied or wait. */
  bytes: count,
  /** Why the last one failed. */
  message: z.string().nullable(),
});
export type CopyState = z.infer<typeof copyState>;
/** GET /v1/sites/NAME */
export const siteExplanation = siteInfo.extend({
  limits: z.record(z.string(), z.number()),
  /** What the site hands pilots to, for people. */
  description: z.string(),
  /** Of its last pilots within the last hour: when, which, why. */
  recentEnds: z.array(z.string()),
  copies: z.array(copyState).default([]),
});
export type SiteExplanation = z.infer<typeof siteExplanation>;
/** GET /v1/requests, /v1/requests/ID */
export const requestInfo = z.object({
  requestId: idText,
  user: z.string(),
  dataset: z.array(z.string()),
  workers: count,
  /** Workers that are there, at all sites that would do. */
  ready: count,
  /** In the order in which they are asked; what of the data set is near each, in files and bytes that are known. */
  sites: z.array(z.object({ site: z.string(), files: count, bytes: count, leftOut: z.string().optional() })),
  /** Small files of the data set on their way to a site's storage element. */
  copies: z.array(copyState).default([]),
  madeAt: count,
  expiresAt: count,
});
export type RequestInfo = z.infer<typeof requestInfo>;
