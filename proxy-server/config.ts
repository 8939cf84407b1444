/** The ProxyServer's configuration: every key with its default and what it is for. docs/proxy-server.md lists the same. */
import { hostname } from 'node:os';
import { z } from 'zod';
import { parseExpression } from '../jdl/index.js';
import { configPath, isLoopback, listenAddress, loadConfig } from '../protocol/config.js';
import { UsageError } from '../protocol/errors.js';
import { isolationPolicy, networkPolicy } from '../protocol/isolation.js';
import { batchPolicy } from '../protocol/job-messages.js';
import { logLevels } from '../protocol/log.js';
import { issuerConfig } from './issuers.js';
import { emailHookShape } from './jobs/end-notices.js';
import { quotasShape } from './jobs/quotas.js';
import { arcShape, gridengineShape, htcondorShape, slurmShape, sshShape } from './sites/site-settings.js';

const seconds = z.number().min(0).max(31_536_000);
const url = z.url({ protocol: /^https?$/, error: 'must be a URL, as in https://host:8093' });

function isExpression(text: string): boolean {
  try {
    parseExpression(text);
    return true;
  } catch {
    return false;
  }
}

const siteShape = {
  name: z.string().regex(/^[\w.:-]+$/, 'must be letters, digits and . : _ -'),
  /** Agents alive at all times, whether anybody works or not. */
  min: z.number().int().min(0).max(100_000).default(0),
  /** Agents alive or on their way, at most; default: `min`. */
  max: z.number().int().min(0).max(100_000).optional(),
  /** Pilots handed over whose agent is not there yet, at most. */
  maxQueued: z.number().int().min(1).max(100_000).default(100),
  maxPerCycle: z.number().int().min(1).max(10_000).default(50),
  /** Cores of one pilot: it runs so many workers. */
  cores: z.number().int().min(1).max(4096).default(1),
  /** A pilot takes a whole node and runs a worker on each of its cores; `cores` is what one is planned with, and has at least. */
  wholeNode: z.boolean().default(false),
  /** Length of a slot. The agent drains before its end. */
  ttlS: seconds.min(60).default(86_400),
  /** An agent takes nothing new in the last part of its slot. */
  drainBeforeEndS: seconds.default(600),
  /** A pilot that runs for so long without registering is examined and given up. */
  registerWithinS: seconds.min(1).default(60),
  /** A pilot that the batch system holds back for so long is cancelled, and counts as a failure. */
  giveUpHeldS: seconds.default(600),
  /** Pilots that were queued for so long count for no demand: other sites are asked first. */
  staleQueueS: seconds.default(1800),
  /** The first pause after a failure; it doubles with each further one. */
  backOffS: seconds.default(5),
  maxBackOffS: seconds.default(1800),
  /** An agent above the floor that neither session nor job used for so long is let go. */
  letGoIdleS: seconds.default(600),
  /** A node that is not fit keeps its slot for so long, so that it cannot swallow pilot after pilot. */
  holdUnfitS: seconds.default(300),
  /** An agent looks at its node again so often: disk, memory, scratch, clock. */
  recheckS: seconds.min(1).default(300),
  minDiskBytes: z.number().int().min(0).default(200_000_000),
  minMemoryBytes: z.number().int().min(0).default(100_000_000),
  /** Where its nodes are, as replicas are ordered by. */
  storageDomain: z.string().nullable().default(null),
  closeSEs: z.array(z.string()).default([]),
  /** Small files of a data set that a request names are copied to this storage element, within these bounds; it is a close one. */
  replicate: z
    .strictObject({
      se: z.string().regex(/^[^:]+::[^:]+::[^:]+$/, 'must be VO::SITE::NAME'),
      maxFileBytes: z.number().int().min(1).default(100_000_000),
      maxTotalBytes: z.number().int().min(1),
    })
    .optional(),
  /** An xrootd beside each agent, for the files of its node (docs/sites.md). */
  xrootd: z
    .strictObject({
      /** Of the nodes. */
      directory: z.string().regex(/^\//, 'must be an absolute path'),
      /** Where its files stand in the catalog. */
      lfn: z.string().regex(/^\//, 'must be an absolute path'),
      se: z.string().optional(),
      port: z.number().int().min(0).max(65_535).default(0),
      command: z.string().min(1).default('xrootd'),
      user: z.string().min(1).default('xrootd'),
    })
    .optional(),
  /** HTTP proxy through which its nodes reach this server (CONNECT), and what they reach without it. */
  httpsProxy: z
    .url({ protocol: /^http$/, error: 'must be a URL, as in http://squid.example.org:3128' })
    .nullable()
    .default(null),
  noProxy: z.string().nullable().default(null),
  /** Relative speed of a core, 100 = nominal. */
  perf: z.number().min(1).max(10_000).default(100),
  /** What becomes of a batch payload when a session needs its cores: it is stopped meanwhile, shares them, or the session waits. */
  batch: batchPolicy.default('suspend'),
  /** A payload that was suspended for so long gets its cores back: workers of sessions step aside between packets. */
  maxSuspendedS: seconds.default(3600),
  /** Processes with users' code: kept apart by bubblewrap never, where a node can, or on no node that cannot. docs/security.md. */
  isolation: isolationPolicy.default('preferred'),
  /** Their network: the node's, or nothing but their master and the storage. */
  network: networkPolicy.default('full'),
  /** Without network: storage that they reach nevertheless, `host`, `host:port`, `*.domain`, `*.domain:port`. */
  networkHosts: z.array(z.string().regex(/^(\*\.)?[\w.:[\]-]+$/, 'must be a host, host:port or *.domain')).default([]),
  /** What of the nodes they do not see, besides the usual places of credentials; `*` in the last part of a path. */
  hidePaths: z.array(z.string().regex(/^\//, 'must be an absolute path')).default([]),
  /** What jobs find there: `VO@Name::version`; AliEn's grid partitions; and what the site asks of them (their ad is `other`). */
  packages: z.array(z.string()).default([]),
  partitions: z.array(z.string()).default([]),
  requirements: z.string().refine(isExpression, 'must be a ClassAd expression').optional(),
};
const site = z.discriminatedUnion('type', [
  z.strictObject({
    ...siteShape,
    type: z.literal('local'),
    /** Scratch directories of the pilots; default: below the state directory. */
    scratch: z.string().optional(),
  }),
  z.strictObject({ ...siteShape, ...slurmShape }),
  z.strictObject({ ...siteShape, ...gridengineShape }),
  z.strictObject({ ...siteShape, ...htcondorShape }),
  z.strictObject({ ...siteShape, ...sshShape }),
  z.strictObject({ ...siteShape, ...arcShape }),
]);
export type SiteConfig = z.infer<typeof site> & { readonly max: number };

const schema = z.strictObject({
  /** Where it listens. Port 0: any free one, after a restart the same again if it is still free. */
  listen: listenAddress.prefault('127.0.0.1:1093'),
  /** The host's name as people know it: first part of session ids. */
  name: z
    .string()
    .regex(/^[\w.-]+$/, 'must be a host name')
    .default(hostname()),
  /** Everything that outlives a restart; made if it is missing, for this user alone. */
  stateDir: z.string().min(1),
  /** token: every request needs one. development: no tokens, on the loopback only. */
  auth: z.enum(['token', 'development']).default('token'),
  /** How agents and clients reach this server, where that is not the address of `listen`. */
  publicUrl: url.optional(),
  /** PEM files; needed off the loopback. */
  tls: z.strictObject({ cert: z.string(), key: z.string(), ca: z.string().optional() }).optional(),
  /** Users' X.509 certificates: PEM of the authorities, and subject (/DC=ch/…/CN=Ada) -> user and role. Takes `tls`. */
  certificates: z
    .strictObject({
      ca: z.string(),
      users: z
        .record(
          z.string().regex(/^\//, 'must be a subject, as in /DC=ch/DC=cern/CN=Ada'),
          z.strictObject({
            user: z.string().regex(/^[\w.@-]{1,100}$/),
            role: z.enum(['user', 'operator', 'admin']).default('user'),
          }),
        )
        .default({}),
    })
    .optional(),
  /** OpenID Connect and WLCG issuers whose tokens are taken. */
  issuers: z.array(issuerConfig).default([]),
  /** Of a token that "proof login" gets, at most. */
  loginHours: z.number().min(0.02).max(8760).default(24),
  /** `embedded`: a child process of its own; `none`; or the URL of one elsewhere. */
  catalog: z.union([z.literal('embedded'), z.literal('none'), url]).default('embedded'),
  catalogTokenFile: z.string().optional(),
  /** An agent says that it is alive every so often; three missed beats lose it. */
  heartbeatMs: z.number().int().min(50).max(60_000).default(2000),
  /** Masters and local agents end by themselves when they have been without a ProxyServer for so long. */
  orphanedAfterS: seconds.default(300),
  /** A session without client and without running query ends after this time. */
  sessionIdleS: seconds.default(3600),
  /** A worker that runs one packet (about a second of work, or one entry) for longer is ended. */
  packetLimitS: seconds.default(3600),
  /** SIGTERM leaves masters and local agents running, for the next ProxyServer to take back. */
  keepOnStop: z.boolean().default(false),
  /** Session masters, which run code of their users: as `isolation` of sites. */
  masterIsolation: isolationPolicy.default('preferred'),
  /** Master processes started ahead of sessions. */
  spareMasters: z.number().int().min(0).max(16).default(2),
  /** A master that dies is started again, at most so many times in `masterRestartWindowS`; then its session ends. */
  masterRestarts: z.number().int().min(0).max(1000).default(5),
  masterRestartWindowS: seconds.min(1).default(600),
  /** Results that one user keeps; past it the archived ones go first, then the oldest. */
  maxQueriesKept: z.number().int().min(1).default(200),
  maxResultBytes: z.number().int().min(1).default(5_000_000_000),
  /** Packages that one user keeps, as they are sent. */
  maxPackageBytes: z.number().int().min(1).default(500_000_000),
  /** The factory looks at every site so often, and at once when something happened. */
  factoryTickS: z.number().int().min(1).max(59).default(5),
  /** What users may have in the queue, and who goes first: docs/jobs.md. */
  quotas: quotasShape,
  /** A command that tells people that their jobs are over. */
  emailHook: emailHookShape.optional(),
  /** Home directories in the catalog: what `~` in a JDL stands for. */
  homes: z
    .string()
    .regex(/^\/.*\{user\}/, 'must be a path with {user} in it')
    .default('/home/{user}'),
  /** Sessions, queries and pilots that ended are forgotten after so many days, with their files. */
  keepDays: z.number().int().min(1).default(30),
  logLevel: logLevels.default('info'),
  /** An XRootD manager on this machine, to which the xrootds beside agents subscribe. */
  xrootdManager: z
    .strictObject({
      port: z.number().int().min(1).max(65_534).default(1094),
      cmsdPort: z.number().int().min(1).max(65_535).optional(),
      /** As nodes reach this machine; default: its name. */
      host: z.string().optional(),
      command: z
        .string()
        .regex(/xrootd$/, 'must end in xrootd; cmsd lies beside it')
        .default('xrootd'),
      user: z.string().min(1).default('xrootd'),
    })
    .optional(),
  sites: z.array(site).default([]),
});

export type ProxyConfig = Omit<z.infer<typeof schema>, 'sites'> & {
  readonly file: string;
  readonly sites: readonly SiteConfig[];
};

/** @throws {ConfigError | UsageError} one sentence: the key, what is wrong with it, what would be right */
export function readProxyConfig(file: string): ProxyConfig {
  const raw = loadConfig(file, schema);
  const config: ProxyConfig = {
    ...raw,
    file,
    stateDir: configPath(file, raw.stateDir),
    sites: raw.sites.map((s) => ({
      ...s,
      max: s.max ?? s.min,
      closeSEs: [...new Set([...s.closeSEs, ...(s.replicate === undefined ? [] : [s.replicate.se])])],
    })),
  };
  if (!isLoopback(config.listen.host)) {
    if (config.auth === 'development')
      throw new UsageError(
        `${file}: development authentication works on the loopback only, not on ${config.listen.host}. ` +
          'Listen on 127.0.0.1, or say "auth: token".',
      );
    if (config.tls === undefined)
      throw new UsageError(
        `${file}: off the loopback (${config.listen.host}) a ProxyServer needs "tls: { cert: FILE, key: FILE }".`,
      );
  }
  if (config.certificates !== undefined && config.tls === undefined)
    throw new UsageError(`${file}: "certificates" of users take "tls": they are shown in its handshake.`);
  const names = config.sites.map((s) => s.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`${file}: two sites are named ${twice}. Give each its own name.`);
  const wrong = config.sites.find((s) => s.max < s.min);
  if (wrong !== undefined)
    throw new UsageError(`${file}: site ${wrong.name} has max ${wrong.max} below min ${wrong.min}.`);
  const brief = config.sites.find((s) => s.ttlS <= s.drainBeforeEndS);
  if (brief !== undefined)
    throw new UsageError(
      `${file}: site ${brief.name}: agents drain drainBeforeEndS ${brief.drainBeforeEndS} before their slot ends, which is all of ttlS ${brief.ttlS}. Make one of them longer or the other shorter.`,
    );
  const open = config.sites.find((s) => s.isolation === 'never' && s.network === 'none');
  if (open !== undefined)
    throw new UsageError(`${file}: site ${open.name}: network "none" takes isolation "preferred" or "required".`);
  return config;
}
