/** What a chaos run does to its world: a table of faults, each undone by itself. How often one comes is its weight. */
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../support/cluster.js';
import { TEARS } from '../support/torn-bytes.js';
import { pause } from './pause.js';
import type { World } from './world.js';

export type Random = () => number;
export interface Fault {
  readonly weight: number;
  /** Left out of the last part of a run, in which the memory of the daemons is watched. */
  readonly endsDaemon?: true;
  /** Done when what it did is undone. @returns false: there was nothing to do it to */
  run(world: World, random: Random): Promise<boolean>;
}

const between = (random: Random, least: number, most: number): number => Math.floor(least + random() * (most - least));
const oneOf = <T>(list: readonly T[], random: Random): T | undefined => list[Math.floor(random() * list.length)];

function send(pid: number | undefined, signal: NodeJS.Signals): boolean {
  if (pid === undefined || !isAlive(pid)) return false;
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false; // it has just ended
  }
}

async function stopFor(pid: number | undefined, ms: number): Promise<boolean> {
  if (!send(pid, 'SIGSTOP')) return false;
  await pause(ms);
  send(pid, 'SIGCONT');
  return true;
}

async function restartProxy(world: World, downMs: number): Promise<void> {
  const proxy = world.proxy!;
  const gone = once(proxy, 'exit');
  proxy.kill('SIGKILL');
  await gone;
  await pause(downMs);
  await world.startProxy();
}

export const FAULTS: Readonly<Record<string, Fault>> = {
  'worker killed': {
    weight: 6,
    run: async (world, random) => send(oneOf(await world.workerPids(), random), 'SIGKILL'),
  },
  'agent killed': {
    weight: 2,
    run: async (world, random) => send(oneOf(await world.agentPids(), random), 'SIGKILL'),
  },
  'master killed': {
    weight: 4,
    run: async (world, random) => send(oneOf(world.masterPids(), random), 'SIGKILL'),
  },
  'master killed, its journal torn': {
    weight: 2,
    async run(world, random) {
      const pid = oneOf(world.masterPids(), random);
      const journal = world.youngestJournal();
      return send(pid, 'SIGKILL') && journal !== undefined && tearEnd(journal, random);
    },
  },
  'ProxyServer killed, back within 2 s': {
    weight: 2,
    endsDaemon: true,
    run: async (world, random) => restartProxy(world, between(random, 0, 1500)).then(() => true),
  },
  'ProxyServer and masters killed': {
    weight: 1,
    endsDaemon: true,
    async run(world) {
      const masters = world.masterPids();
      const restarted = restartProxy(world, 300);
      for (const pid of masters) send(pid, 'SIGKILL');
      await restarted;
      return true;
    },
  },
  'catalog killed, back within 2 s': {
    weight: 2,
    endsDaemon: true,
    async run(world, random) {
      const gone = once(world.catalog!, 'exit');
      world.catalog!.kill('SIGKILL');
      await gone;
      await pause(between(random, 100, 1500));
      await world.startCatalog();
      return true;
    },
  },
  'client killed': {
    weight: 3,
    run: async (world, random) => send(oneOf([...world.clients], random), 'SIGKILL'),
  },
  'worker stopped': {
    weight: 4,
    run: async (world, random) => stopFor(oneOf(await world.workerPids(), random), between(random, 300, 6_000)),
  },
  'agent stopped': {
    weight: 2,
    run: async (world, random) => stopFor(oneOf(await world.agentPids(), random), between(random, 300, 5_000)),
  },
  'master stopped': {
    weight: 2,
    run: async (world, random) => stopFor(oneOf(world.masterPids(), random), between(random, 300, 4_000)),
  },
  'ProxyServer stopped': {
    weight: 1,
    run: async (world, random) => stopFor(world.proxy?.pid, between(random, 300, 2_000)),
  },
  'worker slowed': {
    weight: 2,
    async run(world, random) {
      const pid = oneOf(await world.workerPids(), random);
      if (pid === undefined || !isAlive(pid)) return false;
      try {
        setPriority(pid, 19);
      } catch {
        return false; // it has just ended
      }
      for (let i = 0; i < 10; i++) await stopFor(pid, 200);
      return true;
    },
  },
  'all links cut': { weight: 3, run: async (world) => world.links.cut() > 0 },
  'some links cut': { weight: 4, run: async (world, random) => world.links.cut(() => random() < 0.3) > 0 },
  'links held back': {
    weight: 2,
    async run(world, random) {
      world.links.hold();
      await pause(between(random, 500, 8_000));
      world.links.release();
      return true;
    },
  },
  'links held back, then cut': {
    weight: 1,
    async run(world, random) {
      world.links.hold();
      await pause(between(random, 500, 4_000));
      world.links.cut();
      world.links.release();
      return true;
    },
  },
  'links delayed': {
    weight: 2,
    async run(world, random) {
      world.links.delay(between(random, 20, 400));
      await pause(between(random, 1_000, 5_000));
      world.links.delay(0);
      return true;
    },
  },
  'disk filled': {
    weight: 2,
    async run(world, random) {
      if (!world.hasSmallDisk) return false;
      const file = join(world.stateDir, 'filler');
      fill(file);
      await pause(between(random, 500, 4_000));
      rmSync(file, { force: true });
      return true;
    },
  },
};

/** As a crash of the machine leaves the last page or two. @returns false where the query has just ended */
function tearEnd(file: string, random: Random): boolean {
  try {
    const whole = readFileSync(file);
    const at = Math.max(0, whole.length - 1 - between(random, 0, 6_000));
    const torn = oneOf(Object.values(TEARS), random)!(whole, at, whole.subarray(4096));
    writeFileSync(file, torn, { flag: 'r+' });
    truncateSync(file, torn.length);
    return true;
  } catch {
    return false;
  }
}

/** Until the last byte. */
function fill(file: string): void {
  const fd = openSync(file, 'w');
  try {
    for (const size of [1_000_000, 4096, 1]) {
      const block = Buffer.alloc(size);
      try {
        while (writeSync(fd, block) === size);
      } catch {
        // full, for blocks of that size
      }
    }
  } finally {
    closeSync(fd);
  }
}

/** By weight. */
export function chooseFault(random: Random, isLastPart: boolean): string {
  const allowed = Object.entries(FAULTS).filter(([, { endsDaemon }]) => !isLastPart || endsDaemon !== true);
  const total = allowed.reduce((sum, [, { weight }]) => sum + weight, 0);
  let at = random() * total;
  for (const [name, { weight }] of allowed) {
    at -= weight;
    if (at < 0) return name;
  }
  return allowed[0]![0];
}
