/**
 * What every batch system has to stand, with a real one: pilots that register, a query, a batch job, demand that comes and goes, pilots that are drained,
 * slots that are closed, pilots that are killed and lost, a batch system that is restarted in the middle, a ProxyServer that crashes, and nothing left at the end.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { z } from 'zod';
import { pilotInfo, siteInfo } from '../../protocol/api.js';
import { jobInfo } from '../../protocol/job-messages.js';
import { BatchCluster, type BatchKind, batchClusterMissing } from './batch-cluster.js';
import { type Cluster, isAlive, startCluster } from './cluster.js';
import { sharedPath } from './shared.js';
import { skipBecause } from './summary-reporter.js';

export interface SiteScenario {
  readonly kind: BatchKind;
  /** Keys of the site, beside name, type, limits, scratch. */
  site(batch: BatchCluster): string;
  /** What it tells of itself, and what its pilots are translated to. */
  readonly says: RegExp;
  readonly translation: RegExp;
  /** Where its pilots make their scratch directories. */
  scratch(batch: BatchCluster): string;
  /** The batch system loses this job, behind our back. */
  lose(batch: BatchCluster, batchId: string): void;
  /** Slots are closed to new jobs, or open again; absent where it cannot be told to. */
  readonly slots?: { close(batch: BatchCluster): void; open(batch: BatchCluster): void };
  /** Ids of the jobs that it holds, in any text; absent where asking takes a client of its own. */
  readonly jobs?: (batch: BatchCluster) => string;
}

const WAIT_MS = 150_000;

export function describeSite(scenario: SiteScenario): void {
  const { kind } = scenario;
  describe(`site type ${kind}`, () => {
    let batch: BatchCluster;
    let cluster: Cluster;
    let started = false;

    before(async function () {
      const missing = batchClusterMissing(kind);
      if (missing !== undefined) skipBecause(this, missing);
      batch = await BatchCluster.start(kind);
      started = true;
      const scratch = scenario.scratch(batch);
      mkdirSync(scratch, { recursive: true, mode: 0o1777 });
      const site = `{ name: FARM, type: ${kind}, min: 2, max: 4, letGoIdleS: 1, scratch: ${scratch}, ${scenario.site(batch)} }`;
      cluster = await startCluster({ pilots: 2, site, proxyConfig: 'factoryTickS: 1\n' });
      await cluster.warm(2);
    });
    after(async () => {
      await cluster?.stop();
      if (started) await batch.stop();
    });

    const listed = async <T>(schema: z.ZodType<T>, ...words: string[]): Promise<T> =>
      schema.parse(JSON.parse((await cluster.proof(...words, '--json')).stdout));
    const pilots = () => listed(z.array(pilotInfo), 'pilots', '--all');
    const idle = async () => (await pilots()).filter(({ state }) => state === 'idle');
    const decision = async (): Promise<string> => (await listed(z.array(siteInfo), 'sites'))[0]!.lastDecision;
    /** Of all pilots, for who has to find out what went wrong. */
    const story = async (): Promise<string> =>
      (await pilots()).map((one) => `${one.pilotId} ${one.batchId} ${one.state} ${one.why ?? ''}`).join('\n');
    const until = async (what: string, isSo: () => Promise<boolean> | boolean): Promise<void> => {
      const end = performance.now() + WAIT_MS;
      while (!(await isSo()))
        if (performance.now() > end)
          throw new Error(`not within ${WAIT_MS / 1000} s: ${what}; ${await decision()}\n${await story()}`);
    };
    const settled = (n = 2): Promise<void> => until(`${n} idle agents`, async () => (await idle()).length === n);
    const replaced = (batchId: string | null): Promise<void> =>
      until(`${batchId} is replaced`, async () => {
        const found = await idle();
        return found.length === 2 && found.every((pilot) => pilot.batchId !== batchId);
      });
    const pids = async (): Promise<number[]> =>
      (await listed(z.array(z.object({ pid: z.number() })), 'workers')).map(({ pid }) => pid).sort();
    const file = (name: string): string => join(cluster.folder, name);
    const data = sharedPath('testdata/root/uproot-Zmumu.root');
    const query = async (into: string, ...words: string[]): Promise<void> => {
      const ran = await cluster.proof('draw', ...words, data!, 'M>>m(60,60,120)', '--json', file(into));
      expect(ran.status, ran.stderr).to.equal(0);
    };

    it('tells of itself, what its pilots get, and what they wrote', async () => {
      expect((await cluster.proof('sites', 'explain', 'FARM')).stdout).to.match(scenario.says);
      expect((await cluster.proof('pilot', 'jdl', 'FARM', '--translate')).stdout)
        .to.match(scenario.translation)
        .and.contain('#!/bin/sh');
      await settled();
      const [pilot] = await idle();
      expect((await cluster.proof('pilot', 'log', pilot!.pilotId)).stdout).to.contain('registered');
    });

    it('runs a query over real data: the same answer as without any pilot', async function () {
      if (data === undefined) skipBecause(this, 'there is no shared/testdata beside the checkout');
      await query('farm.json');
      await query('local.json', '--local');
      const outputs = (name: string): unknown => JSON.parse(readFileSync(file(name), 'utf8')).outputs;
      expect(outputs('farm.json')).to.deep.equal(outputs('local.json'));
      await settled();
    });

    it('runs a batch job', async () => {
      writeFileSync(file('job.jdl'), 'Executable = "/bin/echo"; Arguments = "from the farm";');
      expect((await cluster.proof('submit', file('job.jdl'))).status).to.equal(0);
      await until('the job is done', async () =>
        (await listed(z.array(jobInfo), 'ps', '-A')).some(({ state, site }) => state === 'DONE' && site === 'FARM'),
      );
    });

    it('drains a pilot: it takes nothing new, finishes what runs and leaves, with another one in its place', async () => {
      // Where any user that pilots run as may read.
      const go = join(scenario.scratch(batch), 'go');
      const program = join(scenario.scratch(batch), 'wait.sh');
      writeFileSync(program, `while [ ! -e ${go} ]; do sleep 0.1; done`);
      writeFileSync(file('wait.jdl'), `Executable = "/bin/sh"; Arguments = "${program}"; TTL = 600;`);
      expect((await cluster.proof('submit', file('wait.jdl'))).status).to.equal(0);
      const job = async () => (await listed(z.array(jobInfo), 'ps', '-A')).sort((a, b) => b.jobId - a.jobId)[0]!;
      await until('the job runs', async () => (await job()).state === 'RUNNING');
      const { agentId, jobId } = await job();
      const drained = async () => (await pilots()).find((pilot) => pilot.agentId === agentId)!;
      try {
        expect((await cluster.proof('pilots', 'drain', (await drained()).pilotId)).status).to.equal(0);
        await settled();
        if (data !== undefined) await query('drained.json'); // sessions get the cores of batch jobs, too, where they may
        expect((await drained()).state).to.equal('draining');
        expect((await job()).state).to.equal('RUNNING');
      } finally {
        writeFileSync(go, ''); // the tests that follow need the slot
      }
      await until('it left', async () => (await drained()).state === 'gone');
      expect(await job()).to.include({ jobId, state: 'DONE', resubmissions: 0 });
      const { stdout: trace } = await cluster.proof('trace', String(jobId));
      expect(trace.includes('suspended: a session'), trace).to.equal(false);
      await settled();
    });

    it('follows demand, and lets idle agents go when it is over', async () => {
      const asked = await cluster.proof('request', '--workers', '3', '--wait', '--json');
      expect(asked.status, asked.stderr).to.equal(0);
      await cluster.proof('request', '--cancel', JSON.parse(asked.stdout).requestId);
      await until('one was let go', async () =>
        (await pilots()).some(({ state, why }) => state === 'gone' && why?.includes('idle for 1 s') === true),
      );
      await settled();
    });

    it('cancels pilots that wait in its queue when nobody needs them any more', async function () {
      const { slots } = scenario;
      if (slots === undefined) return skipBecause(this, 'this batch system starts every job at once');
      slots.close(batch);
      const asked = await cluster.proof('request', '--workers', '4', '--json');
      const waiting = async (): Promise<number> =>
        (await pilots()).filter(({ state }) => state === 'queued' || state === 'submitted').length;
      await until('two wait', async () => (await waiting()) === 2);
      await cluster.proof('request', '--cancel', JSON.parse(asked.stdout).requestId);
      await until('none waits', async () => (await waiting()) === 0);
      slots.open(batch);
      await settled();
    });

    it('replaces a pilot that was killed, and one that the batch system lost', async () => {
      const [first] = await idle();
      expect((await cluster.proof('pilot', 'kill', first!.pilotId)).status).to.equal(0);
      await replaced(first!.batchId);
      const [second] = await idle();
      scenario.lose(batch, second!.batchId!);
      await replaced(second!.batchId);
      expect((await pilots()).find(({ batchId }) => batchId === second!.batchId)?.state).to.equal('gone');
    });

    it('keeps its agents when the batch system is restarted, and doubles none', async () => {
      const before = (await idle()).map(({ pilotId }) => pilotId).sort();
      await batch.goDown();
      await until('the factory noticed', async () => (await decision()).includes('the look failed'));
      expect((await idle()).map(({ pilotId }) => pilotId).sort()).to.deep.equal(before);
      await batch.comeUp();
      await until('the factory sees it again', async () => (await decision()).includes('enough'));
      expect((await idle()).map(({ pilotId }) => pilotId).sort()).to.deep.equal(before);
      const [victim] = await idle();
      await cluster.proof('pilot', 'kill', victim!.pilotId);
      await replaced(victim!.batchId);
    });

    it('finds its pilots again when the ProxyServer crashed, also one whose batch id was not written down, and doubles none', async () => {
      const known = async () => (await idle()).map(({ pilotId, batchId }) => ({ pilotId, batchId }));
      const before = (await known()).sort((a, b) => a.pilotId.localeCompare(b.pilotId));
      await cluster.warm(2);
      const workers = await pids();
      await cluster.killProxy();
      const db = new Database(join(cluster.folder, 'proxy', 'proxy.db'));
      db.prepare('UPDATE pilot SET batch_id = NULL WHERE pilot_id = ?').run(before[0]!.pilotId);
      db.close();
      await cluster.startProxy();
      await until('the same workers are there', async () => (await pids()).join() === workers.join());
      await until('both are found', async () => (await known()).every(({ batchId }) => batchId !== null));
      expect((await known()).sort((a, b) => a.pilotId.localeCompare(b.pilotId))).to.deep.equal(before);
    });

    it('leaves nothing when the ProxyServer is asked to end', async () => {
      const last = await pids();
      expect(last).to.have.length(2);
      process.kill(cluster.proxyPid, 'SIGTERM');
      const left = (): string[] =>
        readdirSync(scenario.scratch(batch)).filter((name) => name.startsWith('proof-pilot-'));
      const gone = async (what: string, isSo: () => boolean): Promise<void> => {
        const end = performance.now() + WAIT_MS;
        while (!isSo()) {
          if (performance.now() > end) throw new Error(`not within ${WAIT_MS / 1000} s: ${what}; ${left().join(' ')}`);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      };
      await gone('the ProxyServer ended', () => !isAlive(cluster.proxyPid));
      await gone('no worker is left', () => !last.some(isAlive));
      if (scenario.jobs !== undefined) await gone('no job is left', () => scenario.jobs!(batch).trim() === '');
      await gone('no scratch directory is left', () => left().length === 0);
    });
  });
}
