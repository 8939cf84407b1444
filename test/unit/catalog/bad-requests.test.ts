/** Bodies and queries that the catalog's HTTP API refuses, over a real socket. */
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import winston from 'winston';
import { type CatalogServer, createServer } from '../../../catalog/http-server.js';
import type { StoreThread } from '../../../catalog/threads/store-client.js';
import { MemoryCatalog, OWNER } from '../../support/catalog-stores.js';

describe('catalog: bad requests', () => {
  let server: CatalogServer;
  before(async () => {
    const unused = undefined as unknown as StoreThread; // what is refused reaches no thread
    server = await createServer({
      stores: new MemoryCatalog().stores,
      writer: unused,
      reader: unused,
      authenticate: async () => OWNER,
      authKind: 'development',
      version: '',
      databasePath: ':memory:',
      log: winston.createLogger({ silent: true }),
    });
    await server.listen({ host: '127.0.0.1', port: 0 });
  });
  after(() => server.close());

  const refusal = async (method: string, path: string, body?: unknown): Promise<string> => {
    const { port } = server.server.address() as AddressInfo;
    const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const answer = await fetch(`http://127.0.0.1:${port}/v1/${path}`, { method, ...(body === undefined ? {} : json) });
    const { code, message } = (await answer.json()) as { code: string; message: string };
    return `${answer.status} ${code} ${message}`;
  };
  const BAD = '400 CATALOG_BAD_REQUEST Bad';

  it('are answered with the field, what is expected and what was given', async () => {
    expect(await refusal('POST', 'lookup', { lfns: 5 })).to.equal(`${BAD} body: lfns must be a list, not 5.`);
    expect(await refusal('POST', 'lookup', {})).to.equal(`${BAD} body: lfns is missing.`);
    expect(await refusal('POST', 'lookup')).to.equal(`${BAD} body: it is missing.`);
    expect(await refusal('POST', 'lookup', { lfns: Array(10_001).fill('/a') })).to.equal(
      `${BAD} body: lfns must have 10000 entries at most, not 10001.`,
    );
    expect(await refusal('POST', 'chmod', { path: '/a', mode: '755' })).to.equal(
      `${BAD} body: mode must be a number, not "755".`,
    );
    expect(await refusal('POST', 'register', { files: [{ lfn: '/a', size: -1 }] })).to.equal(
      `${BAD} body: files.0.size must be 0 at least, not -1.`,
    );
    expect(await refusal('POST', 'set', { name: '/s', how: 'ad' })).to.equal(
      `${BAD} body: how must be create, add or replace, not ad. Did you mean add?`,
    );
    expect(await refusal('POST', 'meta/set', { items: [{ path: '/a', values: { run: [1] } }] })).to.equal(
      `${BAD} body: items.0.values.run must be text, a number or true or false, not a list.`,
    );
    expect(await refusal('POST', 'elements', { name: 'se' })).to.equal(
      `${BAD} body: name must be the name of a storage element, as in VO::SITE::NAME.`,
    );
    expect(await refusal('GET', 'ls')).to.equal(`${BAD} query: path is missing.`);
    expect(await refusal('GET', 'ls?path=/&limit=all')).to.equal(`${BAD} query: limit must be a number, not all.`);
    expect(await refusal('GET', 'glob?pattern=/&directories=some')).to.equal(
      `${BAD} query: directories must be true or false, not some.`,
    );
  });

  it('are refused in plain words where they are no JSON, empty, or of another content type', async () => {
    const { port } = server.server.address() as AddressInfo;
    const said = async (type: string, body: string): Promise<string> => {
      const answer = await fetch(`http://127.0.0.1:${port}/v1/lookup`, {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      });
      return `${answer.status} ${((await answer.json()) as { message: string }).message}`;
    };
    const json = 'application/json';
    expect(await said(json, '{"lfns":')).to.equal('400 Bad body: it is no JSON.');
    expect(await said(json, '')).to.equal('400 Bad body: it is empty, and its content type says JSON.');
    expect(await said('text/xml', '<a/>')).to.equal('415 Bad body: its content type must be application/json.');
  });

  it('are refused as all others where their address cannot be read', async () => {
    for (const path of ['%ff', 'ls?path=%ff', '%zz/x'])
      expect(await refusal('GET', path), path).to.equal(
        '400 CATALOG_BAD_REQUEST The address of the call has escapes that are no UTF-8.',
      );
  });

  it('show no token and no signed address', async () => {
    const url = 'https://se.example.org/f?authz=abc';
    const said = await refusal('POST', 'replica', { lfn: '/a', url: 'x', to: url });
    expect(said).to.equal(`${BAD} body: to must be bad, good or removed, not text.`);
  });
});
