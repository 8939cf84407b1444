/** A plain web server on the loopback that keeps what is PUT there: no MOVE, ranges of one part; with a certificate it speaks TLS, with a token it asks for it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface WebStoreSetup {
  /** PEM. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Bearer token without which nothing is answered. */
  readonly token?: string;
}

export class WebStore {
  /** Path -> bytes. */
  readonly files = new Map<string, Buffer>();
  /** The next PUT that brings more bytes is cut there, once. */
  cutAt = Number.POSITIVE_INFINITY;
  /** The next PUT is kept, and its connection ends without an answer, once. */
  losesAnswer = false;
  readonly #setup: WebStoreSetup;
  readonly #server: Server;

  private constructor(setup: WebStoreSetup) {
    this.#setup = setup;
    const answer = (request: IncomingMessage, response: ServerResponse): void => this.#answer(request, response);
    this.#server = setup.tls === undefined ? createServer(answer) : createTlsServer(setup.tls, answer);
  }

  static async start(setup: WebStoreSetup = {}): Promise<WebStore> {
    const store = new WebStore(setup);
    await new Promise<void>((resolve) => store.#server.listen(0, '127.0.0.1', resolve));
    return store;
  }

  get url(): string {
    const scheme = this.#setup.tls === undefined ? 'http' : 'https';
    return `${scheme}://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { token } = this.#setup;
    const path = request.url!;
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) response.writeHead(401).end();
    else if (request.method === 'PUT') this.#put(path, request, response);
    else if (request.method === 'DELETE') response.writeHead(this.files.delete(path) ? 204 : 404).end();
    else if (request.method === 'HEAD' || request.method === 'GET') this.#get(path, request, response);
    else response.writeHead(501).end();
  }

  #put(path: string, request: IncomingMessage, response: ServerResponse): void {
    const parts: Buffer[] = [];
    let nbytes = 0;
    request.on('data', (part: Buffer) => {
      parts.push(part);
      nbytes += part.length;
      if (nbytes <= this.cutAt) return;
      this.cutAt = Number.POSITIVE_INFINITY;
      request.socket.destroy();
    });
    request.on('end', () => {
      this.files.set(path, Buffer.concat(parts));
      if (this.losesAnswer && !path.includes('.part-')) {
        this.losesAnswer = false;
        request.socket.destroy();
        return;
      }
      response.writeHead(201).end();
    });
  }

  #get(path: string, { method, headers }: IncomingMessage, response: ServerResponse): void {
    const bytes = this.files.get(path);
    const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
    if (bytes === undefined) {
      response.writeHead(404).end();
      return;
    }
    const [first, end] = range === null ? [0, bytes.length] : [Number(range[1]), Number(range[2]) + 1];
    const part = bytes.subarray(first, end);
    response.writeHead(range === null ? 200 : 206, {
      'Content-Length': part.length,
      ...(range === null ? {} : { 'Content-Range': `bytes ${first}-${first + part.length - 1}/${bytes.length}` }),
    });
    response.end(method === 'HEAD' ? undefined : part);
  }
}
