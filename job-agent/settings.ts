/**
 * What an agent must know: from the pilot's settings file (PROOF_SETTINGS, JSON, mode 0600), from PROOF_* variables, from flags; later
 * ones win. Secrets come in files only and the pilot's one-time secret is removed from disk as soon as it is read.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { z } from 'zod';
import { secretsBeside, withItsFolder } from '../isolation/secret-places.js';
import { dataServerSettings } from '../protocol/agent-messages.js';
import { checked, parseJson } from '../protocol/check.js';
import { GridError, UsageError } from '../protocol/errors.js';
import { fileProblem } from '../protocol/file-problem.js';
import { idText } from '../protocol/ids.js';
import { isolationPolicy, networkPolicy } from '../protocol/isolation.js';
import { valueProblem } from '../protocol/value-problem.js';
import { keepSettings, keptSettings } from './agent-state.js';

const name = z.string().min(1).max(255);
const number = z.coerce.number().min(0);
const listOf = (one: z.ZodString) =>
  z.union([z.array(one), z.string().transform((text) => text.split(/[\s,]+/).filter((part) => part !== ''))]);
const names = listOf(name);

export const agentSettings = z.object({
  /** http(s) URL of the ProxyServer. */
  server: z.url({ protocol: /^https?$/, error: 'must be a URL, as in https://voalice06.cern.ch:1093' }),
  site: name,
  ce: name.nullable().default(null),
  pilotId: idText.nullable().default(null),
  /** The pilot's one-time secret, or a token of role agent; '' where development authentication needs none. */
  secret: z.string().default(''),
  /** PEM of the authority to trust besides the system's. */
  ca: z.string().nullable().default(null),
  /** HTTP proxy on the way to the ProxyServer, and what is reached without it; null: as the environment says. */
  httpsProxy: z.string().min(1).nullable().default(null),
  noProxy: z.string().nullable().default(null),
  /** An xrootd beside this agent; null: none. */
  xrootd: dataServerSettings.nullable().default(null),
  /** Keytab with which workers read from such servers. */
  poolKeytab: z.string().nullable().default(null),
  cores: z.coerce.number().int().min(1).max(4096).default(1),
  storageDomain: name.nullable().default(null),
  closeSEs: names.default([]),
  perf: z.coerce.number().min(1).max(10_000).default(100),
  /** End of the batch slot, ms since 1970. */
  wallTimeEnd: z.coerce.number().int().nullable().default(null),
  drainBeforeEndS: number.default(600),
  /** Where its scratch directory is made. */
  scratch: z.string().min(1).default(tmpdir()),
  /** Kept for an agent that is started again in this place; null: payloads end with their agent. */
  stateDir: z.string().min(1).nullable().default(null),
  /** So long payloads wait for it. */
  returnWithinS: number.default(120),
  orphanedAfterMs: number.default(300_000),
  holdUnfitS: number.default(300),
  recheckS: number.default(300),
  minDiskBytes: number.default(200_000_000),
  minMemoryBytes: number.default(100_000_000),
  /** Of worker processes and payloads: docs/security.md. */
  isolation: isolationPolicy.default('preferred'),
  network: networkPolicy.default('full'),
  hidePaths: listOf(z.string().min(1).max(5000)).default([]),
  networkHosts: names.default([]),
  logLevel: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
});
export type AgentSettings = z.infer<typeof agentSettings>;

/** PROOF_SLOT of all that this agent starts: by it a site finds what is left of a slot. That of an agent before it stays. */
export const slotMark = ({ pilotId }: AgentSettings): string => pilotId ?? `agent-${process.pid}`;

/** The pilot brought settings that no agent can start with: which file or variable, what is wrong. */
export class AgentSettingsError extends GridError {
  readonly code = 'AGENT_SETTINGS';
}

/** Variable -> setting. PROOF_SECRET_FILE and PROOF_TOKEN_FILE hold a path. */
const VARIABLES: Readonly<Record<string, keyof AgentSettings>> = {
  PROOF_SERVER: 'server',
  PROOF_SITE: 'site',
  PROOF_CE: 'ce',
  PROOF_PILOT_ID: 'pilotId',
  PROOF_HTTPS_PROXY: 'httpsProxy',
  PROOF_NO_PROXY: 'noProxy',
  PROOF_CORES: 'cores',
  PROOF_STORAGE_DOMAIN: 'storageDomain',
  PROOF_CLOSE_SES: 'closeSEs',
  PROOF_PERF: 'perf',
  PROOF_WALL_TIME_END: 'wallTimeEnd',
  PROOF_DRAIN_BEFORE_END_S: 'drainBeforeEndS',
  PROOF_SCRATCH: 'scratch',
  PROOF_STATE_DIR: 'stateDir',
  PROOF_RETURN_WITHIN_S: 'returnWithinS',
  PROOF_ORPHANED_AFTER_MS: 'orphanedAfterMs',
  PROOF_HOLD_UNFIT_S: 'holdUnfitS',
  PROOF_RECHECK_S: 'recheckS',
  PROOF_MIN_DISK_BYTES: 'minDiskBytes',
  PROOF_MIN_MEMORY_BYTES: 'minMemoryBytes',
  PROOF_ISOLATION: 'isolation',
  PROOF_NETWORK: 'network',
  PROOF_HIDE_PATHS: 'hidePaths',
  PROOF_NETWORK_HOSTS: 'networkHosts',
  PROOF_AGENT_LOG_LEVEL: 'logLevel',
};

export const USAGE = `proof agent: what a batch slot runs. By hand, on a fixed node:
  proof agent --server URL --site NAME [--token-file FILE] [--cores N] [--ca FILE] [--scratch DIR]
              [--state-dir DIR] [--storage-domain NAME] [--close-ses NAME,NAME] [--perf N] [--isolation never|preferred|required]
A pilot's settings come from $PROOF_SETTINGS (a JSON file) and PROOF_* variables instead; docs/job-agent.md lists them.
`;
const FLAGS: Readonly<Record<string, keyof AgentSettings | 'tokenFile' | 'caFile'>> = {
  '--server': 'server',
  '--site': 'site',
  '--cores': 'cores',
  '--token-file': 'tokenFile',
  '--ca': 'caFile',
  '--scratch': 'scratch',
  '--state-dir': 'stateDir',
  '--storage-domain': 'storageDomain',
  '--close-ses': 'closeSEs',
  '--perf': 'perf',
  '--wall-time-end': 'wallTimeEnd',
  '--isolation': 'isolation',
};

/** @throws {UsageError | AgentSettingsError} one sentence with the next step */
export function readSettings(argv: readonly string[], env: NodeJS.ProcessEnv): AgentSettings {
  const found: Record<string, unknown> = {};
  const file = env['PROOF_SETTINGS'];
  if (file !== undefined) {
    Object.assign(
      found,
      checked(
        z.record(z.string(), z.unknown()),
        parseJson(pilotSettings(file, env['PROOF_STATE_DIR']), `settings in ${file}`),
      ),
    );
  }
  for (const [variable, setting] of Object.entries(VARIABLES))
    if (env[variable] !== undefined && env[variable] !== '') found[setting] = env[variable];
  const secretFile = env['PROOF_SECRET_FILE'];
  if (secretFile !== undefined) {
    found['secret'] = readText(secretFile).trim();
    rmSync(secretFile, { force: true });
  }
  if (env['PROOF_TOKEN_FILE'] !== undefined) found['secret'] = readText(env['PROOF_TOKEN_FILE']).trim();
  if (env['PROOF_CA_FILE'] !== undefined) found['ca'] = readText(env['PROOF_CA_FILE']);
  const flags = readFlags(argv);
  Object.assign(found, flags.found);
  const result = agentSettings.safeParse(found);
  if (result.success) {
    const { tokenFile = env['PROOF_TOKEN_FILE'], caFile = env['PROOF_CA_FILE'] } = flags.files;
    const own = tokenFile === undefined ? [] : [...withItsFolder(tokenFile), ...secretsBeside(tokenFile)];
    const beside = caFile === undefined ? [] : secretsBeside(caFile);
    return { ...result.data, hidePaths: [...result.data.hidePaths, ...own, ...beside] };
  }
  const issue = result.error.issues[0]!;
  const key = issue.path.join('.');
  if (found[key] === undefined && (key === 'server' || key === 'site'))
    throw new UsageError(`An agent needs --${key} (or $PROOF_${key.toUpperCase()}).\n${USAGE}`);
  throw new AgentSettingsError(
    `The agent's setting ${valueProblem(agentSettings, result.error, found, { whole: 'file' })}`,
  );
}

/** The file goes, since it holds the one-time secret; with a state directory they are kept there for an agent that is started again. */
function pilotSettings(file: string, stateDir: string | undefined): string {
  const kept = stateDir === undefined || existsSync(file) ? undefined : keptSettings(stateDir);
  if (kept !== undefined) return kept;
  const text = readText(file);
  if (stateDir !== undefined) keepSettings(stateDir, text);
  rmSync(file, { force: true });
  return text;
}

interface Flags {
  readonly found: Record<string, unknown>;
  /** That were named. */
  readonly files: { tokenFile?: string; caFile?: string };
}

function readFlags(argv: readonly string[]): Flags {
  const found: Record<string, unknown> = {};
  const files: Flags['files'] = {};
  for (let i = 0; i < argv.length; i++) {
    const [flag, inline] = argv[i]!.split(/=(.*)/s);
    const setting = FLAGS[flag!];
    if (setting === undefined) throw new UsageError(`proof agent does not know ${argv[i]}.\n${USAGE}`);
    const value = inline ?? argv[++i];
    if (value === undefined) throw new UsageError(`${flag} needs a value.\n${USAGE}`);
    if (setting === 'tokenFile' || setting === 'caFile') files[setting] = value;
    if (setting === 'tokenFile') found['secret'] = readText(value).trim();
    else if (setting === 'caFile') found['ca'] = readText(value);
    else found[setting] = value;
  }
  return { found, files };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new AgentSettingsError(`The agent cannot read ${file}: ${fileProblem(cause)}.`, { cause });
  }
}
