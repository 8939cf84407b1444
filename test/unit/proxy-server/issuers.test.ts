/** Tokens of other issuers, with a real web server that serves their keys. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { Issuers, issuerConfig, roleOf } from '../../../proxy-server/issuers.js';

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

describe('proxy-server: tokens of other issuers', () => {
  let server: Server;
  let url: string;
  let keys: Keys;
  let asked: string[];
  let issuers: Issuers;
  before(async () => {
    keys = await generateKeyPair('ES256');
    const jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }] };
    server = createServer((request, answer) => {
      asked.push(request.url ?? '');
      const documents: Record<string, unknown> = {
        '/.well-known/openid-configuration': { issuer: url, jwks_uri: `${url}jwks` },
        '/jwks': jwks,
      };
      const document = documents[request.url ?? ''];
      answer.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' });
      answer.end(JSON.stringify(document ?? {}));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  beforeEach(() => {
    asked = [];
    const roles = { user: ['/alice'], operator: ['/alice/ops', 'scope:proof.operate'], admin: ['/alice/root'] };
    issuers = new Issuers([issuerConfig.parse({ issuer: url, audience: ['proof'], userPrefix: 'wlcg-', roles })]);
  });

  const sign = (more: JWTPayload = {}, by = keys): Promise<string> => {
    const nowS = Math.floor(Date.now() / 1000);
    const claims = {
      iss: url,
      sub: 'ada',
      aud: 'proof',
      iat: nowS,
      exp: nowS + 600,
      jti: 'j1',
      'wlcg.groups': ['/alice/run3'],
    };
    return new SignJWT({ ...claims, ...more }).setProtectedHeader({ alg: 'ES256', kid: 'k1' }).sign(by.privateKey);
  };
  const refusal = async (token: string): Promise<string> => {
    try {
      await issuers.verify(token);
    } catch (error) {
      return `${(error as { code?: string }).code}: ${(error as Error).message}`;
    }
    return 'accepted';
  };

  it('are verified with keys that are found by discovery, fetched once', async () => {
    const identity = await issuers.verify(await sign());
    expect(identity).to.deep.include({ user: 'wlcg-ada', role: 'user' });
    expect(identity.tokenId).to.match(/:j1$/);
    await issuers.verify(await sign({ jti: 'j2' }));
    expect(asked).to.deep.equal(['/.well-known/openid-configuration', '/jwks']);
  });

  it('are refused for another audience, issuer, key or time, each with its reason', async () => {
    const nowS = Math.floor(Date.now() / 1000);
    expect(await refusal(await sign({ aud: 'other' }))).to.contain('it takes the audience proof');
    expect(await refusal(await sign({ iss: 'https://elsewhere.example' }))).to.contain('are not taken here');
    expect(await refusal(await sign({}, await generateKeyPair('ES256')))).to.contain('cannot be verified');
    expect(await refusal(await sign({ exp: nowS - 3600, iat: nowS - 7200 }))).to.contain('has expired at');
    expect(await refusal(await sign({ iat: nowS + 3600, exp: nowS + 7200 }))).to.contain('in the future');
    expect(await refusal(await sign({ exp: nowS - 30 }))).to.equal('accepted'); // within the skew
    expect(await refusal(await sign({ sub: '../etc' }))).to.contain('no name of a user');
    expect(await refusal(await sign({ 'wlcg.groups': ['/cms'] }))).to.contain('has a role here');
  });

  it('get the highest role that their groups and scopes give', () => {
    const roles = { user: ['/alice'], operator: ['/alice/ops', 'scope:proof.operate'], admin: ['/alice/root'] };
    expect(roleOf({ 'wlcg.groups': ['/alice'] }, roles)).to.equal('user');
    expect(roleOf({ 'wlcg.groups': ['/alice', '/alice/ops/night'] }, roles)).to.equal('operator');
    expect(roleOf({ groups: ['/alice/root'] }, roles)).to.equal('admin');
    expect(roleOf({ scope: 'openid proof.operate' }, roles)).to.equal('operator');
    expect(roleOf({ 'wlcg.groups': ['/alice2'] }, roles)).to.equal(undefined);
    expect(roleOf({}, roles)).to.equal(undefined);
  });

  it('are taken from issuers with TLS only, off the loopback', () => {
    const parse = (issuer: string): boolean => issuerConfig.safeParse({ issuer, audience: ['a'] }).success;
    expect([parse('http://iam.example/'), parse('https://iam.example/')]).to.deep.equal([false, true]);
  });
});
