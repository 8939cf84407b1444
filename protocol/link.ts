/**
 * One WebSocket between two of our processes: messages checked by their schema on arrival, a heartbeat, one reason at its end.
 *
 * A peer that sends what the schema refuses, or is silent for `silentAfterMs`, loses this one connection. Silence is counted in pings, so
 * that a process which was itself held up does not take that for the silence of its peer. `onClosed` is called exactly once,
 * whatever ended it. Dialling out, with retries: dial.ts.
 */
import type { WebSocket } from 'ws';
import type { z } from 'zod';
import { checked } from './check.js';
import type { Clock } from './clock.js';
import { errorBody } from './errors.js';
import { decodeFrame, encodeFrame } from './frame.js';

export interface LinkOptions<In> {
  readonly schema: z.ZodType<In>;
  readonly clock: Clock;
  readonly onMessage: (message: In) => void;
  /** `why` is a sentence for the log. */
  readonly onClosed: (why: string) => void;
  /** A ping goes out when nothing came for a third of this time; the link is given up after all of it. 0: no heartbeat. */
  readonly silentAfterMs?: number;
}

export const SILENT_AFTER_MS = 30_000;
const PINGS = 3;

export class Link<In, Out extends object> {
  readonly #socket: WebSocket;
  readonly #options: LinkOptions<In>;
  readonly #silentAfterMs: number;
  #lastHeard: number;
  /** Pings in a row that nothing came after. */
  #missed = 0;
  #cancelBeat: () => void = () => {};
  #closed = false;

  constructor(socket: WebSocket, options: LinkOptions<In>) {
    this.#socket = socket;
    this.#options = options;
    this.#silentAfterMs = options.silentAfterMs ?? SILENT_AFTER_MS;
    this.#lastHeard = options.clock.now();
    socket.binaryType = 'nodebuffer';
    socket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary));
    socket.on('ping', () => this.#heard());
    socket.on('pong', () => this.#heard());
    socket.on('error', (error) => this.#end(error.message));
    socket.on('close', (code, reason) => this.#end(closeSentence(code, reason.toString('utf8'))));
    if (this.#silentAfterMs > 0) this.#beat();
  }

  /** Bytes given to `send` that the network has not taken yet. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  get isOpen(): boolean {
    return !this.#closed;
  }

  /** A message to a link that is closed is dropped: its `onClosed` has told the story. */
  send(message: Out): void {
    if (!this.#closed) this.#socket.send(encodeFrame(message));
  }

  /** Ends the link from this side; `why` reaches the peer (cut to 120 bytes, as a close frame allows). */
  close(why: string): void {
    if (this.#closed) return;
    this.#socket.close(1000, Buffer.from(why).subarray(0, 120).toString('utf8').replace(/�$/, ''));
    this.#end(why);
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#closed) return;
    this.#heard();
    let message: In;
    try {
      message = checked(this.#options.schema, decodeFrame(data, isBinary));
    } catch (error) {
      this.close(errorBody(error).message);
      return;
    }
    this.#options.onMessage(message);
  }

  #heard(): void {
    this.#missed = 0;
    this.#lastHeard = this.#options.clock.now();
  }

  #beat(): void {
    this.#cancelBeat = this.#options.clock.after(this.#silentAfterMs / PINGS, () => {
      this.#missed++;
      const silent = this.#options.clock.now() - this.#lastHeard;
      if (this.#missed >= PINGS && silent >= this.#silentAfterMs) {
        this.#socket.terminate();
        this.#end(`silent for ${Math.round(silent)} ms`);
        return;
      }
      this.#socket.ping();
      this.#beat();
    });
  }

  #end(why: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelBeat();
    this.#options.onClosed(why);
  }
}

function closeSentence(code: number, reason: string): string {
  if (reason !== '') return reason;
  return code === 1006 ? 'the connection broke' : `closed by the peer (${code})`;
}
