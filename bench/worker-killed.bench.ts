/**
 * One of eight workers killed in the middle of a query, against seven workers from the beginning: a real pool. The selector waits instead of
 * reckoning, so that eight workers are eight on a machine with fewer cores too.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDimuonFile } from '../rootio/write/dimuon-dataset.js';
import { type Cluster, startCluster } from '../test/support/cluster.js';
import type { BenchRow } from './main.js';

export const title = 'One of 8 workers killed in the middle: real pool, a selector that waits 1 ms an event';

const WORKERS = 8;
const EVENTS = 100_000;
const ROUNDS = 3;
const LOOK_MS = 50;
const SELECTOR = `
import { Selector } from 'proof-grid';
const still = new Int32Array(new SharedArrayBuffer(4));
export default class Waits extends Selector {
  override branches = ['mu1_pt'];
  pt = this.h1('pt', 'pt', 50, 0, 200);
  override process(entry: number): void {
    if (entry % 10 === 0) Atomics.wait(still, 0, 0, 10);
    this.pt.fill(this.columns.mu1_pt.at(entry));
  }
}
`;

export async function run(): Promise<BenchRow[]> {
  const cluster = await startCluster({ pilots: 1, cores: WORKERS });
  try {
    writeFileSync(join(cluster.folder, 'waits.ts'), SELECTOR);
    await writeDimuonFile(join(cluster.folder, 'a.root'), { seed: 1, run: 1, firstEvent: 0, events: EVENTS });
    const rounds: { seven: number; killed: number }[] = [];
    for (let round = 0; round < ROUNDS; round++)
      rounds.push({ seven: await seconds(cluster, WORKERS - 1), killed: await seconds(cluster, WORKERS, killOne) });
    const at = (times: number[]): string => `${median(times).toFixed(2)} s`;
    const later = 100 * (median(rounds.map(({ seven, killed }) => killed / seven)) - 1);
    return [
      { what: `${WORKERS - 1} workers from the beginning`, value: at(rounds.map(({ seven }) => seven)) },
      { what: `${WORKERS} workers, one killed in the middle`, value: at(rounds.map(({ killed }) => killed)) },
      { what: 'later than with 7, median of pairs', value: `${later.toFixed(1)} %`, target: 'at most 15 %' },
    ];
  } finally {
    await cluster.stop();
  }
}

/** Processing of one query, by the master's clock. */
async function seconds(
  cluster: Cluster,
  workers: number,
  disturb?: (cluster: Cluster) => Promise<void>,
): Promise<number> {
  await cluster.warm(WORKERS);
  const [program, data] = [join(cluster.folder, 'waits.ts'), join(cluster.folder, 'a.root')];
  const ran = cluster.proof('run', '--host', 'here', '--workers', String(workers), program, data, '--json', '-');
  await disturb?.(cluster);
  const { status, stdout, stderr } = await ran;
  if (status !== 0) throw new Error(stderr);
  const { entries, timing } = JSON.parse(stdout) as { entries: { done: number }; timing: { processMs: number } };
  if (entries.done !== EVENTS) throw new Error(`${entries.done} entries instead of ${EVENTS}`);
  return timing.processMs / 1000;
}

async function killOne(cluster: Cluster): Promise<void> {
  const ask = async <T>(what: string): Promise<T[]> => (await (await fetch(`${cluster.url}/v1/${what}`)).json()) as T[];
  for (;;) {
    const queries = await ask<{ state: string; entries: { done: number } }>('queries');
    if (queries.some(({ state, entries }) => state === 'running' && entries.done >= EVENTS / 2)) break;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  const workers = await ask<{ pid: number | null; sessionId: string | null }>('workers');
  process.kill(workers.find(({ pid, sessionId }) => pid !== null && sessionId !== null)!.pid!, 'SIGKILL');
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
