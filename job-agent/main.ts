/**
 * `proof agent`: what a batch slot runs, and what is started by hand on the nodes of a static cluster.
 *
 * Settings -> node check -> registration -> workers. Its log goes to standard error, which a batch system keeps. Exit status:
 * exit-status.ts. SIGTERM ends it with all its workers and payloads, SIGHUP (with a state directory) without the payloads.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, hostname, loadavg, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import { TUNNEL } from '../isolation/bubblewrap-words.js';
import { cleanEnvironment } from '../isolation/clean-environment.js';
import { isolationSentence, type Launcher, prepareLauncher } from '../isolation/launcher.js';
import type { NodeFacts } from '../protocol/agent-messages.js';
import { systemClock } from '../protocol/clock.js';
import { type Daemon, runDaemon } from '../protocol/daemon.js';
import type { IsolationFacts } from '../protocol/isolation.js';
import { createLogger, type Logger } from '../protocol/log.js';
import { PACKAGE_VERSION } from '../protocol/version.js';
import { storageOptionsFromEnvironment } from '../storage/environment.js';
import { JobAgent, type JobAgentOptions } from './agent.js';
import { AgentState } from './agent-state.js';
import { CpuLedger } from './cpu-ledger.js';
import { DataServer } from './data-server.js';
import { clearSlot } from './former-agent.js';
import { GUARD_SCRIPT } from './guard/guard-script.js';
import { hostOfServer } from './isolation/allowed-hosts.js';
import { openTunnel } from './isolation/tunnel.js';
import { measureNode, type NodeMeasure, shareOfNode, unfitReasons } from './node-check.js';
import { type FoundPayload, findPayloads } from './payload/found-payloads.js';
import { makeScratch } from './scratch.js';
import { type AgentSettings, readSettings, slotMark, USAGE } from './settings.js';
import { workerLimits } from './worker-limits.js';
import { WorkerPool } from './worker-pool.js';

/** Several agents of one node must not each count on the whole of it. */
function memoryOf({ cores }: AgentSettings): number {
  const whole = { bytes: totalmem(), cores: availableParallelism() };
  return shareOfNode(whole, { cores, limit: process.constrainedMemory() });
}

/** True facts: the host's own name, not what the pilot was told. */
function nodeFacts(settings: AgentSettings, measure: NodeMeasure, isolation: IsolationFacts): NodeFacts {
  return {
    host: hostname(),
    site: settings.site,
    ce: settings.ce,
    storageDomain: settings.storageDomain,
    closeSEs: settings.closeSEs,
    cores: settings.cores,
    memoryBytes: memoryOf(settings),
    diskBytes: shareOfNode({ bytes: measure.diskBytes, cores: availableParallelism() }, settings),
    platform: `${platform()}-${process.arch}`,
    nodeVersion: process.version,
    wallTimeEnd: settings.wallTimeEnd,
    perf: settings.perf,
    isolation,
  };
}

/** The way out for workers without network; undefined where they have one. */
async function tunnelOf(settings: AgentSettings, directory: string, log: Logger): Promise<string | undefined> {
  if (settings.network !== 'none') return undefined;
  const file = join(directory, 'tunnel');
  await openTunnel({ file, allowed: [hostOfServer(settings.server), ...settings.networkHosts], log });
  return file;
}

/** How workers and payloads are started, and whether a tunnel is their only way out. */
async function confine(
  settings: AgentSettings,
  directory: string,
  state: AgentState,
  log: Logger,
): Promise<{ launcher: Launcher; isTunnelled: boolean }> {
  const tunnel = await tunnelOf(settings, directory, log);
  const hidePaths = [...settings.hidePaths, directory, state.directory];
  const launcher = await prepareLauncher(
    { ...settings, hidePaths, ...(tunnel === undefined ? {} : { tunnel }) },
    process.env,
    directory,
  );
  return { launcher, isTunnelled: tunnel !== undefined && launcher.facts.by === 'bubblewrap' };
}

/** Workers trust the authority that the agent trusts: Node reads it from a file that this variable names. */
function trustedBy({ ca }: AgentSettings, directory: string): { env: NodeJS.ProcessEnv; files: readonly string[] } {
  if (ca === null) return { env: {}, files: [] };
  const file = join(directory, 'ca.pem');
  const others = process.env['NODE_EXTRA_CA_CERTS'];
  writeFileSync(file, others === undefined ? ca : `${readFileSync(others, 'utf8')}\n${ca}`);
  return { env: { NODE_EXTRA_CA_CERTS: file }, files: [file] };
}

/** The key with which workers read from the xrootds of the pool, where XRootD's own clients look for it. */
function keyOfPool(
  { poolKeytab }: AgentSettings,
  directory: string,
): { env: NodeJS.ProcessEnv; files: readonly string[] } {
  if (poolKeytab === null) return { env: {}, files: [] };
  const file = join(directory, 'pool.keytab');
  writeFileSync(file, poolKeytab, { mode: 0o600 });
  return { env: { XrdSecSSSKT: file }, files: [file] };
}

/** In the usual variables, for all that this agent and its workers dial. */
function useProxy({ httpsProxy, noProxy }: AgentSettings): void {
  if (httpsProxy !== null)
    for (const name of ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY']) process.env[name] = httpsProxy;
  if (noProxy !== null) for (const name of ['no_proxy', 'NO_PROXY']) process.env[name] = noProxy;
}

function foundPayloads({ directory, former }: AgentState, launcher: Launcher, log: Logger): readonly FoundPayload[] {
  if (former === undefined) return [];
  const isConfined = launcher.facts.by === 'bubblewrap';
  return findPayloads(directory, { former, isConfined, clock: systemClock, log });
}

interface Surroundings {
  readonly settings: AgentSettings;
  readonly measure: NodeMeasure;
  readonly launcher: Launcher;
  readonly slot: string;
  readonly log: Logger;
  readonly ledger: CpuLedger;
  readonly directory: string;
  /** What workers find besides the agent's own environment, and the files that it names. */
  readonly env: NodeJS.ProcessEnv;
  readonly shown: readonly string[];
}

function makeWorkers(
  { settings, measure, launcher, slot, log, ledger, directory, env, shown }: Surroundings,
  on: Parameters<JobAgentOptions['makePool']>[0],
): WorkerPool {
  return new WorkerPool({
    program: join(import.meta.dirname, '..', 'warm', 'worker.js'), // worker/main.js and its imports: scripts/bundle.mjs
    n: settings.cores,
    // By this mark a site finds what is left of a slot whose agent was killed, user code's own children included.
    env: { ...cleanEnvironment(process.env), ...env, PROOF_SLOT: slot },
    directory,
    launcher,
    limits: workerLimits({ memoryBytes: memoryOf(settings), cores: settings.cores, diskBytes: measure.diskBytes }),
    shown,
    clock: systemClock,
    log,
    ledger,
    onChange: on.change,
    onFreed: on.freed,
    onHopeless: on.hopeless,
    onTicketWanted: on.ticketWanted,
  });
}

async function start(): Promise<Daemon> {
  const settings = readSettings(process.argv.slice(2), process.env);
  useProxy(settings);
  const log = createLogger({ program: 'agent', level: settings.logLevel, file: null, terminal: true });
  const { stateDir, returnWithinS } = settings;
  const kept = stateDir === null ? undefined : AgentState.open(stateDir);
  const scratch = makeScratch(settings.scratch);
  const state = kept ?? AgentState.brief(scratch.directory);
  const slot = state.identity()?.slot ?? slotMark(settings);
  if (state.former !== undefined) clearSlot(slot);
  const { launcher, isTunnelled } = await confine(settings, scratch.directory, state, log);
  log.info(`workers and payloads are ${isolationSentence(launcher.facts)}`);
  const measure = await measureNode({ ...settings, scratch: scratch.directory }, launcher.facts);
  const trust = trustedBy(settings, scratch.directory);
  const pool = keyOfPool(settings, scratch.directory);
  const ledger = new CpuLedger();
  const agent = new JobAgent({
    settings,
    node: nodeFacts(settings, measure, launcher.facts),
    version: PACKAGE_VERSION,
    scratch,
    ...{ state, slot },
    found: foundPayloads(state, launcher, log),
    guarding: {
      script: state.writeScript(GUARD_SCRIPT),
      owner: state.ownerFile,
      patienceS: stateDir === null ? 0 : returnWithinS,
    },
    clock: systemClock,
    log,
    loadAverage: () => loadavg()[0] ?? 0,
    storage: storageOptionsFromEnvironment({ ...process.env, ...pool.env }, process.getuid?.()),
    startDataServer: () =>
      settings.xrootd === null ? Promise.resolve(undefined) : DataServer.start(settings.xrootd, slot, log),
    ledger,
    launcher,
    unfit: unfitReasons(measure, settings),
    recheck: async () => {
      const again = await measureNode({ ...settings, scratch: scratch.directory }, launcher.facts);
      return unfitReasons({ ...again, serverError: null }, settings); // the link itself tells of that
    },
    makePool: (on) =>
      makeWorkers(
        {
          ...{ settings, measure, launcher, slot, log, ledger },
          directory: scratch.directory,
          env: { ...trust.env, ...(isTunnelled ? { PROOF_TUNNEL: TUNNEL } : {}), ...pool.env },
          shown: [...trust.files, ...pool.files],
        },
        on,
      ),
  });
  process.on('exit', () => scratch.remove());
  if (stateDir !== null) process.on('SIGHUP', () => void agent.leave('it leaves its payloads to the next process'));
  agent.start();
  return { url: null, stop: (why) => agent.stop(why), ended: agent.ended };
}

process.title = 'proof-agent';
if (process.argv.slice(2).some((word) => word === '--help' || word === '-h')) process.stdout.write(USAGE);
else await runDaemon('proof-agent', start);
