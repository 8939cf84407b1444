/** Pilots through a real Slurm and a real Grid Engine: a query's answer, pilots that are killed or lost, and nothing left at the end. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { z } from 'zod';
import { pilotInfo } from '../../protocol/api.js';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { BatchCluster, type BatchKind, batchClusterMissing } from '../support/batch-cluster.js';
import { type Cluster, isAlive, startCluster } from '../support/cluster.js';
import { skipBecause } from '../support/summary-reporter.js';

const SELECTOR = `
import { Selector } from 'proof-grid';
export default class Pt extends Selector {
  override branches = ['mu1_pt'];
  pt = this.h1('pt', 'pt', 10, 0, 200);
  override process(entry: number): void {
    this.pt.fill(this.columns.mu1_pt.at(entry));
  }
}
`;
const ENTRIES = 20_000;

const COMMANDS: Record<
  Exclude<BatchKind, 'arc'>,
  { more: string; jobs: (batch: BatchCluster) => string; remove: string; says: RegExp }
> = {
  slurm: {
    more: 'partition: main',
    jobs: (batch) => batch.command('squeue', '--noheader', '--format=%A'),
    remove: 'scancel',
    says: /Slurm partition main\* is up/,
  },
  gridengine: {
    more: 'queue: main.q, payload: true',
    jobs: (batch) => batch.command('qstat'),
    remove: 'qdel',
    says: /queue main\.q/,
  },
};

for (const kind of ['slurm', 'gridengine'] as const) {
  const { more, jobs, remove, says } = COMMANDS[kind];

  describe(`site type ${kind}`, function () {
    this.timeout(120_000);
    let batch: BatchCluster | undefined;
    let cluster: Cluster | undefined;
    let scratch = '';

    before(async function () {
      const missing = batchClusterMissing(kind);
      if (missing !== undefined) skipBecause(this, missing);
      batch = await BatchCluster.start(kind);
      scratch = join(batch.folder, 'scratch');
      mkdirSync(scratch);
      const environment = JSON.stringify(batch.environment);
      cluster = await startCluster({
        pilots: 2,
        site: `{ name: FARM, type: ${kind}, min: 2, cores: 1, ${more}, scratch: ${scratch}, environment: ${environment} }`,
        proxyConfig: 'heartbeatMs: 500\nfactoryTickS: 1\n',
      });
      await cluster.warm(2);
    });
    after(async () => {
      await cluster?.stop();
      await batch?.stop();
    });

    const pilots = async (): Promise<z.infer<typeof pilotInfo>[]> =>
      z.array(pilotInfo).parse(JSON.parse((await cluster!.proof('pilots', '--all', '--json')).stdout));
    const idle = async () => (await pilots()).filter(({ state }) => state === 'idle');
    const until = async (what: string, isSo: () => Promise<boolean> | boolean): Promise<void> => {
      const end = performance.now() + 40_000;
      while (!(await isSo())) if (performance.now() > end) throw new Error(`not within 40 s: ${what}`);
    };
    const replaced = (batchId: string | null): Promise<void> =>
      until(`${batchId} is replaced`, async () => {
        const found = await idle();
        return found.length === 2 && found.every((pilot) => pilot.batchId !== batchId);
      });

    it('runs a query: the same answer as without any pilot', async () => {
      const file = (name: string): string => join(cluster!.folder, name);
      await writeDimuonFile(file('data.root'), { seed: 1, firstEvent: 0, events: ENTRIES, run: 1 });
      writeFileSync(file('pt.ts'), SELECTOR);
      const ran = await cluster!.proof('run', file('pt.ts'), file('data.root'), '--json', file('farm.json'));
      expect(ran.status, ran.stderr).to.equal(0);
      const local = await cluster!.proof(
        'run',
        '--local',
        file('pt.ts'),
        file('data.root'),
        '--json',
        file('local.json'),
      );
      expect(local.status, local.stderr).to.equal(0);
      const contents = (name: string): unknown =>
        JSON.parse(execFileSync('cat', [file(name)], { encoding: 'utf8' })).outputs;
      expect(contents('farm.json')).to.deep.equal(contents('local.json'));
      await until('the pool is idle again', async () => (await idle()).length === 2);
    });

    it('tells of itself, what its pilots get, and what they wrote', async () => {
      expect((await cluster!.proof('sites', 'explain', 'FARM')).stdout).to.match(says);
      const translated = await cluster!.proof('pilot', 'jdl', 'FARM', '--translate');
      expect(translated.stdout)
        .to.match(/^(sbatch|qsub) /)
        .and.contain('#!/bin/sh');
      const [pilot] = await idle();
      expect((await cluster!.proof('pilot', 'log', pilot!.pilotId)).stdout).to.contain('registered');
    });

    it('replaces a pilot that was killed, and one that the batch system lost', async () => {
      const [first] = await idle();
      expect((await cluster!.proof('pilot', 'kill', first!.pilotId)).status).to.equal(0);
      await replaced(first!.batchId);
      const [second] = await idle();
      batch!.command(remove, second!.batchId!);
      await replaced(second!.batchId);
      expect((await pilots()).find(({ batchId }) => batchId === second!.batchId)?.state).to.equal('gone');
    });

    it('leaves nothing when the ProxyServer is asked to end', async () => {
      expect(jobs(batch!)).not.to.equal('');
      process.kill(cluster!.proxyPid, 'SIGTERM');
      await until('the ProxyServer ended', () => !isAlive(cluster!.proxyPid));
      await until('no job is left', () => jobs(batch!).trim() === '');
      await until('no scratch directory is left', () => readdirSync(scratch).length === 0);
    });
  });
}
