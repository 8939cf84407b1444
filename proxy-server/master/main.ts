/**
 * The session master: a process for each session, started by the ProxyServer with the path of its session.json (or `--spare`: it warms up
 * and reads that path from standard input when a session needs it). It listens on the session's Unix socket, prints `ready`, and ends by
 * itself: told to, idle, or orphaned (session.ts).
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { checked, parseJson } from '../../protocol/check.js';
import { systemClock } from '../../protocol/clock.js';
import { sessionFile } from '../../protocol/control-messages.js';
import { type Daemon, runDaemon } from '../../protocol/daemon.js';
import { UsageError } from '../../protocol/errors.js';
import { createLogger, logLevels } from '../../protocol/log.js';
import { useFewerThreads } from '../../protocol/v8-on-busy-cores.js';
import type { SessionGrid } from './create-run.js';
import { QueryStore } from './query-store.js';
import { Session } from './session.js';
import { openSockets } from './sockets.js';

/** Of what its rehearsal has not optimised, little is worth it within a short query, and much in one of many packets. */
useFewerThreads(100_000);

/** What only queries need is loaded once the master listens. */
const loadCreateRun = (): Promise<typeof import('./create-run.js')> => import('./create-run.js');
/** Last messages are given so long to leave. */
const LAST_WORDS_MS = 100;

async function start(path: string): Promise<Daemon> {
  const file = checked(sessionFile, parseJson(readFileSync(path, 'utf8'), path), path);
  const log = createLogger({
    program: 'master',
    level: logLevels.parse(file.log.level),
    file: file.log.file,
    terminal: false,
  });
  const store = new QueryStore(file.directory);
  const clock = systemClock;
  let end: (status: number) => void = () => {};
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  let grid: SessionGrid | undefined;
  const session: Session = new Session({
    ...{ file, clock, log, store },
    createRun: async (spec, events) => {
      const { createRun, sessionGrid } = await loadCreateRun();
      grid ??= sessionGrid(file);
      return createRun(spec, events, { file, clock, log, store, grid });
    },
    onEnd: (why) => {
      log.info('session over', { sessionId: file.sessionId, why });
      clock.after(LAST_WORDS_MS, () => void sockets.close().then(() => end(0)));
    },
  });
  await session.recover(); // before anybody can ask for a query that is not there yet
  const sockets = await openSockets(file.socket, session, { clock, workerSilentMs: file.workerSilentMs });
  log.info('master listens', { sessionId: file.sessionId, socket: file.socket });
  process.stdout.write('ready\n');
  void loadCreateRun();
  return {
    url: null,
    ended,
    // Queries that run go on from their journal when this master is started again.
    stop: () => sockets.close(),
  };
}

/** The first line of standard input. */
async function pathFromInput(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdin.destroy();
    return line.trim();
  }
  process.exit(0); // nobody needed this spare
}

await runDaemon('proof master', async () => {
  const [word] = process.argv.slice(2);
  if (word === undefined)
    throw new UsageError('A master is started with the path of its session.json, or with --spare.');
  if (word !== '--spare') return start(word);
  await loadCreateRun();
  const path = pathFromInput();
  const stopped = new AbortController();
  const stop = (): void => stopped.abort();
  path.then(stop, stop);
  const { rehearse } = await import('./rehearsal.js');
  await rehearse(systemClock, stopped.signal).catch((e: unknown) =>
    console.error(`the rehearsal failed: ${String(e)}`),
  );
  return start(await path);
});
