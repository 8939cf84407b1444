/**
 * Loops over columns in memory, without any file: what filling and the user's code cost, and what increments cost.
 * Times are CPU times of this process, so that neighbours on the machine show less.
 */
import { join } from 'node:path';
import { bundleSelector } from '../analysis/bundle-selector.js';
import { drawProgram } from '../analysis/draw/draw-program.js';
import { type LoadedProgram, loadProgram } from '../analysis/load-program.js';
import { OutputMerger } from '../analysis/output-merger.js';
import { declare } from '../analysis/outputs/declaration.js';
import { H1 } from '../analysis/outputs/histogram.js';
import { ProgramRunner } from '../analysis/program-runner.js';
import { EntryRandom } from '../analysis/random.js';
import type { ColumnData, ColumnInfo, NumberArray, Table } from '../rootio/table.js';
import type { BenchRow } from './main.js';

export const title = 'analysis: filling, loops over columns in memory, increments';

const N = 400_000;
const EXAMPLES = join(import.meta.dirname, '../../examples');
const random = new EntryRandom(1).start(0, 0);
const floats = (low: number, high: number): Float32Array =>
  Float32Array.from({ length: N }, () => random.uniform(low, high));
const signs = (): Int32Array => Int32Array.from({ length: N }, () => (random.bits() & 1 ? 1 : -1));

export async function run(): Promise<BenchRow[]> {
  const x = Float64Array.from({ length: N }, () => random.uniform(60, 120));
  const w = Float64Array.from({ length: N }, () => random.uniform(0.5, 1.5));
  const rows: BenchRow[] = [];
  const per = (what: string, seconds: number, target?: string): void => {
    rows.push({ what, value: `${((seconds * 1e9) / N).toFixed(1)} ns`, ...(target === undefined ? {} : { target }) });
  };
  const plain = best(() => plainFill(x, w));
  per('plain weighted fill (sums of doubles, not reproducible)', plain);
  per(
    'H1.fill(x)',
    best(() => fillAll(x)),
    'near the plain fill',
  );
  per(
    'H1.fill(x, weight)',
    best(() => fillAll(x, w)),
    'near the plain fill',
  );
  const table = dimuonTable();
  for (const example of ['z-peak.ts', 'z-peak-batch.ts'])
    per(
      `an entry of ${example}, 9 columns`,
      await loop(await loadProgram(await bundleSelector(join(EXAMPLES, example))), table),
    );
  per(
    'an entry of draw "mu1_pt>>h(100,0,100)" with a cut',
    await loop(await loadProgram(drawProgram('mu1_pt>>h(100,0,100)', 'mu2_pt > 30')), table),
  );
  per('an entry of draw "mu1_pt", automatic bins', await loop(await loadProgram(drawProgram('mu1_pt')), table));
  rows.push(...(await increments(table)));
  return rows;
}

function plainFill(x: Float64Array, w: Float64Array): void {
  const contents = new Float64Array(122);
  const sumw2 = new Float64Array(122);
  const stats = new Float64Array(4);
  for (let i = 0; i < x.length; i++) {
    const [value, weight] = [x[i]!, w[i]!];
    const bin = value < 60 ? 0 : value < 120 ? 1 + Math.trunc((120 * (value - 60)) / 60) : 121;
    contents[bin]! += weight;
    sumw2[bin]! += weight * weight;
    stats[2]! += weight * value;
    stats[3]! += weight * value * value;
  }
}

function fillAll(x: Float64Array, w?: Float64Array): void {
  const axes = [{ nbins: 120, min: 60, max: 120, edges: null, title: '' }];
  const h = new H1(declare({ type: 'H1', name: 'h', title: '', axes }));
  if (w === undefined) for (let i = 0; i < x.length; i++) h.fill(x[i]!);
  else for (let i = 0; i < x.length; i++) h.fill(x[i]!, w[i]!);
}

/** Seconds an entry of the whole table in one packet, reading not included. */
async function loop(loaded: LoadedProgram, table: Table): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 8; round++) {
    const report = await runnerOf(loaded, table).run({ filePosition: 0, file: 'memory', first: 0, end: N });
    least = Math.min(least, report.cpuMs / 1000);
  }
  return least;
}

const runnerOf = (loaded: LoadedProgram, table: Table): ProgramRunner =>
  new ProgramRunner(loaded, {
    params: {},
    inputs: {},
    seed: 0,
    openTable: async () => ({ table, close: () => undefined }),
  });

async function increments(table: Table): Promise<BenchRow[]> {
  const loaded = await loadProgram(await bundleSelector(join(EXAMPLES, 'z-peak.ts')));
  const runner = runnerOf(loaded, table);
  const packet = { filePosition: 0, file: 'memory', first: 0, end: 20_000 };
  await runner.run(packet);
  const bytes = runner.takeIncrement();
  const merger = new OutputMerger();
  merger.add(bytes);
  const micro = (seconds: number): string => `${(seconds * 1e6).toFixed(0)} us`;
  await runner.run(packet);
  const encode = cpuSeconds(() => void runner.takeIncrement());
  return [
    { what: 'increment of one weighted histogram, all of its 120 bins filled', value: `${bytes.length} bytes` },
    { what: '  taken and encoded by the worker', value: micro(encode) },
    { what: '  checked and merged by the master', value: micro(best(() => merger.add(bytes), 200)) },
    { what: '  the merged state rounded for display', value: micro(best(() => void merger.snapshot(), 200)) },
  ];
}

function dimuonTable(): Table {
  const columns: Record<string, NumberArray> = { weight: floats(0.5, 1.5) };
  for (const mu of ['mu1', 'mu2'])
    Object.assign(columns, {
      [`${mu}_pt`]: floats(20, 60),
      [`${mu}_eta`]: floats(-2, 2),
      [`${mu}_phi`]: floats(-3, 3),
      [`${mu}_charge`]: signs(),
    });
  const infos = Object.entries(columns).map(
    ([name, values]): ColumnInfo => ({
      name,
      kind: 'flat',
      type: values instanceof Int32Array ? 'int32' : 'float32',
      length: 1,
      typeName: '',
      title: '',
    }),
  );
  const loaded = new Map<string, ColumnData>();
  const load = (first: number, end: number): void => {
    for (const [name, values] of Object.entries(columns))
      loaded.set(name, { kind: 'flat', values: values.subarray(first, end), length: 1 });
  };
  const reader = { load, prefetch: () => undefined, column: (name: string) => loaded.get(name)!, bytesRead: 0 };
  const clusters = Array.from({ length: N / 20_000 + 1 }, (_, i) => i * 20_000);
  return { name: 'memory', title: '', className: '', entries: N, clusters, columns: infos, reader: () => reader };
}

function cpuSeconds(call: () => void): number {
  const before = process.cpuUsage();
  call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** The least of several rounds; of short calls the mean of `times` of them. */
function best(call: () => void, times = 1): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 10; round++) {
    const seconds = cpuSeconds(() => {
      for (let i = 0; i < times; i++) call();
    });
    least = Math.min(least, seconds / times);
  }
  return least;
}
