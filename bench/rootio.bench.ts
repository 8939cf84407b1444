/**
 * How fast ROOT files are read: the dimuon loop on one core beside a plain C program with libdeflate (dimuon.c, compiled here), in both
 * tiers of decompression, and the opening of a file with a thousand branches. The three loops are measured alternating,
 * in CPU time, which other work on the machine disturbs less.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { coshMinusCos } from '../analysis/cosh-minus-cos.js';
import { chooseCodecs, type TierChoice } from '../rootio/compression/tier.js';
import { openRootFile } from '../rootio/root-file.js';
import type { ColumnReader, Table } from '../rootio/table.js';
import { TreeTable } from '../rootio/tree/tree-table.js';
import { RootFileWriter } from '../rootio/write/root-file-writer.js';
import { openSource } from '../storage/open-source.js';
import { sharedPath } from '../test/support/shared.js';
import type { BenchRow } from './main.js';

export const title = 'Reading ROOT files';

const ROUNDS = 5;
const BINS = 120;

interface Sample {
  readonly name: 'flat' | 'nano';
  readonly columns: readonly string[];
  readonly loop: (reader: ColumnReader, bins: Float64Array) => void;
}

const FLAT = ['pt', 'eta', 'phi', 'charge'];
const SAMPLES: readonly Sample[] = [
  { name: 'flat', columns: [...FLAT.map((c) => `mu1_${c}`), ...FLAT.map((c) => `mu2_${c}`), 'weight'], loop: flatLoop },
  { name: 'nano', columns: ['nMuon', ...FLAT.map((c) => `Muon_${c}`)], loop: listLoop },
];

export async function run(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'rootio-bench-'));
  try {
    const rows: BenchRow[] = [];
    const program = compile(folder);
    if (program === undefined) rows.push({ what: 'no C beside it: gcc or libdeflate-dev is missing', value: '-' });
    for (const sample of SAMPLES) rows.push(...(await measure(sample, program)));
    rows.push(await openManyBranches(folder));
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compile(folder: string): string | undefined {
  const program = join(folder, 'dimuon');
  const source = join(import.meta.dirname, '../../bench/dimuon.c');
  const gcc = spawnSync('gcc', ['-O3', '-o', program, source, '-ldeflate', '-lm'], { stdio: 'ignore' });
  return gcc.status === 0 ? program : undefined;
}

async function measure(sample: Sample, program: string | undefined): Promise<BenchRow[]> {
  const path = sharedPath(`bench-data/${sample.name}.root`);
  if (path === undefined) return [{ what: `${sample.name}.root: no shared data`, value: '-' }];
  const loops: Record<'system' | 'portable', () => number> = {
    system: await dimuonLoop(path, sample, 'system'),
    portable: await dimuonLoop(path, sample, 'portable'),
  };
  const best = { c: Number.POSITIVE_INFINITY, system: Number.POSITIVE_INFINITY, portable: Number.POSITIVE_INFINITY };
  const baskets = program === undefined ? '' : await basketLines(path, sample);
  for (let round = 0; round < ROUNDS; round++) {
    if (program !== undefined) {
      const out = execFileSync(program, [path, sample.name === 'flat' ? 'flat' : 'lists', '2'], {
        input: baskets,
        encoding: 'utf8',
      });
      best.c = Math.min(best.c, Number(out.split(' ')[0]) * 1000);
    }
    for (const tier of ['system', 'portable'] as const) best[tier] = Math.min(best[tier], loops[tier](), loops[tier]());
  }
  const row = (what: string, ms: number, target?: string): BenchRow => {
    const ratio = program === undefined || what === 'C' ? '' : `, ${((100 * best.c) / ms).toFixed(0)} % of C`;
    return {
      what: `${sample.name}.root, dimuon loop, ${what}`,
      value: `${ms.toFixed(0)} ms${ratio}`,
      ...(target ? { target } : {}),
    };
  };
  const rows = [
    row('system libraries', best.system, 'at least 85 % of C'),
    row('portable packages', best.portable, 'at least 50 % of C'),
  ];
  const memory = `${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB`;
  return [
    ...(program === undefined ? [] : [row('C', best.c)]),
    ...rows,
    { what: 'resident memory of this process', value: memory, target: 'below 200 MB' },
  ];
}

/** A function that runs the whole loop once and gives its milliseconds of CPU time. */
async function dimuonLoop(path: string, sample: Sample, tier: TierChoice): Promise<() => number> {
  const file = await openRootFile(await openSource(path), { codecs: await chooseCodecs(tier) });
  const table = await file.table();
  const reader = table.reader(sample.columns);
  return () => {
    const bins = new Float64Array(BINS + 2);
    const started = process.cpuUsage();
    forClusters(table, reader, () => sample.loop(reader, bins));
    const { user, system } = process.cpuUsage(started);
    return (user + system) / 1000;
  };
}

function forClusters(table: Table, reader: ColumnReader, use: () => void): void {
  for (const [i, first] of table.clusters.slice(0, -1).entries()) {
    if (reader.load(first, table.clusters[i + 1]!) !== undefined) throw new Error('the source is not local');
    use();
  }
}

/** One basket a line for dimuon.c. */
async function basketLines(path: string, sample: Sample): Promise<string> {
  const file = await openRootFile(await openSource(path));
  const table = await file.table();
  if (!(table instanceof TreeTable)) throw new TypeError('no tree');
  const lines = sample.columns.flatMap((name, column) =>
    table.record.branches
      .find((branch) => branch.name === name)!
      .baskets.map(({ seek, nbytes, first, end }) => `${column} ${seek} ${nbytes} ${first} ${end}`),
  );
  await file.close();
  return lines.join('\n');
}

function binOf(mass: number): number {
  return mass < 60 ? 0 : mass >= 120 ? BINS + 1 : 1 + ((((mass - 60) * BINS) / 60) | 0);
}

function flatLoop(reader: ColumnReader, bins: Float64Array): void {
  const floats = (name: string): Float32Array => reader.column(name).values as Float32Array;
  const [pt1, eta1, phi1, pt2, eta2, phi2] = ['mu1_pt', 'mu1_eta', 'mu1_phi', 'mu2_pt', 'mu2_eta', 'mu2_phi'].map(
    floats,
  ) as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
  const charge1 = reader.column('mu1_charge').values as Int32Array;
  const charge2 = reader.column('mu2_charge').values as Int32Array;
  const weight = floats('weight');
  for (let i = 0; i < weight.length; i++) {
    if (charge1[i]! * charge2[i]! >= 0) continue;
    const squared = 2 * pt1[i]! * pt2[i]! * coshMinusCos(eta1[i]! - eta2[i]!, phi1[i]! - phi2[i]!);
    bins[binOf(Math.sqrt(squared))]! += weight[i]!;
  }
}

function listLoop(reader: ColumnReader, bins: Float64Array): void {
  const floats = (name: string): Float32Array => reader.column(name).values as Float32Array;
  const [pt, eta, phi] = ['Muon_pt', 'Muon_eta', 'Muon_phi'].map(floats) as [Float32Array, Float32Array, Float32Array];
  const charge = reader.column('Muon_charge').values as Int32Array;
  const count = reader.column('nMuon').values as Int32Array;
  for (let entry = 0, a = 0; entry < count.length; a += count[entry++]!) {
    const b = a + 1;
    if (count[entry]! < 2 || charge[a]! * charge[b]! >= 0) continue;
    const squared = 2 * pt[a]! * pt[b]! * coshMinusCos(eta[a]! - eta[b]!, phi[a]! - phi[b]!);
    bins[binOf(Math.sqrt(squared))]!++;
  }
}

async function openManyBranches(folder: string): Promise<BenchRow> {
  const path = join(folder, 'wide.root');
  const writer = await RootFileWriter.create(path);
  const columns = Array.from({ length: 1000 }, (_, i) => ({ name: `branch${i}`, type: 'float32' as const }));
  const tree = writer.tree('wide', '', columns);
  tree.append(Object.fromEntries(columns.map(({ name }) => [name, new Float32Array(100)])), 100);
  writer.close();
  // In a process of its own: nothing is warm there.
  const room = (name: string): string => JSON.stringify(new URL(`../${name}`, import.meta.url).href);
  const script = `
    import { openRootFile } from ${room('rootio/root-file.js')};
    import { openSource } from ${room('storage/open-source.js')};
    const started = performance.now();
    const table = await (await openRootFile(await openSource(${JSON.stringify(path)}))).table();
    console.log(performance.now() - started, table.columns.length);`;
  const times = Array.from({ length: 5 }, () =>
    Number.parseFloat(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })),
  );
  return {
    what: 'a file of 1,000 branches opened, in a fresh process',
    value: `${Math.min(...times).toFixed(0)} ms`,
    target: 'below 100 ms',
  };
}
