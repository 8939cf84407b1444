import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { importJWK, SignJWT } from 'jose';
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

  it('are not signed with a key that is damaged, or that others may read', async () => {
    for (const [text, mode, words] of [
      ['', 0o600, 'JSON'],
      ['{"kty":"OKP","crv":"Ed25519"}', 0o600, 'cannot be used'],
      [readFileSync(join(folder, 'a'), 'utf8'), 0o644, 'others than its owner may read it'],
    ] as const) {
      const file = join(folder, 'bad');
      writeFileSync(file, text);
      chmodSync(file, mode);
      const error = await openKey(file).catch((e: unknown) => e);
      expect(error).to.have.property('code', 'PROTOCOL_KEY_FILE');
      expect((error as Error).message).to.contain(words);
    }
  });

  it('name both clocks where theirs is wrong by more than is allowed', async () => {
    const key = await openKey(join(folder, 'a'));
    const nowS = Math.floor(Date.now() / 1000);
    const at = async (iat: number, exp: number): Promise<string> =>
      new SignJWT({ role: 'user' })
        .setProtectedHeader({ alg: 'EdDSA' })
        .setIssuer('proof-grid')
        .setSubject('ada')
        .setIssuedAt(iat)
        .setExpirationTime(exp)
        .sign(await importJWK(key, 'EdDSA'));
    const outcome = async (iat: number, exp: number): Promise<string> =>
      verifyToken(key, await at(iat, exp)).then(
        () => 'accepted',
        (error: Error) => error.message,
      );
    expect(await outcome(nowS + 30, nowS + 600)).to.equal('accepted');
    expect(await outcome(nowS - 600, nowS - 30)).to.equal('accepted');
    expect(await outcome(nowS + 3600, nowS + 7200)).to.match(/in the future here.*60 s of difference/);
    expect(await outcome(nowS - 7200, nowS - 3600)).to.match(/has expired at .*it is .* here, 60 s of difference/);
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
