/** Which of our processes took how much of the processors: looked up in /proc ten times a second, since most of them are nobody's children. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const KINDS: readonly (readonly [part: string, kind: string])[] = [
  ['warm/worker.js', 'worker'],
  ['warm/master.js', 'master'],
  ['catalog/main.js', 'catalog'],
  ['client/main.js', 'client'],
];
/** Others may run other installations on this machine. */
const DIST = join(import.meta.dirname, '..');
/** Linux counts in these: USER_HZ. */
const TICK_MS = 10;
const LOOK_MS = 100;

export class ProcessTimes {
  readonly #before = new Map<string, number>();
  readonly #after = new Map<string, { kind: string; ms: number }>();
  readonly #timer: NodeJS.Timeout;

  /** @param named processes that have given themselves another name: pid -> kind */
  constructor(readonly named: ReadonlyMap<number, string>) {
    for (const [pid, { ms }] of look(named)) this.#before.set(pid, ms);
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** @returns CPU ms since the beginning by kind of process; of one that ended, as far as it was seen */
  stop(): Map<string, number> {
    clearInterval(this.#timer);
    this.#look();
    const sums = new Map<string, number>();
    for (const [pid, { kind, ms }] of this.#after)
      sums.set(kind, (sums.get(kind) ?? 0) + ms - (this.#before.get(pid) ?? 0));
    return sums;
  }

  #look(): void {
    for (const [pid, seen] of look(this.named)) this.#after.set(pid, seen);
  }
}

function* look(named: ReadonlyMap<number, string>): Iterable<[pid: string, { kind: string; ms: number }]> {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      const kind = named.get(Number(pid)) ?? KINDS.find(([part]) => words.includes(join(DIST, part)))?.[1];
      if (kind === undefined) continue;
      const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(/\) (?=[A-Z] )/);
      const [user, system] = fields.split(' ').slice(11, 13).map(Number);
      yield [pid, { kind, ms: (user! + system!) * TICK_MS }];
    } catch {
      // It ended while we looked.
    }
}
