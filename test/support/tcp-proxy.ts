/** A TCP proxy between two of our processes that can cut its connections, hold everything back without a word, or slow all down. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class TcpProxy {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #target: () => number;
  port = 0;
  #delayMs = 0;
  #isHeld = false;

  private constructor(target: () => number) {
    this.#target = target;
    this.#server = createServer({ pauseOnConnect: true }, (client) => this.#accept(client));
  }
  /** @param target the port on the loopback that connections go on to, asked for at each */
  static async start(target: () => number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    proxy.port = (proxy.#server.address() as AddressInfo).port;
    return proxy;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Ends those that `which` chooses, with RST: neither side has a farewell. */
  cut(which: () => boolean = () => true): number {
    const chosen = [...this.#pairs].filter(() => which());
    for (const pair of chosen) for (const socket of pair) socket.resetAndDestroy();
    return chosen.length;
  }
  /** Nothing passes and nobody is told, as when a cable is pulled; new connections wait as well. */
  hold(): void {
    this.#isHeld = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }
  release(): void {
    this.#isHeld = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }
  /** Everything passes so much later. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    const server = connect(this.#target(), '127.0.0.1');
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      const late = { pending: 0, until: 0 };
      from.setNoDelay(true);
      from.on('data', (data) => this.#pass(from, to, data, late));
      from.on('end', () => to.end());
      from.on('error', () => {}); // 'close' follows
      from.on('close', () => {
        this.#pairs.delete(pair);
        to.destroy();
      });
      if (this.#isHeld) from.pause();
      else from.resume();
    }
  }
  #pass(from: Socket, to: Socket, data: Buffer, late: { pending: number; until: number }): void {
    const write = (): void => {
      if (to.destroyed || to.write(data)) return;
      from.pause();
      to.once('drain', () => this.#isHeld || from.resume());
    };
    const now = performance.now();
    late.until = Math.max(late.until, now + this.#delayMs);
    if (late.pending === 0 && late.until <= now) {
      write();
      return;
    }
    late.pending++;
    setTimeout(() => {
      late.pending--;
      write();
    }, late.until - now); // never earlier than what came before
  }
}
