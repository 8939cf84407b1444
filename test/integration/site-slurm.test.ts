/** Pilots through a real Slurm; once more with nodes that share no directory with the ProxyServer. */
import { join } from 'node:path';
import { expect } from 'chai';
import { BatchCluster, batchClusterMissing } from '../support/batch-cluster.js';
import { TestProxy } from '../support/proxy-server.js';
import { describeSite, type SiteScenario } from '../support/site-scenario.js';
import { skipBecause } from '../support/summary-reporter.js';

const environment = (values: Readonly<Record<string, string>>): string => JSON.stringify(values);

const slurm: SiteScenario = {
  kind: 'slurm',
  site: (batch) => `partition: main, environment: ${environment(batch.environment)}`,
  says: /Slurm partition main\* is up/,
  translation: /^sbatch /,
  scratch: (batch) => join(batch.folder, 'scratch'),
  lose: (batch, batchId) => batch.command('scancel', batchId),
  slots: {
    close: (batch) => batch.command('scontrol', 'update', 'nodename=n1,n2', 'state=drain', 'reason=test'),
    open: (batch) => batch.command('scontrol', 'update', 'nodename=n1,n2', 'state=resume'),
  },
  jobs: (batch) => batch.command('squeue', '--noheader', '--format=%A'),
};

describeSite(slurm);

describe('site type slurm, a whole node for each pilot, which share no directory with the ProxyServer', () => {
  let batch: BatchCluster | undefined;
  let proxy: TestProxy | undefined;
  before(function () {
    const missing = batchClusterMissing('slurm');
    if (missing !== undefined) skipBecause(this, missing);
  });
  after(async () => {
    await proxy?.stop();
    await batch?.stop();
  });

  it('runs one, with a worker on each core that Slurm gave it, and has its log when it is over', async () => {
    batch = await BatchCluster.start('slurm');
    const site = `name: FARM, type: slurm, min: 1, max: 2, wholeNode: true, payload: fetch, environment: ${environment(batch.environment)}`;
    proxy = new TestProxy(`sites: [{ ${site} }]\nfactoryTickS: 1\n`);
    await proxy.start();
    await proxy.warm(8);
    expect(batch.command('squeue', '--noheader', '--format=%C').trim()).to.equal('8');
    const [pilot] = await proxy.pilots();
    await fetch(`${proxy.url}/v1/pilots/${pilot!.pilotId}`, { method: 'DELETE' });
    const said = async (): Promise<string> => (await fetch(`${proxy!.url}/v1/pilots/${pilot!.pilotId}/output`)).text();
    await proxy.until(said, (text) => text.includes('registered') && text.includes('ending'));
  });
});
