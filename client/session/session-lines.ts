/** The opening of a session in the lines that PROOF's users know, on a Screen. */
import type { HostEntry } from '../client-config.js';
import type { Screen } from '../show/screen.js';
import { ProofSession } from './proof-session.js';

/** Opens a session, which has its master then; its workers are on their way. */
export async function startSession(
  host: HostEntry,
  screen: Screen,
  options: { workers?: number | null; title?: string },
): Promise<ProofSession> {
  screen.say('Starting master: opening connection ...');
  const session = await ProofSession.open(host, options);
  screen.say('Starting master: OK');
  session.on('notice', (text) => screen.say(text));
  session.on('lost', (why) =>
    screen.warn(`The connection to ${host.name} is lost (${why}); the session goes on there, connecting again ...`),
  );
  return session;
}

/** Waits for the workers. With an empty pool it says so and comes back at once: workers join when pilots start. */
export async function setUpWorkers(session: ProofSession, screen: Screen): Promise<void> {
  await session.welcomed;
  const { expected } = session.workers;
  if (expected === 0) {
    screen.say('Opening connections to workers: none is free at present; workers join as soon as there are some');
    return;
  }
  const { ready } = await session.allReady();
  screen.say(`Opening connections to workers: OK (${ready} workers)`);
  screen.say(`Setting up worker servers: OK (${ready} workers)`);
  screen.say(`PROOF set to parallel mode (${ready} workers)`);
}
