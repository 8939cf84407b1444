/** What a user is told where the ProxyServer cannot or will not: a sentence with the next step, status 1, no stack, and all goes on afterwards. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { openKey, signToken } from '../../protocol/tokens.js';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { type Ran, run } from '../support/cluster.js';
import { TestProxy } from '../support/proxy-server.js';
import { skipBecause } from '../support/summary-reporter.js';

const SITE = 'sites: [{ name: S, type: local, min: 1, cores: 1, minDiskBytes: 0 }]\n';
const EVENTS = 50_000;
const ROWS = `
import { Selector } from 'proof-grid';
export default class Rows extends Selector {
  override branches = ['mu1_pt'];
  rows = this.ntuple('rows', 'rows', ['a', 'b', 'c', 'd', 'e', 'f']);
  override process(entry: number): void {
    const pt = this.columns.mu1_pt.at(entry);
    for (let i = 0; i < Number(this.params.n); i++) this.rows.fill(pt, i, pt, i, pt, i);
  }
}`;

describe('refusals', () => {
  async function withFiles(proxy: TestProxy): Promise<(name: string) => string> {
    const place = (name: string): string => join(proxy.folder, name);
    await writeDimuonFile(place('a.root'), { seed: 1, run: 1, events: EVENTS, firstEvent: 0 });
    writeFileSync(place('rows.ts'), ROWS);
    return place;
  }
  const isPlain = (ran: Ran, words: RegExp): void => {
    expect(ran.status, ran.stderr).to.equal(1);
    expect(ran.stderr).to.match(words);
    expect(ran.stderr).not.to.match(/node_modules|\/dist\/|node:internal|\n\s+at /);
  };

  it('of a token: expired, altered, of another server, none at all', async () => {
    const proxy = await new TestProxy(SITE, { auth: 'token' }).start();
    try {
      const place = await withFiles(proxy);
      const as = (token: string | null, ...words: string[]): Promise<Ran> => {
        const line = token === null ? '' : `, token: "${token}"`;
        writeFileSync(place('c.yaml'), `hosts:\n  here: { url: "${proxy.url}"${line} }\n`);
        return run(words, { env: { PROOF_CONFIG: place('c.yaml'), PROOF_TOKEN: '' } });
      };
      const key = await openKey(join(proxy.stateDir, 'key.json'));
      const sign = (by: JWK, lifetimeS: number): Promise<string> =>
        signToken(by, { user: 'ada', role: 'user', lifetimeS, tokenId: `t${lifetimeS}` });
      const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
      const good = await sign(key, 3600);
      const altered = good.replace(
        /\.[^.]+\./,
        `.${Buffer.from('{"sub":"root","role":"admin"}').toString('base64url')}.`,
      );
      const refused: [string, string | null, RegExp][] = [
        ['expired', await sign(key, -3600), /The token has expired.*"proof login"/],
        ['altered', altered, /The token is not one of this ProxyServer\. .*configuration/],
        ['of another', await sign(await exportJWK(privateKey), 3600), /The token is not one of this ProxyServer\./],
        ['none', null, /wants a token.*(token:|login)/],
      ];
      for (const [, token, words] of refused)
        for (const command of [['run', place('rows.ts'), place('a.root'), '--quiet'], ['queries']])
          isPlain(await as(token, ...command), words);
      const ran = await as(good, 'run', place('rows.ts'), place('a.root'), '--param', 'n=0', '--quiet');
      expect(ran.status, ran.stderr).to.equal(0);
    } finally {
      await proxy.stop();
    }
  });

  it('of a full disk under its state directory: new sessions and queries that run, and nothing else', async function () {
    const proxy = new TestProxy(SITE);
    mkdirSync(proxy.stateDir);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', proxy.stateDir]).status !== 0) {
      rmSync(proxy.folder, { recursive: true });
      skipBecause(this, 'a small disk can be mounted by root only');
    }
    try {
      await proxy.start();
      const place = await withFiles(proxy);
      writeFileSync(place('c.yaml'), `hosts:\n  here: { url: "${proxy.url}" }\n`);
      const proof = (...words: string[]): Promise<Ran> => run(words, { env: { PROOF_CONFIG: place('c.yaml') } });
      const query = (n: number): Promise<Ran> =>
        proof('run', place('rows.ts'), place('a.root'), '--param', `n=${n}`, '--quiet', '--output', place('o.root'));
      expect((await query(1)).status).to.equal(0);

      isPlain(await query(20), /(cannot be kept|did not take|journal).*(disk is full|no space|[Mm]ake room)/); // 48 MB of rows
      expect((await query(1)).status, 'there is room again').to.equal(0);

      const filler = join(proxy.stateDir, 'filler');
      spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=64k']); // to the last byte
      isPlain(await query(1), /cannot|disk|space/);
      expect(JSON.parse((await proof('workers', '--json')).stdout)).to.have.length(1);
      rmSync(filler);
      const after = await query(1);
      expect(after.status, after.stderr).to.equal(0);
    } finally {
      await proxy.end();
      spawnSync('umount', ['--lazy', proxy.stateDir]); // what is ending may hold its log for a moment
      rmSync(proxy.folder, { recursive: true });
    }
  });
});
