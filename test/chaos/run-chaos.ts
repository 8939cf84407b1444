/**
 * A chaos run: users at work in a real installation while faults come one after the other, then quiet, then the invariants. The same seed draws
 * the same faults; when they meet what, the machine decides.
 */
import { seededRandom } from '../support/seeded-random.js';
import { Actors, allOver, type Tally } from './actors.js';
import { chooseFault, FAULTS } from './faults.js';
import {
  isListening,
  leftProcesses,
  openFiles,
  residentBytes,
  type Sample,
  slope,
  temporaryFiles,
} from './invariants.js';
import { pause } from './pause.js';
import { WORKERS, World } from './world.js';

export interface ChaosReport extends Tally {
  readonly seed: number;
  readonly minutes: number;
  /** Fault -> how often. */
  readonly faults: Record<string, number>;
  readonly hasSmallDisk: boolean;
  /** Bytes a minute over the last part, in which they are not restarted. */
  readonly memory: Record<string, { perMinute: number; minutes: number; last: number }>;
  readonly openFiles: Record<string, { before: number; after: number }>;
}

/** Of the whole run: then no daemon is restarted any more, and its memory is watched. */
const LAST_PART = 0.4;
const SAMPLE_MS = 5_000;
const QUIET_WITHIN_MS = 120_000;

export async function runChaos(
  options: { seed: number; minutes: number },
  say: (line: string) => void = () => {},
): Promise<ChaosReport> {
  const random = seededRandom(options.seed);
  const before = temporaryFiles();
  const world = await World.start();
  const tally: Tally = {
    queries: 0,
    entries: 0,
    jobs: 0,
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
    const actors = new Actors(world, report, seededRandom(options.seed + 1));
    const working = actors.work();
    const watch = new Watch(world);
    const start = performance.now();
    for (;;) {
      const part = (performance.now() - start) / (options.minutes * 60_000);
      if (part >= 1) break;
      if (part >= 1 - LAST_PART) watch.start();
      const name = chooseFault(random, part >= 1 - LAST_PART);
      say(`${new Date().toISOString()} ${name}`);
      if (await FAULTS[name]!.run(world, random)) report.faults[name] = (report.faults[name] ?? 0) + 1;
      await pause(300 + random() * 2_500);
    }
    say('faults are over');
    actors.finish();
    await within(working, 'users come to the end of their work', report, world);
    await within(allOver(world), 'all queries end', report, world);
    await within(warm(world), 'all workers are warm again', report, world);
    Object.assign(report.memory, watch.memory());
    Object.assign(report.openFiles, watch.openFiles());
    report.differences.push(...world.crashes.map((words) => `a daemon ended by itself: ${words}`));
  } finally {
    if (report.differences.length === 0 || process.env['PROOF_CHAOS_KEEP'] === undefined) await world.stop();
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

async function within(done: Promise<unknown>, what: string, report: ChaosReport, world: World): Promise<void> {
  const late = Symbol();
  const first = await Promise.race([done, pause(QUIET_WITHIN_MS).then(() => late)]);
  if (first !== late) return;
  const state = JSON.stringify([await world.ask('/sessions'), await world.ask('/workers')]).slice(0, 3_000);
  report.differences.push(`not so within ${QUIET_WITHIN_MS / 1000} s: ${what}: ${state}`);
  throw new Error(report.differences.join('\n'));
}

async function afterwards(world: World, before: Set<string>, report: ChaosReport): Promise<void> {
  const until = performance.now() + 10_000;
  while (leftProcesses(world.folder).length > 0 && performance.now() < until) await pause(100);
  report.differences.push(...leftProcesses(world.folder));
  for (const name of temporaryFiles())
    if (!before.has(name) && world.folder.endsWith(name)) report.differences.push(`${name} is left`);
  for (const url of [world.url, world.catalogUrl])
    if (await isListening(Number(new URL(url).port))) report.differences.push(`${url} still listens`);
}

/** Memory and open files of the daemons, from `start` on. */
class Watch {
  readonly #world: World;
  readonly #samples = new Map<string, Sample[]>();
  readonly #files = new Map<string, { pid: number; before: number }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(world: World) {
    this.#world = world;
  }
  start(): void {
    if (this.#timer !== undefined) return;
    for (const [name, pid] of this.#daemons()) this.#files.set(name, { pid, before: openFiles(pid) });
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }
  memory(): ChaosReport['memory'] {
    clearInterval(this.#timer);
    return Object.fromEntries(
      [...this.#samples].map(([name, samples]) => {
        const minutes = (samples.at(-1)!.ms - samples[0]!.ms) / 60_000;
        return [name, { perMinute: Math.round(slope(samples)), minutes, last: samples.at(-1)!.bytes }];
      }),
    );
  }
  openFiles(): ChaosReport['openFiles'] {
    return Object.fromEntries(
      [...this.#files].map(([name, { pid, before }]) => [name, { before, after: openFiles(pid) }]),
    );
  }

  #daemons(): [string, number][] {
    return [
      ['ProxyServer', this.#world.proxy!.pid!],
      ['catalog', this.#world.catalog!.pid!],
    ];
  }
  #sample(): void {
    for (const [name, pid] of this.#daemons()) {
      const bytes = residentBytes(pid);
      if (bytes !== undefined)
        this.#samples.set(name, [...(this.#samples.get(name) ?? []), { ms: performance.now(), bytes }]);
    }
  }
}
