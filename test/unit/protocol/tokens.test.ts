import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openKey, signToken, verifyToken } from '../../../protocol/tokens.js';

describe('protocol: tokens', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-key-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('are verified with the public half of the key, which alone others may read', async () => {
    const key = await openKey(join(folder, 'a'));
    expect(statSync(join(folder, 'a')).mode & 0o077).to.equal(0);
    const publicHalf = JSON.parse(readFileSync(join(folder, 'a.pub.json'), 'utf8'));
    expect(publicHalf).not.to.have.property('d');
    const token = await signToken(key, { user: 'ada', role: 'user', lifetimeS: 60, tokenId: 't1' });
    const identity = await verifyToken(publicHalf, token);
    expect(identity).to.deep.include({ user: 'ada', role: 'user', tokenId: 't1' });
    expect(identity.expiresAt! - identity.issuedAt!).to.equal(60);
    expect(await openKey(join(folder, 'a'))).to.deep.equal(key);
  });

  it('are refused when expired, signed by another key, or no tokens at all', async () => {
    const key = await openKey(join(folder, 'a'));
    const other = await openKey(join(folder, 'b'));
    const expired = await signToken(key, { user: 'ada', role: 'user', lifetimeS: -3600, tokenId: 't2' });
    const foreign = await signToken(other, { user: 'ada', role: 'admin', lifetimeS: 60, tokenId: 't3' });
    for (const [token, words] of [
      [expired, 'expired'],
      [foreign, 'not one of this ProxyServer'],
      ['x.y.z', 'not one of this ProxyServer'],
    ] as const) {
      const error = await verifyToken(key, token).catch((e: unknown) => e);
      expect(error).to.have.property('code', 'PROTOCOL_TOKEN_REFUSED');
      expect((error as Error).message).to.contain(words);
    }
  });
});
