/** A worker that is done with every packet as soon as it comes: for what a master does under load. */
import { WebSocket } from 'ws';
import { systemClock } from '../../protocol/clock.js';
import { Link } from '../../protocol/link.js';
import {
  type Packet,
  type ToWorkerMessage,
  toWorkerMessage,
  type WorkerMessage,
} from '../../protocol/worker-messages.js';
import { testNode } from './nodes.js';

export interface EagerOptions {
  /** What it commits with every packet. */
  readonly increment: Uint8Array;
  /** What it finds in every file. */
  readonly entries: number;
  /** As slow as it claims to be. */
  readonly msAnEntry: number;
  /** Then it falls silent. */
  readonly mostPackets?: number;
}

/** Speaks the worker's side of the protocol, and is done with every packet as soon as it comes. */
export class EagerWorker {
  packets = 0;
  #link: Link<ToWorkerMessage, WorkerMessage> | undefined;
  readonly #options: EagerOptions;

  private constructor(options: EagerOptions) {
    this.#options = options;
  }
  static attach(session: { readonly socket: string }, workerId: string, options: EagerOptions): Promise<EagerWorker> {
    const worker = new EagerWorker(options);
    const socket = new WebSocket(`ws+unix:${session.socket}:/v1/worker/bench`, {
      headers: { 'x-proof-worker': workerId },
      perMessageDeflate: false,
    });
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('open', () => {
        worker.#link = new Link(socket, {
          ...{ schema: toWorkerMessage, clock: systemClock },
          onMessage: (message) => {
            if (message.type === 'welcome') resolve(worker);
            else worker.#receive(message);
          },
          onClosed: () => {},
        });
        worker.#link.send({ type: 'hello', protocol: 1, workerId, pid: process.pid, node: testNode });
      });
    });
  }
  close(): void {
    this.#link?.close('done');
  }

  #receive(message: ToWorkerMessage): void {
    if (message.type === 'prepare') {
      this.#link?.send({ type: 'prepared', queryId: message.queryId });
      this.#link?.send({ type: 'want', queryId: message.queryId, n: 2, running: null });
    } else if (message.type === 'count') {
      const { requestId, file } = message;
      const { entries } = this.#options;
      const facts = { entries, tree: 'events', clusters: [0, entries] };
      this.#link?.send({ type: 'counted', requestId, position: file.position, facts });
    } else if (message.type === 'packet') this.#commit(message.queryId, message.packet);
    else if (message.type === 'finish') this.#link?.send({ type: 'finished', queryId: message.queryId });
  }
  #commit(queryId: string, { packetId, attempt, first, end }: Packet): void {
    if (this.packets >= (this.#options.mostPackets ?? Number.POSITIVE_INFINITY)) return;
    this.packets++;
    const entries = end - first;
    this.#link?.send({ type: 'want', queryId, n: 1, running: packetId });
    this.#link?.send({
      ...{ type: 'commit', queryId, commitId: this.packets, increment: this.#options.increment },
      packets: [
        {
          packetId,
          attempt,
          entries,
          bytes: 1000,
          wallMs: entries * this.#options.msAnEntry,
          cpuMs: entries * this.#options.msAnEntry,
        },
      ],
    });
  }
}
