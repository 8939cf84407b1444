/** Tokens given out, listed and revoked; the list that everybody who verifies reads; the audit log. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { JWK } from 'jose';
import { Revocations } from '../../../protocol/revocations.js';
import { type Identity, openKey, signToken } from '../../../protocol/tokens.js';
import { AuditLog } from '../../../proxy-server/audit-log.js';
import { Issuers } from '../../../proxy-server/issuers.js';
import { openStateDb } from '../../../proxy-server/state-db.js';
import { NoSuchTokenError, TokenBook } from '../../../proxy-server/token-book.js';
import { TokenStore } from '../../../proxy-server/token-store.js';

const admin: Identity = { user: 'root', role: 'admin', tokenId: null, issuedAt: null, expiresAt: null };

describe('proxy-server: tokens', () => {
  let folder: string;
  let keyFile: string;
  let key: JWK;
  let book: TokenBook;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'proof-tokens-'));
    keyFile = join(folder, 'key.json');
    key = await openKey(keyFile);
    book = new TokenBook({
      ...{ key, store: new TokenStore(openStateDb(':memory:')), revocations: new Revocations(keyFile) },
      ...{ issuers: new Issuers([]), nowMs: () => Date.now() },
    });
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const issue = (user: string): ReturnType<TokenBook['issue']> =>
    book.issue('root', { user, role: 'user', lifetimeS: 600, note: '' });
  const outcome = (token: string): Promise<string> =>
    book.verify(token).then(
      ({ user }) => user,
      (error: unknown) => (error as Error).message,
    );

  it('are void at once when they are revoked, here and for all who hold the public half of the key', async () => {
    const elsewhere = new Revocations(`${keyFile}.pub.json`);
    const { token, info } = await issue('ada');
    const other = await issue('ada');
    const ada = await book.verify(token);
    const told: boolean[] = [];
    book.onRevoked((isVoid) => told.push(isVoid(ada)));
    book.revoke(ada, info.tokenId);
    expect(await outcome(token)).to.contain('was revoked');
    expect(await outcome(other.token)).to.equal('ada');
    expect(told).to.deep.equal([true]);
    expect(elsewhere.isRevoked({ user: 'ada', tokenId: info.tokenId, issuedAt: 0 })).to.equal(true);
    expect(new Revocations(keyFile).isRevoked({ user: 'ada', tokenId: info.tokenId, issuedAt: 0 })).to.equal(true);
    expect(elsewhere.isRevoked({ user: 'ada', tokenId: other.info.tokenId, issuedAt: 0 })).to.equal(false);
  });

  it('of a user can be revoked all together, also those that nobody has listed', async () => {
    const unlisted = await signToken(key, { user: 'ada', role: 'user', lifetimeS: 600, tokenId: 'made-by-hand' });
    const { token } = await issue('ada');
    const bobs = await issue('bob');
    expect(book.revokeAllOf(admin, 'ada')).to.equal(1);
    expect(await outcome(unlisted)).to.contain('was revoked');
    expect(await outcome(token)).to.contain('was revoked');
    expect(await outcome(bobs.token)).to.equal('bob');
  });

  it('that do not exist cannot be revoked; one that was never used is revoked by itself', async () => {
    for (const id of ['zzz', 'b2f4d0a1-27c6-4bb6-9c3a-6c86c7a3e111'])
      expect(() => book.revoke(admin, id)).to.throw(NoSuchTokenError, `There is no token ${id}: it was never used`);
    expect(readdirSync(folder)).not.to.include('key.json.revoked.json');
    const sign = (lifetimeS: number): Promise<string> =>
      signToken(key, { user: 'ada', role: 'user', lifetimeS, tokenId: `by-hand${lifetimeS}` });
    const unused = await sign(600);
    expect(() => book.revoke(admin, 'by-hand600')).to.throw(NoSuchTokenError);
    book.revoke(admin, await book.idOf(unused));
    expect(await outcome(unused)).to.contain('was revoked');
    expect(book.list(admin).map(({ tokenId, revokedAt }) => [tokenId, revokedAt !== null])).to.deep.equal([
      ['by-hand600', true],
    ]);
    book.revoke(admin, await book.idOf(unused)); // a second time
    for (const nothing of [await sign(-600), 'no token'])
      expect(await book.idOf(nothing).catch(({ code, message }) => `${code} ${message}`)).to.match(
        /^PROXY_NO_SUCH_TOKEN That token opens nothing here: it has expired/,
      );
  });

  it('are listed to their user, to admins all, and those of others do not exist', async () => {
    const { token, info } = await issue('ada');
    const bobs = await issue('bob');
    await book.verify(await signToken(key, { user: 'ada', role: 'user', lifetimeS: 600, tokenId: 'by-hand' }));
    const ada = await book.verify(token);
    expect(new Set(book.list(ada).map(({ tokenId }) => tokenId))).to.deep.equal(new Set([info.tokenId, 'by-hand']));
    expect(book.list(admin)).to.have.length(3);
    expect(JSON.stringify(book.list(admin))).not.to.contain(token);
    expect(() => book.revoke(ada, 'nonsense')).to.throw('There is no token nonsense');
    expect(() => book.revoke(ada, bobs.info.tokenId)).to.throw("bob's");
    expect(() => book.revokeAllOf(ada, 'bob')).to.throw("bob's");
  });

  it('are refused, and nothing starts, where the list is damaged or of a newer version', () => {
    writeFileSync(`${keyFile}.revoked.json`, '{"version":2,"tokens":{},"users":{}}');
    expect(() => new Revocations(keyFile)).to.throw(/version 2, this program knows 1/);
    writeFileSync(`${keyFile}.revoked.json`, '{"version":1,"tok');
    expect(() => new Revocations(keyFile)).to.throw(/cannot be used/);
  });

  it('lose their entry in the list when they have expired anyway', () => {
    const list = new Revocations(keyFile);
    const nowS = Math.floor(Date.now() / 1000);
    list.add({ tokens: { old: nowS + 1, long: nowS + 1000 } }, nowS);
    list.add({ tokens: { next: nowS + 1000 } }, nowS + 10);
    expect(Object.keys(JSON.parse(readFileSync(`${keyFile}.revoked.json`, 'utf8')).tokens)).to.deep.equal([
      'long',
      'next',
    ]);
  });

  it('audit log: lines are added, never changed, readable by its owner alone; a line that was cut is left out', () => {
    const file = join(folder, 'audit.jsonl');
    const act = { action: 'pilot.kill', target: 'p1', outcome: 'done' } as const;
    const log = new AuditLog(file, () => new Date(0));
    log.write(admin, '::1', act);
    log.close();
    const first = readFileSync(file, 'utf8');
    writeFileSync(file, '{"at":"19', { flag: 'a' });
    const again = new AuditLog(file, () => new Date(1));
    again.write(admin, '::1', { ...act, target: 'p2' });
    again.write(admin, '::1', { ...act, target: 'p3' });
    expect(readFileSync(file, 'utf8').startsWith(first)).to.equal(true);
    expect(again.last(10).map(({ target }) => target)).to.deep.equal(['p1', 'p2', 'p3']);
    expect(again.last(1)).to.deep.equal([
      { at: '1970-01-01T00:00:00.001Z', user: 'root', role: 'admin', tokenId: null, peer: '::1', ...act, target: 'p3' },
    ]);
    expect(statSync(file).mode & 0o077).to.equal(0);
    again.close();
  });
});
