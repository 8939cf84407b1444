/** A plain web server on the loopback with one file, and with the faults that a test asks for. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RangeServerSetup {
  /** Ranges in one request that are answered as such; more, and the whole file comes. 0: no ranges at all. */
  readonly maxRanges?: number;
  /** Called first; true: it answered, or broke, the request itself. */
  readonly fault?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export class RangeServer {
  /** Range headers seen, in order ('' for none). */
  readonly asked: string[] = [];
  /** Connections made to it. */
  connections = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(bytes: Buffer, { maxRanges = 1000, fault }: RangeServerSetup = {}): Promise<RangeServer> {
    const http = createServer((request, response) => {
      server.asked.push(request.headers.range ?? '');
      if (fault?.(request, response) === true) return;
      answer(bytes, maxRanges, request, response);
    });
    http.on('connection', () => server.connections++);
    const server = new RangeServer(http);
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}/data.bin`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function answer(bytes: Buffer, maxRanges: number, request: IncomingMessage, response: ServerResponse): void {
  const wanted = [...(request.headers.range ?? '').matchAll(/(\d+)-(\d+)/g)].map((match) => ({
    first: Number(match[1]),
    end: Math.min(Number(match[2]) + 1, bytes.length),
  }));
  if (wanted.length === 0 || wanted.length > maxRanges) {
    response.writeHead(200, { 'Content-Length': bytes.length }).end(bytes);
    return;
  }
  if (wanted.every(({ first }) => first >= bytes.length)) {
    response.writeHead(416, { 'Content-Range': `bytes */${bytes.length}` }).end();
    return;
  }
  const rangeText = ({ first, end }: { first: number; end: number }): string =>
    `bytes ${first}-${end - 1}/${bytes.length}`;
  const [only] = wanted;
  if (wanted.length === 1 && only !== undefined) {
    const part = bytes.subarray(only.first, only.end);
    response.writeHead(206, { 'Content-Length': part.length, 'Content-Range': rangeText(only) }).end(part);
    return;
  }
  const parts = wanted.flatMap((range) => [
    Buffer.from(
      `\r\n--SEPARATOR\r\nContent-Type: application/octet-stream\r\nContent-Range: ${rangeText(range)}\r\n\r\n`,
    ),
    bytes.subarray(range.first, range.end),
  ]);
  const body = Buffer.concat([...parts, Buffer.from('\r\n--SEPARATOR--\r\n')]);
  const type = 'multipart/byteranges; boundary=SEPARATOR';
  response.writeHead(206, { 'Content-Length': body.length, 'Content-Type': type }).end(body);
}
