/** Workers asked for ahead, with the real command: first where the files are, elsewhere when that is full, for as long as was asked. */
import { expect } from 'chai';
import { z } from 'zod';
import { requestInfo } from '../../protocol/api.js';
import { run } from '../support/cluster.js';
import { TestProxy } from '../support/proxy-server.js';

describe('proof request', function () {
  this.timeout(90_000);
  let proxy: TestProxy;
  afterEach(() => proxy.stop());

  it('brings workers to the sites that hold the data set, keeps them while it stands, and lets them go after', async () => {
    const far = '{ name: FAR, type: local, max: 4, letGoIdleS: 0 }';
    const near = '{ name: NEAR, type: local, max: 2, letGoIdleS: 0, closeSEs: ["V::NEAR::SE"] }';
    proxy = new TestProxy(`sites: [${far}, ${near}]\nheartbeatMs: 500\nfactoryTickS: 1\n`, { catalog: 'embedded' });
    await proxy.start();
    const proof = (...words: string[]) => run([...words, '--host', proxy.url]);
    const se = (name: string) => ['--se', `V::${name}::SE`, '--size', '1000'];
    await proof('mkdir', '-p', '/data');
    await proof('register', '/data/a.root', 'root://a.test//a.root', ...se('NEAR'));
    await proof('register', '/data/b.root', 'root://b.test//b.root', ...se('ELSEWHERE'));
    await proof('datasets', 'create', 'Z', 'lfn:/data/*.root');

    const asked = await proof('request', '--dataset', 'Z', '--workers', '3', '--wait', '--json');
    expect(asked.status, asked.stderr).to.equal(0);
    expect(asked.stderr).to.contain('3 of 3 workers are there');
    const made = requestInfo.parse(JSON.parse(asked.stdout));
    expect(made.sites).to.deep.equal([
      { site: 'NEAR', files: 1, bytes: 1000 },
      { site: 'FAR', files: 0, bytes: 0 },
    ]);
    const counts = async (): Promise<string> =>
      (await proxy.sites()).map(({ name, pilots }) => `${name} ${pilots.idle}`).join(', ');
    expect(await counts()).to.equal('FAR 1, NEAR 2');
    expect((await proof('sites', 'explain', 'NEAR')).stdout).to.contain(`kept for request ${made.requestId}`);

    await proxy.kill();
    await proxy.start(); // it stands after a restart
    expect(await proxy.call(z.array(requestInfo), '/requests')).to.have.length(1);
    await proxy.warm(3);
    expect(await counts()).to.equal('FAR 1, NEAR 2');
    expect((await proof('request', '--cancel', made.requestId)).status).to.equal(0);
    await proxy.until(counts, (text) => text === 'FAR 0, NEAR 0');
  });

  it('refuses what no site could give, and says what could be asked', async () => {
    proxy = new TestProxy('sites: [{ name: S, type: local, max: 1, cores: 2 }]\n');
    await proxy.start();
    const proof = (...words: string[]) => run(['request', '--host', proxy.url, ...words]);
    expect((await proof('--workers', '3')).stderr).to.contain('all sites together may have 2');
    expect((await proof('--workers', '1', '--site', 'Q')).stderr).to.contain('has no site Q');
    expect((await proof('--workers', '1', '--dataset', 'Z')).stderr).to.contain('no catalog');
    expect((await proof()).status).to.equal(2);
  });
});
