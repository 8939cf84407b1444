/** `proof run` over eight copies of flat.root, dimuon mass weighted: the rate with two workers against one, in turns. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startCluster } from '../test/support/cluster.js';
import { sharedPath } from '../test/support/shared.js';
import type { BenchRow } from './main.js';
import { ProcessTimes } from './process-times.js';

export const title = 'Rate of a query: eight copies of flat.root, dimuon mass, weighted';

const ROUNDS = 7;
/** Rounds before, in which the processes are looked at. */
const WATCHED = 3;
const COPIES = 8;

interface Run {
  readonly eventsPerS: number;
  readonly bytesPerS: number;
  /** Of the processing, by the master's clock. */
  readonly seconds: number;
  /** CPU ms that the workers' packets took. */
  readonly packets: number;
}
/** CPU ms that each kind of process took from the command's start to its end. */
type Spent = ReadonlyMap<string, number>;

export async function run(): Promise<BenchRow[]> {
  const file = sharedPath('bench-data/flat.root');
  if (file === undefined)
    return [{ what: 'not run: the shared benchmark data is not beside the checkout', value: '-' }];
  const selector = join(import.meta.dirname, '../../examples/z-peak.ts');
  const cluster = await startCluster({ pilots: 2 });
  try {
    const once = async (workers: number): Promise<Run> => {
      await cluster.warm(2);
      const words = ['run', '--host', 'here', '--workers', String(workers), selector, ...Array(COPIES).fill(file)];
      const { stdout, stderr, status } = await cluster.proof(...words, '--json', '-');
      if (status !== 0) throw new Error(stderr);
      const result = JSON.parse(stdout) as {
        entries: { done: number };
        timing: { processMs: number };
        workers: { bytes: number; cpuMs: number }[];
      };
      const seconds = result.timing.processMs / 1000;
      const nbytes = result.workers.reduce((sum, worker) => sum + worker.bytes, 0);
      const packets = result.workers.reduce((sum, worker) => sum + worker.cpuMs, 0);
      return { eventsPerS: result.entries.done / seconds, bytesPerS: nbytes / seconds, seconds, packets };
    };
    const watched = async (): Promise<Spent> => {
      await cluster.warm(2);
      const times = new ProcessTimes(new Map([[daemonOf(cluster.proxyPid), 'ProxyServer']]));
      await once(2);
      return times.stop();
    };
    const one: Run[] = [];
    const two: Run[] = [];
    // Not counted in the rates: to look is work too, and daemons that were just started tidy up for some seconds.
    const spentBy: Spent[] = [];
    for (let round = 0; round < WATCHED; round++) spentBy.push(await watched());
    for (let round = 0; round < ROUNDS; round++) {
      one.push(await once(1));
      two.push(await once(2));
    }
    const ratios = two.map((run, i) => run.eventsPerS / one[i]!.eventsPerS);
    const row = (runs: Run[]): string =>
      `${(median(runs.map((r) => r.eventsPerS)) / 1e6).toFixed(2)} M/s, ${(median(runs.map((r) => r.bytesPerS)) / 1e6).toFixed(0)} MB/s`;
    return [
      { what: 'one worker: events and compressed bytes', value: row(one) },
      { what: 'two workers', value: row(two) },
      { what: 'CPU of one run with two workers, by kind of process', value: spent(spentBy) },
      {
        what: 'packets of a run with two workers; both cores in its time',
        value: `${median(two.map((r) => r.packets)).toFixed(0)} ms; ${(2000 * median(two.map((r) => r.seconds))).toFixed(0)} ms`,
      },
      { what: 'two against one, median of pairs', value: median(ratios).toFixed(2), target: 'at least 1.7' },
    ];
  } finally {
    await cluster.stop();
  }
}

/** `proof proxy start` in the foreground has the daemon as its only child. */
const daemonOf = (pid: number): number => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

function spent(runs: readonly Spent[]): string {
  const kinds = new Set(runs.flatMap((cpuMs) => [...cpuMs.keys()]));
  const part = (kind: string): string => `${kind} ${median(runs.map((cpuMs) => cpuMs.get(kind) ?? 0)).toFixed(0)}`;
  return `${[...kinds].sort().map(part).join(', ')} ms`;
}
