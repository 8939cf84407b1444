/**
 * A server that answers as Rucio's REST API is documented to: DID search, replica listing, data set contents, errors. The shapes
 * are those of Rucio's server and clients as published; no real Rucio has been asked.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const FILES = ['data/AOD.1.root', 'data/AOD.2.root', 'log.tgz'].map((name, i) => ({
  scope: 'mc16',
  name,
  bytes: 1000 + i,
  adler32: `0000000${i}`,
  md5: null,
  pfns: {
    [`root://far.example.org:1094//mc16/${name}`]: {
      rse: 'FAR_DATADISK',
      type: 'DISK',
      priority: 2,
      domain: 'wan',
      client_extract: false,
    },
    [`davs://near.example.org:443/mc16/${name}`]: {
      rse: 'NEAR_DATADISK',
      type: 'DISK',
      priority: 1,
      domain: 'wan',
      client_extract: false,
    },
    [`root://bad.example.org:1094//mc16/${name}`]: {
      rse: 'BAD_DATADISK',
      type: 'DISK',
      priority: 3,
      domain: 'wan',
      client_extract: false,
    },
  },
  states: { FAR_DATADISK: 'AVAILABLE', NEAR_DATADISK: 'AVAILABLE', BAD_DATADISK: 'BAD' },
}));

export class RucioServer {
  readonly #server: Server;
  /** Query strings and bodies, as they came. */
  readonly seen: string[] = [];
  url = '';

  constructor(readonly token: string) {
    this.#server = createServer((request, response) => {
      let body = '';
      request.on('data', (data: Buffer) => {
        body += data.toString('utf8');
      });
      request.on('end', () => {
        this.seen.push(`${request.method} ${request.url} ${body}`);
        const fail = (status: number, name: string, message: string): void => {
          response.writeHead(status, { 'content-type': 'application/json', ExceptionClass: name });
          response.end(JSON.stringify({ ExceptionClass: name, ExceptionMessage: message }));
        };
        const lines = (values: readonly unknown[]): void => {
          response.writeHead(200, { 'content-type': 'application/x-json-stream' });
          response.end(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
        };
        if (request.headers['x-rucio-auth-token'] !== this.token)
          return fail(401, 'CannotAuthenticate', 'Cannot authenticate with given credentials');
        const url = new URL(request.url ?? '/', 'http://localhost');
        if (url.pathname === '/dids/mc16/dids/search') {
          // A list of alternatives, in Python's notation of literals, which JSON without true, false and null is.
          const filters = JSON.parse(url.searchParams.get('filters') ?? '[]') as Record<string, unknown>[];
          const pattern = new RegExp(
            `^${String(filters[0]?.['name'] ?? '*')
              .replaceAll('.', '\\.')
              .replaceAll('*', '.*')}$`,
          );
          return lines(
            FILES.filter(({ name }) => pattern.test(name)).map(({ scope, name, bytes }) => ({
              scope,
              name,
              bytes,
              did_type: 'FILE',
              length: null,
            })),
          );
        }
        if (url.pathname === '/dids/mc16/all/files')
          return lines(
            FILES.slice(0, 2).map(({ scope, name, bytes }, i) => ({
              scope,
              name,
              bytes,
              adler32: '',
              guid: '',
              events: 10 * (i + 1),
            })),
          );
        if (url.pathname === '/replicas/list') {
          const { dids } = JSON.parse(body) as { dids: { name: string }[] };
          return lines(FILES.filter((file) => dids.some(({ name }) => name === file.name)));
        }
        return fail(404, 'DataIdentifierNotFound', `Data identifier '${url.pathname}' not found`);
      });
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}
