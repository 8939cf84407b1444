/** The job queue with its state in a real file and agents that are said for: what they are told is kept, what they answer the test says. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import type { ToAgentMessage } from '../../protocol/agent-messages.js';
import { type Clock, systemClock } from '../../protocol/clock.js';
import type { JobInfo, JobOrder, PayloadEnd, SubmittedJob } from '../../protocol/job-messages.js';
import { createLogger } from '../../protocol/log.js';
import type { Identity } from '../../protocol/tokens.js';
import { PROTOCOL_VERSION } from '../../protocol/version.js';
import { AgentRegistry } from '../../proxy-server/agent-registry.js';
import { readProxyConfig } from '../../proxy-server/config.js';
import { JobService, type JobServiceOptions } from '../../proxy-server/jobs/job-service.js';
import { openStateDb } from '../../proxy-server/state-db.js';
import { testNode } from './nodes.js';

export const identity = (user: string, role: Identity['role'] = 'user'): Identity => ({
  ...{ user, role, tokenId: null, issuedAt: null, expiresAt: null },
});
export const ALICE = identity('alice');

export interface Order {
  readonly agentId: string;
  readonly job: JobOrder;
}

export class QueueBench {
  readonly folder = mkdtempSync(join(tmpdir(), 'proof-queue-'));
  readonly orders: Order[] = [];
  readonly sent: ToAgentMessage[] = [];
  db!: Database.Database;
  registry!: AgentRegistry;
  jobs!: JobService;

  /** @param config more lines of the configuration @param parts in place of a catalog that is none, no tokens, and the real clock (the agents have it in any case) */
  start(
    config = '',
    parts: Partial<Pick<JobServiceOptions, 'catalog' | 'book' | 'takesTokens'>> & { clock?: Clock } = {},
  ): void {
    const { clock = systemClock, ...rest } = parts;
    const file = join(this.folder, 'proxy.yaml');
    writeFileSync(
      file,
      `stateDir: ${this.folder}\nauth: development\nlisten: 127.0.0.1:0\ncatalog: none\nsites: [{ name: TEST, type: local, max: 1 }]\n${config}`,
    );
    this.db = openStateDb(join(this.folder, 'proxy.db'));
    this.registry = new AgentRegistry({ clock: systemClock, heartbeatMs: 60_000, emit: () => {} });
    this.jobs = new JobService({
      config: readProxyConfig(file),
      db: this.db,
      clock,
      log: createLogger({ program: 'test', level: 'error', file: null, terminal: false }),
      registry: this.registry,
      catalog: { forUser: () => Promise.resolve(null), forAdmin: () => Promise.resolve(null) },
      onDemand: () => {},
      onUse: () => {},
      onClaim: () => {},
      book: null,
      takesTokens: () => false,
      send: (agentId, message) => {
        this.sent.push(message);
        if (message.type === 'runJob') this.orders.push({ agentId, job: message.job });
      },
      ...rest,
    });
  }
  /** As a crash would: the state stays in its file. */
  async stop(): Promise<void> {
    await this.jobs.close();
    this.registry.close();
    this.db.close();
  }
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  agent(agentId: string, cores: number, protocol = PROTOCOL_VERSION): void {
    this.registry.join({ agentId, pilotId: null, pid: 1, protocol, workers: [], node: { ...testNode, cores } });
    this.jobs.runner.look();
  }
  submit(jdl: string, who = ALICE): Promise<SubmittedJob> {
    return this.jobs.desk.submit(who, { jdl: `Executable = "/bin/true"; ${jdl}`, args: [] });
  }
  job(jobId: number, who = ALICE): JobInfo {
    return this.jobs.desk.get(who, jobId);
  }
  parts(masterId: number): JobInfo[] {
    return this.jobs.desk.list(ALICE, { masters: [masterId] });
  }
  trace(jobId: number, who = ALICE): string {
    return this.jobs.desk
      .trace(who, jobId, 0)
      .map(({ text }) => text)
      .join('\n');
  }
  async until(isSo: () => boolean): Promise<void> {
    const end = performance.now() + 100_000;
    while (!isSo()) {
      if (performance.now() > end)
        throw new Error(
          `not so within 100 s: ${JSON.stringify(this.jobs.desk.list(identity('x', 'admin'), { everyones: true }))}`,
        );
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  /** The agent says how the job of an order went. */
  end(
    { agentId, job: { jobId, run } }: Order,
    outcome: PayloadEnd['outcome'] = 'done',
    more: Partial<PayloadEnd> = {},
  ): void {
    this.jobs.runner.report(agentId, {
      ...{ jobId, run, phase: 'ended' },
      end: {
        ...{ outcome, why: `it is ${outcome}`, exitCode: 0, cpuSeconds: 2, wallSeconds: 3, suspendedSeconds: 0 },
        ...{ memoryBytes: 5e6, files: [], stored: [], ...more },
      },
    });
  }
  /** Each order is answered as it comes, until so many have been. */
  async answer(count: number, outcomeOf: (order: JobOrder) => PayloadEnd['outcome']): Promise<void> {
    for (let i = 0; i < count; i++) {
      await this.until(() => this.orders.length > i);
      this.end(this.orders[i]!, outcomeOf(this.orders[i]!.job));
    }
  }
}
