/** What journalling costs a query of eight real workers: the session's directory on disk against one in memory, in turns. */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleSelector } from '../analysis/bundle-selector.js';
import { writeDimuonFile } from '../rootio/write/dimuon-dataset.js';
import { SessionHarness } from '../test/support/session-harness.js';
import type { BenchRow } from './main.js';

export const title = 'Journalling: a query of 8 workers, packets of the usual length';

const WORKERS = 8;
const EVENTS = 500_000;
const COPIES = 24;
const ROUNDS = 7;
const MEMORY = '/dev/shm';
const TMPFS = 0x01021994;
const EXAMPLE = join(import.meta.dirname, '../../examples/z-peak.ts');

export async function run(): Promise<BenchRow[]> {
  const disk = tmpdir();
  if (statfsSync(disk).type === TMPFS)
    return [{ what: `not run: ${disk} is in memory; name a directory on disk in TMPDIR`, value: '-' }];
  const data = mkdtempSync(join(disk, 'proof-bench-'));
  const onDisk = await SessionHarness.start(WORKERS, disk);
  const inMemory = await SessionHarness.start(WORKERS, MEMORY);
  try {
    const path = join(data, 'dimuon.root');
    await writeDimuonFile(path, { seed: 1, run: 1, firstEvent: 0, events: EVENTS });
    const files = Array<string>(COPIES).fill(pathToFileURL(path).href);
    const disked = await asker(onDisk, files);
    const remembered = await asker(inMemory, files);
    await disked(); // warm
    await remembered();
    const pairs: { disk: number; memory: number }[] = [];
    for (let round = 0; round < ROUNDS; round++)
      pairs.push(
        round % 2 === 0
          ? { disk: await disked(), memory: await remembered() }
          : { memory: await remembered(), disk: await disked() },
      );
    const rate = (rates: number[]): string => `${(median(rates) / 1e6).toFixed(2)} M/s`;
    const cost = 100 * (1 - median(pairs.map((pair) => pair.disk / pair.memory)));
    return [
      { what: 'events a second, journal on disk', value: rate(pairs.map((pair) => pair.disk)) },
      { what: 'events a second, journal in memory', value: rate(pairs.map((pair) => pair.memory)) },
      { what: 'cost of journalling, median of pairs', value: `${cost.toFixed(1)} %`, target: 'under 5 %' },
    ];
  } finally {
    await onDisk.stop();
    await inMemory.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

/** @returns one query: events a second of its processing, by the master's clock */
async function asker(harness: SessionHarness, files: readonly string[]): Promise<() => Promise<number>> {
  const program = await bundleSelector(EXAMPLE);
  const client = await harness.client();
  return async () => {
    const { result } = await client.query(program, files);
    if (result.status !== 'completed') throw new Error(`the query is ${result.status}: ${result.error?.message}`);
    return result.entries.done / (result.timing.processMs / 1000);
  };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
