/** An answer that comes before the end of the body: who still sends gets to read it. */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A peer that goes on sending after its answer is heard for so long. */
const LINGER_MS = 2_000;
/**
 * For the head of a request whose body may be refused in its middle: a server that is told `close` shuts the connection in the moment in which it
 * has answered, and bytes that are on their way to it then destroy the answer at their sender.
 */
export const STAYS_TO_BE_HEARD = { connection: 'keep-alive' } as const;

/** After the answer, what is left of the body is thrown away, for a while. */
export function lingerAfter(response: ServerResponse, request: IncomingMessage): void {
  response.once('close', () => {
    if (request.complete || request.destroyed) return;
    request.unpipe();
    request.resume();
    const cut = setTimeout(() => request.destroy(), LINGER_MS).unref();
    const stop = (): void => clearTimeout(cut);
    request.once('end', stop).once('close', stop);
  });
}
