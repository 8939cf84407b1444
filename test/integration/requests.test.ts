/** Workers asked for ahead, with the real command: first where the files are, elsewhere when that is full, for as long as was asked. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { z } from 'zod';
import { requestInfo } from '../../protocol/api.js';
import { run } from '../support/cluster.js';
import { TestProxy } from '../support/proxy-server.js';

describe('proof request', () => {
  let proxy: TestProxy;
  afterEach(() => proxy.stop());

  it('brings workers to the sites that hold the data set, keeps them while it stands, and lets them go after', async () => {
    const far = '{ name: FAR, type: local, max: 4, letGoIdleS: 0 }';
    const near = '{ name: NEAR, type: local, max: 2, letGoIdleS: 0, closeSEs: ["V::NEAR::SE"] }';
    proxy = new TestProxy(`sites: [${far}, ${near}]\nfactoryTickS: 1\n`, { catalog: 'embedded' });
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
    await proxy.until(counts, (text) => text === 'FAR 1, NEAR 2');
    const explained = async (): Promise<string> => (await proof('sites', 'explain', 'NEAR')).stdout;
    await proxy.until(explained, (text) => text.includes(`kept for request ${made.requestId}`));

    await proxy.kill();
    await proxy.start(); // it stands after a restart
    expect(await proxy.call(z.array(requestInfo), '/requests')).to.have.length(1);
    await proxy.warm(3);
    await proxy.until(counts, (text) => text === 'FAR 1, NEAR 2');
    expect((await proof('request', '--cancel', made.requestId)).status).to.equal(0);
    await proxy.until(counts, (text) => text === 'FAR 0, NEAR 0');
  });

  it('has small files of the data set copied to the storage element of the site, one by one and within the bounds', async () => {
    const bounds = 'maxFileBytes: 2000, maxTotalBytes: 4000';
    proxy = new TestProxy(
      `sites: [{ name: NEAR, type: local, max: 1, replicate: { se: "V::NEAR::DISK", ${bounds} } }]\nfactoryTickS: 1\n`,
      { catalog: 'embedded' },
    );
    await proxy.start();
    const proof = (...words: string[]) => run([...words, '--host', proxy.url]);
    const stored = (...path: string[]) => join(proxy.folder, ...path);
    for (const name of ['FAR', 'NEAR']) {
      mkdirSync(stored(name));
      await proof('catalog', 'se', 'set', `V::${name}::DISK`, '--prefix', `file://${stored(name)}/`);
    }
    await proof('mkdir', '-p', '/data');
    const add = async (lfn: string, bytes: number, where = 'FAR', ...more: string[]): Promise<void> => {
      const path = stored(where, lfn);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, lfn.padEnd(bytes, '.'));
      const words = ['--se', 'V::FAR::DISK', '--size', String(bytes), ...more];
      const { status, stderr } = await proof('register', lfn, `file://${path}`, ...words);
      expect(status, stderr).to.equal(0);
    };
    await add('/data/a.root', 1000);
    await add('/data/b.root', 1000);
    await add('/data/damaged.root', 900, 'FAR', '--checksum', 'adler32:00000001');
    await add('/data/elsewhere.root', 1000, 'OUTSIDE');
    await add('/data/full.root', 1000);
    await add('/data/large.root', 2001);
    await add('/data/taken.root', 50);
    mkdirSync(stored('NEAR', 'data'));
    writeFileSync(stored('NEAR/data/taken.root'), 'somebody else');

    const asked = await proof('request', '--dataset', 'lfn:/data/*.root', '--workers', '1', '--site', 'NEAR');
    expect(asked.stdout).to.contain('not copied: 1 larger than maxFileBytes (2000), 1 beyond maxTotalBytes (4000)');
    const [done] = await proxy.until(
      () => proxy.call(z.array(requestInfo), '/requests'),
      ([one]) => one!.copies[0]!.waiting === 0,
    );
    expect(done!.copies[0]).to.deep.include({ site: 'NEAR', se: 'V::NEAR::DISK', copied: 2, failed: 3, bytes: 2000 });
    expect(done!.sites[0]).to.deep.include({ site: 'NEAR', files: 2, bytes: 2000 });
    for (const lfn of ['/data/a.root', '/data/b.root']) {
      expect(readFileSync(stored('NEAR', lfn))).to.deep.equal(readFileSync(stored('FAR', lfn)));
      expect((await proof('whereis', lfn)).stdout).to.contain(`file://${stored('NEAR')}${lfn}`);
    }
    expect(readFileSync(stored('NEAR/data/taken.root'), 'utf8')).to.equal('somebody else');
    expect((await proof('whereis', '/data/damaged.root')).stdout).not.to.contain('NEAR');
    expect((await proof('request', '--list')).stdout).to.contain('2 copied, 3 failed to V::NEAR::DISK, 0.0 MB');
    expect((await proof('sites', 'explain', 'NEAR')).stdout).to.contain(
      '/data/taken.root: another file is in its place',
    );

    await proxy.until(
      () => readFileSync(join(proxy.stateDir, 'log', 'proxy-server.log'), 'utf8'),
      (log) => log.includes('its adler32 is') && log.includes('no replica of it lies below the prefix'),
    );

    // What failed may be tried again; what was copied is near, and what it takes counts on after a restart.
    await proxy.kill();
    await proxy.start();
    writeFileSync(stored('NEAR/data/taken.root'), readFileSync(stored('FAR/data/taken.root')));
    await proof('request', '--dataset', 'lfn:/data/*.root', '--workers', '1', '--json');
    const again = await proxy.until(
      () => proxy.call(z.array(requestInfo), '/requests'),
      (all) => all.length === 2 && all[1]!.copies[0]?.waiting === 0,
    );
    expect(again[1]!.copies[0]).to.deep.include({ copied: 1, failed: 2 });
    const explained = (await proof('sites', 'explain', 'NEAR')).stdout;
    expect(explained).to.contain('3 copied, 2 failed to V::NEAR::DISK').and.not.to.contain('taken.root');
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
