/** Memory and open files of the daemons of a chaos run. */
import { openFiles, residentBytes, type Sample, slope } from './invariants.js';
import type { World } from './world.js';

const SAMPLE_MS = 5_000;
/** A daemon that was started just before the watch fills its caches for so long; left out where the watch is longer than twice that. */
const WARMING_MS = 180_000;

const daemons = (world: World): [string, number][] => [
  ['ProxyServer', world.proxy!.pid!],
  ['catalog', world.catalog!.pid!],
];

function withoutWarming(samples: readonly Sample[]): readonly Sample[] {
  const [first, last] = [samples[0]!.ms, samples.at(-1)!.ms];
  return last - first < 2 * WARMING_MS ? samples : samples.filter(({ ms }) => ms - first >= WARMING_MS);
}

export const openFilesOf = (world: World): Record<string, number> =>
  Object.fromEntries(daemons(world).map(([name, pid]) => [name, openFiles(pid)]));

/** From `start` on; the daemons are not restarted meanwhile. */
export class MemoryWatch {
  readonly #world: World;
  readonly #samples = new Map<string, Sample[]>();
  #timer: NodeJS.Timeout | undefined;

  constructor(world: World) {
    this.#world = world;
  }
  start(): void {
    this.#timer ??= setInterval(() => this.#sample(), SAMPLE_MS);
  }
  /** Ends the watch. */
  memory(): Record<string, { perMinute: number; minutes: number; last: number }> {
    clearInterval(this.#timer);
    return Object.fromEntries(
      [...this.#samples].map(([name, all]) => {
        const samples = withoutWarming(all);
        const minutes = (samples.at(-1)!.ms - samples[0]!.ms) / 60_000;
        return [name, { perMinute: Math.round(slope(samples)), minutes, last: samples.at(-1)!.bytes }];
      }),
    );
  }

  #sample(): void {
    for (const [name, pid] of daemons(this.#world)) {
      const bytes = residentBytes(pid);
      if (bytes !== undefined)
        this.#samples.set(name, [...(this.#samples.get(name) ?? []), { ms: performance.now(), bytes }]);
    }
  }
}
