/** The way through to the embedded catalog, between a real HTTP server and a stand-in for the catalog that does what a catalog seldom does. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import winston from 'winston';
import { CatalogDoor } from '../../../proxy-server/catalog-door.js';

describe('proxy-server: the catalog behind the one port', () => {
  let behind: Server;
  let front: Server;
  let door: CatalogDoor;
  let url = '';
  let catalogUrl: string | null = null;
  let serve: (request: IncomingMessage, response: ServerResponse) => void;
  const settled: unknown[] = [];

  const listen = async (server: Server): Promise<string> => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  beforeEach(async () => {
    behind = createServer((request, response) => serve(request, response));
    catalogUrl = await listen(behind);
    door = new CatalogDoor({
      url: () => catalogUrl,
      guard: { refused: () => false, settled: (socket) => void settled.push(socket) },
      log: winston.createLogger({ silent: true }),
    });
    front = createServer((request, response) => door.handThrough(request, response));
    url = await listen(front);
  });
  afterEach(async () => {
    door.close();
    for (const server of [front, behind]) {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    }
    settled.length = 0;
  });

  it('path, query, method, headers and body arrive, and the answer as it was given', async () => {
    let seen = '';
    serve = async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const { host, authorization } = request.headers;
      seen = [request.method, request.url, host, authorization, Buffer.concat(parts).toString()].join(' ');
      response.writeHead(409, { etag: '"e"', 'x-a': '1' }).end('{"code":"X","message":"no"}');
    };
    const headers = { authorization: 'Bearer abc' };
    const answer = await fetch(`${url}/catalog/v1/register?a=%20b`, { method: 'POST', headers, body: 'lines' });
    expect(seen).to.equal(`POST /v1/register?a=%20b ${new URL(catalogUrl!).host} Bearer abc lines`);
    expect([answer.status, answer.headers.get('etag'), await answer.text()]).to.deep.equal([
      409,
      '"e"',
      '{"code":"X","message":"no"}',
    ]);
    expect(settled).to.have.length(0); // whoever is refused stays a stranger
  });

  it('whoever the catalog knows is no stranger any more; what it answers to everybody shows nothing', async () => {
    serve = (_request, response) => void response.end('{}');
    await fetch(`${url}/catalog/v1/info?x=1`);
    expect(settled).to.have.length(0);
    await fetch(`${url}/catalog/v1/list?path=/`);
    expect(settled).to.have.length(1);
  });

  it('a body goes on as it comes, and waits where the catalog does not read on', async () => {
    const arrived = new Promise<IncomingMessage>((resolve) => {
      serve = resolve;
    });
    const sending = request(`${url}/catalog/v1/bulk`, { method: 'POST', agent: false });
    sending.on('error', () => {});
    const piece = Buffer.alloc(1024 * 1024, 0x61);
    sending.write(piece);
    const inside = await arrived;
    const most = 200;
    let sent = 1;
    const isHeld = async (): Promise<boolean> => {
      const drained = once(sending, 'drain').then(() => false);
      return Promise.race([drained, new Promise<true>((resolve) => setTimeout(() => resolve(true), 1000))]);
    };
    for (; sent < most; sent++) if (!sending.write(piece) && (await isHeld())) break;
    expect(sent).to.be.lessThan(most); // what the sockets hold, no more
    let got = 0;
    inside.on('data', (part: Buffer) => {
      got += part.length;
    });
    await once(sending, 'drain');
    while (got < sent * piece.length) await once(inside, 'data');
    sending.destroy();
  });

  it('who goes away ends the request inside', async () => {
    const aborted = new Promise<void>((resolve) => {
      serve = (request, response) => {
        response.once('close', resolve);
        request.resume();
        response.write('some'); // and then nothing for ever
      };
    });
    const sending = request(`${url}/catalog/v1/export`).on('error', () => {});
    sending.end();
    await once(sending, 'response');
    sending.destroy();
    await aborted;
  });

  it('an answer that breaks off is a broken answer outside, too', async () => {
    serve = (_request, response) => {
      response.write('half');
      setImmediate(() => response.destroy());
    };
    const answer = await fetch(`${url}/catalog/v1/export`);
    const failed = await answer.text().then(
      () => false,
      () => true,
    );
    expect(failed).to.equal(true);
  });

  it('an answer before the end of the body is read by who still sends', async () => {
    serve = (_request, response) => void response.writeHead(401).end('{"code":"AUTH","message":"who?"}');
    const sending = request(`${url}/catalog/v1/bulk`, { method: 'POST', agent: false }).on('error', () => {});
    sending.write('x'.repeat(100_000));
    const [answer] = (await once(sending, 'response')) as [IncomingMessage];
    expect(answer.statusCode).to.equal(401);
    let text = '';
    for await (const part of answer) text += String(part);
    expect(text).to.contain('AUTH');
    sending.destroy();
  });

  it('one that is down, or not there yet, is a 503 with a code and a sentence, and served when it is back', async () => {
    const refusal = async (): Promise<[number, string, string | null]> => {
      const answer = await fetch(`${url}/catalog/v1/register`, { method: 'POST', body: '{}' });
      return [answer.status, ((await answer.json()) as { code: string }).code, answer.headers.get('retry-after')];
    };
    const wasAt = catalogUrl;
    catalogUrl = null;
    expect(await refusal()).to.deep.equal([503, 'CATALOG_UNREACHABLE', '1']);
    catalogUrl = wasAt;
    serve = (_request, response) => void response.end('{}');
    expect((await fetch(`${url}/catalog/v1/list`)).status).to.equal(200); // its connection is kept …
    behind.closeAllConnections();
    await new Promise((resolve) => behind.close(resolve));
    expect(await refusal()).to.deep.equal([503, 'CATALOG_UNREACHABLE', '1']);
    behind.listen(Number(new URL(wasAt!).port), '127.0.0.1');
    await once(behind, 'listening');
    expect((await fetch(`${url}/catalog/v1/list`)).status).to.equal(200); // … and no use to the next one
  });
});
