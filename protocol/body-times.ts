/**
 * How long the body of a call may take. Node's own limit is one for all calls; here a list of files that somebody known sends to a catalog may
 * take hours as long as it goes on, and everything else, whoever sends it, has its time.
 */
import type { IncomingMessage } from 'node:http';

export interface BodyLimits {
  /** A body of the largest size by a slow line. */
  readonly wholeMs: number;
  /** Of a list: without a byte. The catalog itself may keep it waiting for as long as a slow disk needs. */
  readonly idleMs: number;
}
export class BodyTimes {
  readonly #timers = new WeakMap<IncomingMessage, NodeJS.Timeout>();

  constructor(readonly limits: BodyLimits) {}

  /** Every call, before anything is known of it. */
  begin(request: IncomingMessage): void {
    const end = (): void => void (request.complete || request.destroy()); // the answer may take longer
    const timer = setTimeout(end, this.limits.wholeMs).unref();
    this.#timers.set(request, timer);
    const stop = (): void => clearTimeout(timer);
    request.once('end', stop).once('close', stop);
  }

  /** A list of somebody known: only silence ends it. */
  allowList(request: IncomingMessage): void {
    clearTimeout(this.#timers.get(request));
    const { socket } = request;
    const onSilence = (): void => void request.destroy();
    socket.setTimeout(this.limits.idleMs, onSilence);
    request.once('end', () => socket.setTimeout(0).off('timeout', onSilence));
  }
}
