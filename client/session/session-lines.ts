/** The opening of a session in the lines that PROOF's users know, on a Screen. */
import type { HostEntry } from '../client-config.js';
import type { Screen } from '../show/screen.js';
import { ProofSession } from './proof-session.js';

/**
 * Opens a session and waits for its workers. With an empty pool it says so and gives the session back at once: workers join when pilots
 * start. @returns the session and the milliseconds from the call to the last worker ready
 */
export async function openSession(
  host: HostEntry,
  screen: Screen,
  options: { workers?: number | null; title?: string },
): Promise<{ session: ProofSession; openMs: number }> {
  const started = performance.now();
  screen.say('Starting master: opening connection ...');
  const session = await ProofSession.open(host, options);
  screen.say('Starting master: OK');
  session.on('notice', (text) => screen.say(text));
  session.on('lost', (why) =>
    screen.warn(`The connection to ${host.name} is lost (${why}); the session goes on there, connecting again ...`),
  );
  await session.welcomed;
  const { expected } = session.workers;
  if (expected === 0) {
    screen.say('Opening connections to workers: none is free at present; workers join as soon as there are some');
    return { session, openMs: performance.now() - started };
  }
  const { ready } = await session.allReady();
  screen.say(`Opening connections to workers: OK (${ready} workers)`);
  screen.say(`Setting up worker servers: OK (${ready} workers)`);
  screen.say(`PROOF set to parallel mode (${ready} workers)`);
  return { session, openMs: performance.now() - started };
}
