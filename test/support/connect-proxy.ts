/** A small HTTP proxy that knows CONNECT: names are resolved here, so that a name nobody else knows is reached through it alone. */
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export class ConnectProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** What was asked for, `host:port`. */
  readonly asked: string[] = [];

  private constructor(where: (name: string) => Promise<string>, password: string | null) {
    this.#server = createServer((_request, response) => response.writeHead(405).end());
    this.#server.on('connection', (socket) => this.#keep(socket));
    this.#server.on('connect', (request, socket: Socket, head) => {
      const wanted = password === null ? undefined : `Basic ${Buffer.from(password).toString('base64')}`;
      const name = request.url ?? '';
      if (request.headers['proxy-authorization'] !== wanted) {
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
        return;
      }
      this.asked.push(name);
      where(name).then(
        (place) => this.#join(socket, head, place),
        () => socket.destroy(),
      );
    });
  }

  /** @param where `host:port` as it is asked for -> where it really is. @param password `user:password` that it asks for */
  static async start(
    where: (name: string) => Promise<string>,
    { password = null, host = '127.0.0.1' }: { password?: string | null; host?: string } = {},
  ): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(where, password);
    await new Promise<void>((resolve) => proxy.#server.listen(0, host, resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Breaks what goes through it, as a restart of the proxy does. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(socket: Socket, head: Buffer, place: string): void {
    const [host, port] = place.split(':');
    const behind = this.#keep(connect(Number(port), host));
    behind.once('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length > 0) behind.write(head);
      socket.pipe(behind).pipe(socket);
    });
    for (const [one, other] of [
      [socket, behind],
      [behind, socket],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }
}
