/** The REST interface of an ARC computing element, as 6.17 answers: its odd shapes, its refusals, and credentials that expired. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { z } from 'zod';
import { ArcClient } from '../../../../proxy-server/sites/arc-client.js';
import { arcShape } from '../../../../proxy-server/sites/site-settings.js';
import { failureOf } from '../../../support/failure.js';

describe('proxy-server: site type arc', () => {
  let server: Server;
  let client: ArcClient;
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
    client = new ArcClient('S', z.object(arcShape).parse({ type: 'arc', url, requestTimeoutS: 5 }));
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
