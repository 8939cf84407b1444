/**
 * How fast ROOT files are read: the dimuon loop on one core beside a plain C program with libdeflate (dimuon.c, compiled here), in both
 * tiers of decompression, and the opening of a file with a thousand branches. The three loops are measured alternating,
 * in CPU time, which other work on the machine disturbs less.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseCodecs, type TierChoice } from '../rootio/compression/tier.js';
import { openRootFile } from '../rootio/root-file.js';
import { TreeTable } from '../rootio/tree/tree-table.js';
import { RootFileWriter } from '../rootio/write/root-file-writer.js';
import { openSource } from '../storage/open-source.js';
import { sharedPath } from '../test/support/shared.js';
import { BINS, forClusters, SAMPLES, type Sample } from './dimuon-loop.js';
import type { BenchRow } from './main.js';
import { twoProcesses } from './two-processes.js';

export const title = 'Reading ROOT files';

const ROUNDS = 5;

export async function run(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'rootio-bench-'));
  try {
    const rows: BenchRow[] = [];
    const program = compile(folder);
    if (program === undefined) rows.push({ what: 'no C beside it: gcc or libdeflate-dev is missing', value: '-' });
    for (const sample of SAMPLES) rows.push(...(await measure(sample, program)));
    const flat = sharedPath('bench-data/flat.root');
    if (program !== undefined && flat !== undefined)
      rows.push(...(await twoProcesses(folder, flat, program, await basketLines(flat, SAMPLES[0]!))));
    rows.push(await openManyBranches(folder));
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compile(folder: string): string | undefined {
  const program = join(folder, 'dimuon');
  const source = join(import.meta.dirname, '../../bench/dimuon.c');
  const gcc = spawnSync('gcc', ['-O3', '-o', program, source, '-ldeflate', '-lm', '-lpthread'], { stdio: 'ignore' });
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
