/**
 * A chaos run: users at work in a real installation while faults come one after the other, then quiet, then the invariants. The same seed draws
 * the same faults; when they meet what, the machine decides. A short run may be told to go on until so many kinds of faults were there.
 */
import { seededRandom } from '../support/seeded-random.js';
import { Actors, allOver, type Tally } from './actors.js';
import { chooseFault, FAULTS } from './faults.js';
import { isListening, leftProcesses, temporaryFiles } from './invariants.js';
import { pause } from './pause.js';
import { MemoryWatch, openFilesOf } from './watch.js';
import { WORKERS, World } from './world.js';

export interface ChaosReport extends Tally {
  readonly seed: number;
  readonly minutes: number;
  /** Fault -> how often. */
  readonly faults: Record<string, number>;
  readonly hasSmallDisk: boolean;
  /** Bytes a minute over the last part, in which the daemons are not restarted. */
  readonly memory: Record<string, { perMinute: number; minutes: number; last: number }>;
  readonly openFiles: Record<string, { before: number; after: number }>;
}

/** Sockets of the last requests may still be closing. */
const MORE_OPEN_FILES = 4;
/** Of its memory, over the part of the run in which it is watched; that is judged where it is long enough to tell growth from a cache that fills. */
const MOST_GROWTH = 0.15;
const JUDGED_FROM_MINUTES = 5;

/** Of the whole run: then no daemon is restarted any more, and its memory is watched. */
const LAST_PART = 0.4;
const QUIET_WITHIN_MS = 400_000;

export async function runChaos(
  options: { seed: number; minutes: number; kinds?: number },
  say: (line: string) => void = () => {},
): Promise<ChaosReport> {
  const random = seededRandom(options.seed);
  const before = temporaryFiles();
  const world = await World.start();
  const tally: Tally = {
    queries: 0,
    entries: 0,
    jobs: 0,
    jobsSuspended: 0,
    jobsResubmitted: 0,
    clientsLost: 0,
    refusedForRoom: 0,
    notReached: 0,
    differences: [],
  };
  const report: ChaosReport = {
    ...tally,
    ...options,
    faults: {},
    hasSmallDisk: world.hasSmallDisk,
    memory: {},
    openFiles: {},
  };
  try {
    await within(warm(world), 'all workers are warm', report, world);
    say(`chaos in ${world.folder}: ${WORKERS} workers, seed ${options.seed}, ${options.minutes} minutes`);
    const quiet = openFilesOf(world);
    const actors = new Actors(world, report, seededRandom(options.seed + 1));
    const working = actors.work();
    const watch = new MemoryWatch(world);
    const start = performance.now();
    for (;;) {
      const isVaried = Object.keys(report.faults).length >= (options.kinds ?? 0);
      const part = Math.min((performance.now() - start) / (options.minutes * 60_000), isVaried ? 1 : 0.99 - LAST_PART);
      if (part >= 1) break;
      if (part >= 1 - LAST_PART) watch.start();
      const name = chooseFault(random, part >= 1 - LAST_PART);
      say(`${new Date().toISOString()} ${name}`);
      if (await FAULTS[name]!.run(world, random)) report.faults[name] = (report.faults[name] ?? 0) + 1;
      await pause(300 + random() * 2_500);
    }
    say('faults are over');
    actors.finish();
    await within(working, 'users come to the end of their work', report, world, () => actors.doing);
    Object.assign(report.memory, watch.memory());
    const queries = await within(allOver(world), 'all queries end', report, world);
    await within(actors.judgeTheRest(queries), 'all answers are looked at', report, world);
    await within(warm(world), 'all workers are warm again', report, world);
    await within(noSessions(world), 'all sessions end', report, world);
    await fewOpenFiles(world, quiet, report);
    report.differences.push(...grown(report.memory));
    report.differences.push(...world.crashes.map((words) => `a daemon ended by itself: ${words}`));
  } finally {
    if (report.differences.length === 0 || process.env['PROOF_CHAOS_KEEP'] === undefined)
      report.differences.push(...(await world.stop()).map((path) => `${path} is left`));
  }
  await afterwards(world, before, report);
  return report;
}

/** All workers are there and nobody's. */
async function warm(world: World): Promise<void> {
  for (;;) {
    const workers = await world.ask<{ phase: string; sessionId: string | null }[]>('/workers');
    if (workers.filter(({ phase, sessionId }) => phase === 'warm' && sessionId === null).length === WORKERS) return;
    await pause(200);
  }
}

async function noSessions(world: World): Promise<void> {
  for (;;) {
    const sessions = await world.ask<{ state: string }[]>('/sessions');
    if (sessions.every(({ state }) => state === 'ended')) return;
    await pause(500);
  }
}

/** As few as before the first fault, in whatever process each daemon is now. */
async function fewOpenFiles(world: World, quiet: Record<string, number>, report: ChaosReport): Promise<void> {
  const until = performance.now() + QUIET_WITHIN_MS;
  for (;;) {
    const now = openFilesOf(world);
    for (const [name, after] of Object.entries(now)) report.openFiles[name] = { before: quiet[name]!, after };
    const more = Object.keys(now).filter((name) => now[name]! > quiet[name]! + MORE_OPEN_FILES);
    if (more.length === 0) return;
    if (performance.now() > until) {
      for (const name of more) report.differences.push(`${name} has ${now[name]} files open, ${quiet[name]} before`);
      return;
    }
    await pause(1_000);
  }
}

function grown(memory: ChaosReport['memory']): string[] {
  return Object.entries(memory).flatMap(([name, { perMinute, minutes, last }]) =>
    minutes >= JUDGED_FROM_MINUTES && perMinute * minutes > MOST_GROWTH * last
      ? [`the memory of the ${name} grew by ${perMinute} bytes a minute for ${minutes} minutes`]
      : [],
  );
}

async function within<T>(
  done: Promise<T>,
  what: string,
  report: ChaosReport,
  world: World,
  doing: () => string = () => '',
): Promise<T> {
  const late = Symbol();
  const first = await Promise.race([done, pause(QUIET_WITHIN_MS).then((): typeof late => late)]);
  if (first !== late) return first as T;
  const sessions = (await world.ask<{ state: string }[]>('/sessions')).filter(({ state }) => state !== 'ended');
  const state = JSON.stringify([sessions, await world.ask('/workers')]).slice(0, 6_000);
  report.differences.push(`not so within ${QUIET_WITHIN_MS / 1000} s: ${what}: ${doing()} ${state}`);
  throw new Error(report.differences.join('\n'));
}

async function afterwards(world: World, before: Set<string>, report: ChaosReport): Promise<void> {
  const until = performance.now() + 100_000;
  while (leftProcesses(world.folder).length > 0 && performance.now() < until) await pause(100);
  report.differences.push(...leftProcesses(world.folder));
  for (const name of temporaryFiles())
    if (!before.has(name) && world.folder.endsWith(name)) report.differences.push(`${name} is left`);
  for (const port of world.ports)
    if (await isListening(port)) report.differences.push(`somebody still listens on port ${port}`);
}
