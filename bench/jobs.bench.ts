/**
 * The job queue with its state on disk as in production (a SQLite file, WAL): submits, splits, matches and ends a second, and how long the
 * process is held meanwhile. Agents are entries of the registry: what they are sent is counted, what they say is said for them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type Database from 'better-sqlite3';
import type { ToAgentMessage } from '../protocol/agent-messages.js';
import { systemClock } from '../protocol/clock.js';
import { createLogger } from '../protocol/log.js';
import type { Identity } from '../protocol/tokens.js';
import { AgentRegistry } from '../proxy-server/agent-registry.js';
import { JobService } from '../proxy-server/jobs/job-service.js';
import { openStateDb } from '../proxy-server/state-db.js';
import { benchConfig } from './jobs-config.js';
import type { BenchRow } from './main.js';

export const title = 'jobs: the queue, durable';

const AGENTS = 1000;
const CORES = 8;
const JOBS = 10_000;
const ALICE: Identity = { user: 'alice', role: 'user', tokenId: null, issuedAt: null, expiresAt: null };
const JDL = `Executable = "/bin/true"; Arguments = "--run $1"; JobTag = {"comment:bench"}; TTL = 3600; MemorySize = "500MB";
  Packages = {"VO_ALICE@ROOT::v6"}; OutputFile = {"out.root@disk=2"}; InputFile = {};
  Requirements = member(other.GridPartitions, "analysis") && other.CE != "ALICE::X::Y";`;

type Order = Extract<ToAgentMessage, { type: 'runJob' }>['job'];

class Queue {
  readonly folder = mkdtempSync(join(tmpdir(), 'proof-bench-jobs-'));
  readonly db: Database.Database = openStateDb(join(this.folder, 'proxy.db'));
  readonly registry = new AgentRegistry({ clock: systemClock, heartbeatMs: 60_000, emit: () => {} });
  readonly orders: { agentId: string; job: Order }[] = [];
  #wanted = 0;
  #reached: () => void = () => {};
  readonly jobs = new JobService({
    config: benchConfig(this.folder),
    db: this.db,
    clock: systemClock,
    log: createLogger({ program: 'bench', level: 'error', file: null, terminal: true }),
    registry: this.registry,
    catalog: { forUser: () => Promise.resolve(null), forAdmin: () => Promise.resolve(null) },
    onDemand: () => {},
    onUse: () => {},
    onClaim: () => {},
    book: null,
    takesTokens: () => false,
    send: (agentId, message) => {
      if (message.type !== 'runJob') return;
      this.orders.push({ agentId, job: message.job });
      if (this.orders.length === this.#wanted) this.#reached();
    },
  });

  agents(count: number): void {
    for (let i = 0; i < count; i++)
      this.registry.join({
        ...{ agentId: `a${i}`, pilotId: null, pid: 1, workers: [] },
        node: {
          ...{ host: `n${i}`, site: 'S', ce: null, storageDomain: null, closeSEs: ['ALICE::S::SE'], cores: CORES },
          ...{
            memoryBytes: 64e9,
            diskBytes: 1e12,
            platform: 'linux',
            nodeVersion: 'v20',
            wallTimeEnd: null,
            perf: 100,
          },
        },
      });
  }
  /** Resolves when so many orders have been sent in all. */
  sent(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wanted = count;
      this.#reached = resolve;
      if (this.orders.length >= count) resolve();
    });
  }
  async close(): Promise<void> {
    await this.jobs.close();
    this.registry.close();
    this.db.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs, and says how long it took and how long the process did nothing else at the most. */
async function measured(work: () => Promise<unknown>): Promise<{ ms: number; heldMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  await new Promise((resolve) => setImmediate(resolve));
  delay.enable();
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  await new Promise((resolve) => setTimeout(resolve, 5)); // the last delay is seen at the next turn
  delay.disable();
  return { ms, heldMs: delay.max / 1e6 };
}

const rate = (count: number, ms: number): string =>
  `${((count / ms) * 1000).toLocaleString('en', { maximumFractionDigits: 0 })} /s`;

async function submitting(rows: BenchRow[]): Promise<void> {
  const queue = new Queue();
  const count = 5000;
  const { ms, heldMs } = await measured(async () => {
    for (let i = 0; i < count; i += 50)
      await Promise.all(
        Array.from({ length: 50 }, (_, k) => queue.jobs.desk.submit(ALICE, { jdl: JDL, args: [String(i + k)] })),
      );
  });
  rows.push({ what: 'submit, each a JDL of its own', value: rate(count, ms), target: 'at least 2,000 /s' });
  rows.push({ what: '  the process is held at most', value: `${heldMs.toFixed(0)} ms` });
  const split = await measured(() =>
    queue.jobs.desk.submit(ALICE, { jdl: `${JDL} Split = "production:1-${JOBS}";`, args: ['1'] }),
  );
  rows.push({ what: `split into ${JOBS} sub-jobs`, value: rate(JOBS, split.ms) });
  rows.push({ what: '  the process is held at most', value: `${split.heldMs.toFixed(0)} ms` });
  await queue.close();
}

async function matching(rows: BenchRow[]): Promise<void> {
  const queue = new Queue();
  await queue.jobs.desk.submit(ALICE, { jdl: `${JDL} Split = "production:1-${JOBS}";`, args: ['1'] });
  queue.agents(AGENTS);
  const match = await measured(async () => {
    queue.jobs.runner.look();
    await queue.sent(AGENTS * CORES);
  });
  rows.push({
    what: `match ${JOBS} waiting jobs with ${AGENTS} agents of ${CORES} cores, orders sent`,
    value: rate(AGENTS * CORES, match.ms),
    target: 'at least 2,000 /s',
  });
  rows.push({ what: '  the process is held at most', value: `${match.heldMs.toFixed(0)} ms` });
  const given = queue.orders.slice();
  const end = { outcome: 'done' as const, why: 'ok', exitCode: 0, cpuSeconds: 1, wallSeconds: 1, suspendedSeconds: 0 };
  const ends = await measured(async () => {
    for (const [i, { agentId, job }] of given.entries()) {
      const { jobId, run } = job;
      for (const phase of ['started', 'running', 'saving'] as const)
        queue.jobs.runner.report(agentId, { jobId, run, phase });
      queue.jobs.runner.report(agentId, { jobId, run, phase: 'ended', end: { ...end, files: [], stored: [] } });
      if (i % 20 === 19) await new Promise((resolve) => setImmediate(resolve));
    }
    await queue.sent(JOBS);
  });
  rows.push({
    what: 'jobs from start to DONE, the rest of the queue matched meanwhile',
    value: rate(given.length, ends.ms),
  });
  rows.push({ what: '  the process is held at most', value: `${ends.heldMs.toFixed(0)} ms` });
  await queue.close();
}

/** The worst case: every job asks for something else, and no agent has it. */
async function hopeless(rows: BenchRow[]): Promise<void> {
  const queue = new Queue();
  const count = 2000;
  for (let i = 0; i < count; i++)
    await queue.jobs.desk.submit(ALICE, {
      jdl: `Executable = "/bin/true"; Requirements = other.Memory > ${10_000_000 + i} && other.TTL > 60 && member(other.CloseSE, "ALICE::S::SE");`,
      args: [],
    });
  queue.agents(AGENTS);
  const { heldMs } = await measured(async () => {
    queue.jobs.runner.look();
    await new Promise((resolve) => setTimeout(resolve, 3000));
  });
  rows.push({
    what: `${count} kinds of jobs that no agent fits: the process is held at most`,
    value: `${heldMs.toFixed(0)} ms`,
  });
  await queue.close();
}

export async function run(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  await submitting(rows);
  await matching(rows);
  await hopeless(rows);
  return rows;
}
