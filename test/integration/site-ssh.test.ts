/** Pilots through a login node that is reached by ssh, with a real sshd and the batch systems behind it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { z } from 'zod';
import { type PilotInfo, pilotInfo, siteInfo } from '../../protocol/api.js';
import { BatchCluster, batchClusterMissing } from '../support/batch-cluster.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { loginNodeMissing, SshLoginNode } from '../support/ssh-login-node.js';
import { skipBecause } from '../support/summary-reporter.js';

const BEHIND = [
  {
    kind: 'slurm',
    keys: { partition: 'main', payload: true },
    says: /Slurm partition main\* is up/,
    queue: 'squeue --noheader',
  },
  { kind: 'gridengine', keys: { queue: 'main.q' }, says: /queue main\.q/, queue: 'qstat' },
] as const;

for (const { kind, keys, says, queue } of BEHIND)
  describe(`site type ssh, with ${kind} behind the login node`, () => {
    let batch: BatchCluster | undefined;
    let login: SshLoginNode | undefined;
    let cluster: Cluster | undefined;

    before(async function () {
      const missing = loginNodeMissing() ?? batchClusterMissing(kind);
      if (missing !== undefined) skipBecause(this, missing);
      batch = await BatchCluster.start(kind);
      login = await SshLoginNode.start();
      const scratch = join(batch.folder, 'scratch');
      mkdirSync(scratch, { mode: 0o1777 });
      const directory = join(login.folder, 'pilots');
      const remote = { type: kind, ...keys, scratch, directory, environment: batch.environment };
      const { host, sshOptions } = login;
      const site = JSON.stringify({ name: 'FAR', type: 'ssh', host, sshOptions, min: 1, max: 2, remote });
      cluster = await startCluster({ pilots: 1, site, proxyConfig: 'factoryTickS: 1\n' });
      await cluster.warm(1);
    });
    after(async () => {
      await cluster?.stop();
      await login?.stop();
      await batch?.stop();
    });

    const until = async <T>(what: string, look: () => Promise<T> | T, isSo: (found: T) => boolean): Promise<T> => {
      for (const end = performance.now() + 150_000; ; ) {
        const found = await look();
        if (isSo(found)) return found;
        if (performance.now() > end) throw new Error(`not within 150 s: ${what}; ${JSON.stringify(found)}`);
      }
    };
    const pilots = async () =>
      z.array(pilotInfo).parse(JSON.parse((await cluster!.proof('pilots', '--all', '--json')).stdout));
    const idle = async (): Promise<PilotInfo> =>
      (await until('one is idle', pilots, (all) => all.some(({ state }) => state === 'idle'))).find(
        ({ state }) => state === 'idle',
      )!;
    const inQueue = (): string[] =>
      Array.from(batch!.command(...queue.split(' ')).matchAll(/^ *(\d+) /gm), ([, id]) => id!);

    it('runs a pilot that registers, over one shared connection, and reads its log and what the batch system says', async () => {
      const pilot = await idle();
      expect(inQueue()).to.deep.equal([pilot.batchId]);
      expect(login!.isShared()).to.equal(true);
      expect((await cluster!.proof('pilot', 'log', pilot.pilotId)).stdout).to.contain('registered');
      expect((await cluster!.proof('sites', 'explain', 'FAR')).stdout).to.match(says);
    });

    it('opens the shared connection again when it was closed', async () => {
      login!.closeShared();
      const pilot = await idle();
      expect((await cluster!.proof('pilot', 'log', pilot.pilotId)).stdout).to.contain('registered');
      expect(login!.isShared()).to.equal(true);
      const answer = JSON.parse((await cluster!.proof('sites', '--json')).stdout);
      expect(z.array(siteInfo).parse(answer)[0]!.backOffUntil).to.equal(null);
    });

    it('cancels one, which leaves the batch system, and another takes its place', async () => {
      const pilot = await idle();
      expect((await cluster!.proof('pilot', 'kill', pilot.pilotId)).status).to.equal(0);
      const isOther = ({ state, pilotId }: { state: string; pilotId: string }): boolean =>
        state === 'idle' && pilotId !== pilot.pilotId;
      await until('another one is idle', pilots, (all) => all.some(isOther));
      await until('the cancelled one left the queue', inQueue, (ids) => !ids.includes(pilot.batchId!));
    });

    it('leaves no job and no connection', async () => {
      await cluster!.stop();
      await until('no job is left', inQueue, (ids) => ids.length === 0);
      login!.closeShared();
      await until(
        'the connection is closed',
        () => login!.isShared(),
        (isShared) => !isShared,
      );
    });
  });
