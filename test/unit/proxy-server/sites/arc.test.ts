/** The REST interface of an ARC computing element, as 6.17 answers: its odd shapes, its refusals, and credentials that expired. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { z } from 'zod';
import { readProxyConfig } from '../../../../proxy-server/config.js';
import { ArcClient } from '../../../../proxy-server/sites/arc-client.js';
import { makeSite } from '../../../../proxy-server/sites/make-site.js';
import { type ArcSettings, arcShape } from '../../../../proxy-server/sites/site-settings.js';
import { withConfigFile } from '../../../support/config-file.js';
import { failureOf } from '../../../support/failure.js';

describe('proxy-server: site type arc', () => {
  let server: Server;
  let client: ArcClient;
  let settings: ArcSettings;
  const asked: { path: string | undefined; body: string; accept: string | undefined }[] = [];
  let answer: (request: IncomingMessage) => { status: number; body: string } = () => ({ status: 200, body: '' });

  before(async () => {
    server = createServer(async (request, response) => {
      let body = '';
      for await (const part of request) body += String(part);
      asked.push({ path: request.url, body, accept: request.headers.accept });
      const { status, body: text } = answer(request);
      response.writeHead(status).end(text);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/arex/`;
    settings = z.object(arcShape).parse({ type: 'arc', url, requestTimeoutS: 5 });
    client = new ArcClient('S', settings);
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  beforeEach(() => {
    asked.length = 0;
  });

  it('submits many in one request, and tells a refusal inside the 201', async () => {
    const job = { 'status-code': '201', reason: 'Created', id: 'abc', state: 'ACCEPTING' };
    const refused = { 'status-code': '500', reason: 'no such queue' };
    answer = () => ({ status: 201, body: JSON.stringify({ job: [job, refused] }) });
    expect(await client.submit(['&(a=1)', '&(b=2)'])).to.deep.equal([
      { id: 'abc' },
      { error: 'Site S: the computing element refused a pilot: no such queue' },
    ]);
    expect(asked).to.deep.equal([
      { path: '/arex/rest/1.0/jobs?action=new', body: '+(&(a=1))(&(b=2))', accept: 'application/json' },
    ]);
    answer = () => ({ status: 201, body: JSON.stringify({ job }) }); // one is no array
    expect(await client.submit(['&(a=1)'])).to.deep.equal([{ id: 'abc' }]);
    answer = () => ({ status: 201, body: JSON.stringify({ job: { ...job, id: '../../x' } }) });
    expect((await client.submit(['&(a=1)']))[0]).to.have.property('error');
  });

  it('asks for the states of many at once; unknown ones are missing', async () => {
    const known = { 'status-code': '200', reason: 'OK', id: 'a', state: 'RUNNING' };
    const unknown = { 'status-code': '404', reason: 'Job not found', id: 'b', state: 'None' };
    answer = () => ({ status: 201, body: JSON.stringify({ job: [known, unknown] }) });
    expect(Object.fromEntries(await client.status(['a', 'b']))).to.deep.equal({ a: 'RUNNING' });
    expect(asked[0]?.body).to.equal('{"job":[{"id":"a"},{"id":"b"}]}');
  });

  it('reads exit code and error of a job, also where it has none', async () => {
    const info = (activity: object) => ({
      status: 201,
      body: JSON.stringify({ job: { 'status-code': '200', info_document: { ComputingActivity: activity } } }),
    });
    answer = () => info({ ExitCode: '3', Error: ['LRMS error: (3)', 'wrong exit code'] });
    expect(await client.info('a')).to.deep.equal({ exitCode: 3, error: 'LRMS error: (3); wrong exit code' });
    answer = () => info({});
    expect(await client.info('a')).to.deep.equal({ exitCode: null, error: null });
  });

  it('finds jobs again by the names of their pilots, in whatever shape they are told', async () => {
    const name = (id: string, Name: string) => ({
      id,
      'status-code': '200',
      info_document: { ComputingActivity: { Name } },
    });
    const gone = { id: 'd', 'status-code': '404', reason: 'Job not found' };
    const told = [name('a', 'proof-S.p1'), name('b', 'proof-S.p2'), name('c', 'proof-OTHER.p3'), gone];
    const states = ['RUNNING', 'PREPARING', 'RUNNING', 'RUNNING'];
    answer = ({ method }) =>
      method === 'GET'
        ? { status: 200, body: JSON.stringify({ job: told.map(({ id }, i) => ({ id, state: states[i] })) }) }
        : { status: 201, body: JSON.stringify({ job: told }) };
    const text = `stateDir: s\nauth: development\nsites: [{ name: S, type: arc, min: 1, url: "${settings.url}" }]\n`;
    const context = {
      serverUrl: () => 'http://here',
      ca: null,
      orphanedAfterMs: 1,
      xrootd: null,
      directory: '/',
      secretPaths: [],
    };
    const site = withConfigFile(text, (file) => makeSite(readProxyConfig(file).sites[0]!, context));
    expect(await site.jobs!()).to.deep.equal([
      { batchId: 'a', pilotId: 'p1', isUnfinished: false },
      { batchId: 'b', pilotId: 'p2', isUnfinished: true },
    ]);
    expect(asked[0]?.path).to.match(/^\/arex\/rest\/1\.0\/jobs\?state=ACCEPTING,.*RUNNING/);
    answer = () => ({ status: 200, body: '' });
    expect(await site.jobs!()).to.deep.equal([]);
  });

  it('is not asked with a token that has expired, which is named', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'proof-token-'));
    try {
      const file = join(folder, 'token');
      const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
      writeFileSync(file, `${part({ alg: 'none' })}.${part({ exp: 1_000_000_000 })}.x\n`);
      const other = new ArcClient('S', { ...settings, tokenFile: file });
      expect((await failureOf(other.status(['a']))).message).to.equal(
        `Site S: the token in ${file} expired on Sun, 09 Sep 2001 01:46:40 GMT. Renew it.`,
      );
      expect(asked).to.deep.equal([]);
      writeFileSync(file, 'of no form that we know');
      answer = () => ({ status: 200, body: '' });
      expect(await other.jobCount()).to.equal(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('counts no job where the body is empty', async () => {
    answer = () => ({ status: 200, body: '' });
    expect(await client.jobCount()).to.equal(0);
  });

  it('says who refused what, and names garbage', async () => {
    answer = () => ({ status: 403, body: "<html><b>User can't be assigned configuration</b></html>" });
    expect((await failureOf(client.status(['a']))).message).to.match(
      /^Site S: http:.* answered 403 to POST \/jobs\?action=status: User can't be assigned configuration$/,
    );
    for (const body of ['<html>', '[]', '{"job":7}', '']) {
      answer = () => ({ status: 201, body });
      expect((await failureOf(client.status(['a']))).message).to.contain('answered what no ARC says');
    }
  });

  it('does not start with credentials that it cannot read', async () => {
    const url = 'https://127.0.0.1:1/arex';
    const other = new ArcClient('S', z.object(arcShape).parse({ type: 'arc', url, certificate: '/nowhere/user.pem' }));
    expect((await failureOf(other.status(['a']))).message).to.contain('/nowhere/user.pem cannot be read');
  });
});
