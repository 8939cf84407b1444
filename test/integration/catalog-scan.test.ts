/** `proof register --scan` and `datasets verify` over the trees of a real XRootD server, by both of its doors. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { TestCatalog } from '../support/catalog.js';
import { skipBecause } from '../support/summary-reporter.js';
import { XrootdCluster, xrootdMissing } from '../support/xrootd.js';

describe('catalog: trees of an XRootD server', () => {
  const catalog = new TestCatalog();
  let server: XrootdCluster | undefined;
  before(async function () {
    const missing = xrootdMissing();
    if (missing !== undefined) return skipBecause(this, missing);
    const folder = mkdtempSync(join(tmpdir(), 'proof-scan-'));
    const path = join(folder, 'x.root');
    await writeDimuonFile(path, { seed: 1, firstEvent: 0, events: 500, run: 1 });
    const bytes = readFileSync(path);
    rmSync(folder, { recursive: true });
    server = await XrootdCluster.start();
    for (const name of ['run1/a.root', 'run1/deep/er/b.root', 'run2/c d.root', 'run2/e#f%20g.root'])
      server.write(`/data/${name}`, bytes);
    server.write('/data/run2/log.txt', 'text');
    server.write('/data/run2/bad.root', 'no ROOT file');
    await catalog.start();
  });
  after(async () => {
    await catalog.stop();
    await server?.stop();
  });

  for (const door of ['rootUrl', 'httpUrl'] as const)
    it(`are registered with sizes and, inspected, entries; a file that is none is said (${door})`, async () => {
      const below = `/scan/${door}`;
      const from = `${server![door]}/data`;
      const done = await catalog.proof('register', below, '--scan', from, '--name', '*.root', '--inspect');
      expect(done.stderr).to.contain(`${below}/run2/bad.root`).and.not.contain('a.root');
      expect(done.status).to.equal(3);
      const grid = catalog.grid();
      const files = await grid.query(below, '*');
      expect(files.map(({ lfn, tree, entries }) => [lfn.slice(below.length), tree, entries])).to.deep.equal([
        ['/run1/a.root', 'events', 500],
        ['/run1/deep/er/b.root', 'events', 500],
        ['/run2/bad.root', null, null],
        ['/run2/c d.root', 'events', 500],
        ['/run2/e#f%20g.root', 'events', 500],
      ]);
      const sizes = new Set(files.filter(({ entries }) => entries !== null).map(({ size }) => size));
      expect([...sizes][0]).to.be.greaterThan(500);
      expect(sizes.size).to.equal(1);
      const name = `scanned-${door}`;
      await catalog.proof('datasets', 'create', name, `find:${below}?name='*.root'`, '--tree', 'events');
      const verified = await catalog.proof('datasets', 'verify', name, '--json');
      expect(JSON.parse(verified.stdout)).to.include({ ok: 4, corrupt: 1, missing: 0, entries: 2000 });
      expect(verified.status).to.equal(3);
      const again = await catalog.proof('register', below, '--scan', from, '--name', '*.root', '--json');
      expect(JSON.parse(again.stdout)).to.include({ registered: 0, unchanged: 5 });
      await grid.close();
    });
});
