/** Pilots through the REST interface of a real ARC computing element: submitted, registered, read, killed, replaced, ended. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { BatchCluster, batchClusterMissing } from '../support/batch-cluster.js';
import { TestProxy } from '../support/proxy-server.js';
import { skipBecause } from '../support/summary-reporter.js';

describe('site type arc', function () {
  this.timeout(60_000);
  let element: BatchCluster | undefined;
  let proxy: TestProxy | undefined;

  before(async function () {
    const missing = batchClusterMissing('arc');
    if (missing !== undefined) skipBecause(this, missing);
    element = await BatchCluster.start('arc');
    const cert = join(element.folder, 'cert');
    const credentials = `ca: ${cert}/ca.crt, certificate: ${cert}/user.crt, key: ${cert}/user.key`;
    proxy = new TestProxy(
      `sites: [{ name: CE, type: arc, min: 2, url: "${element.environment['ARC_URL']}", ${credentials} }]\n` +
        'heartbeatMs: 500\nfactoryTickS: 1\n',
    );
    await proxy.start();
  });
  after(async () => {
    await proxy?.stop();
    await element?.stop();
  });

  it('brings agents to register, and gives what they wrote', async () => {
    const workers = await proxy!.warm(2);
    expect(workers.map(({ node }) => node.site)).to.deep.equal(['CE', 'CE']);
    const [pilot] = await proxy!.pilots();
    const output = await (await fetch(`${proxy!.url}/v1/pilots/${pilot!.pilotId}/output`)).text();
    expect(output).to.contain('registered');
  });

  it('replaces a pilot that was killed', async () => {
    const [pilot] = await proxy!.pilots();
    expect((await fetch(`${proxy!.url}/v1/pilots/${pilot!.pilotId}`, { method: 'DELETE' })).status).to.equal(200);
    const pilots = await proxy!.until(
      () => proxy!.pilots(),
      (all) => all.filter(({ state }) => state === 'idle').length === 2,
    );
    expect(pilots.find(({ state }) => state === 'gone')?.pilotId).to.equal(pilot!.pilotId);
  });

  it('ends its pilots with the ProxyServer', async () => {
    const pids = (await proxy!.workers()).flatMap(({ pid }) => (pid === null ? [] : [pid]));
    expect(pids).to.have.length(2);
    await proxy!.stop();
    await proxy!.allGone(pids);
    const scratch = join(element!.folder, 'tmp');
    await proxy!.until(
      () => readdirSync(scratch).filter((name) => name.startsWith('proof-pilot-')),
      (left) => left.length === 0,
    );
  });
});
