/**
 * The catalog as a daemon over HTTP, with names as experiments have them. `CATALOG_BENCH_FILES` says how many (default
 * 1,000,000; the targets are for 10,000,000). Five files a directory; every run directory is tagged.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { ProofGrid } from '../catalog/grid/proof-grid.js';
import { CHUNKS_A_RUN, FILES, FIRST_RUN, fileName, lines, NAMES, runDirectory } from './catalog-names.js';
import type { BenchRow } from './main.js';

export const title = 'catalog: names in the shape of ALICE raw-data passes, over HTTP';

const RUNS = Math.ceil(FILES / (NAMES.length * CHUNKS_A_RUN));
const HUGE = Math.min(1_000_000, FILES / 2);
const TAGGED_RUNS = 100_000;

export async function run(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'catalog-bench-'));
  const config = join(folder, 'catalog.yaml');
  writeFileSync(config, 'listen: 127.0.0.1:0\nstateDir: state\nauth: development\n');
  const main = join(import.meta.dirname, '../catalog/main.js');
  const daemon = spawn(process.execPath, [main, '--config', config], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const grid = new ProofGrid(await urlOf(daemon));
    catalogPid = daemon.pid!;
    const rows = await measure(grid, join(folder, 'state', 'catalog.db'));
    await grid.close();
    return rows;
  } finally {
    daemon.kill();
    await once(daemon, 'exit');
    rmSync(folder, { recursive: true, force: true });
  }
}

let catalogPid = 0;

/** Processor time of the catalog and of this process so far: what a busy machine does not blur. */
function cpuMs(): number {
  const fields = readFileSync(`/proc/${catalogPid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  const { user, system } = process.cpuUsage();
  return (Number(fields[11]) + Number(fields[12])) * 10 + (user + system) / 1000; // in ticks of 10 ms: proc(5)
}

/** The median time of `n` runs, and what one of them costs in processor time. */
async function figure(n: number, run: () => Promise<unknown>): Promise<string> {
  const before = cpuMs();
  const wall = await median(n, run);
  return `${ms(wall)} (CPU ${ms((cpuMs() - before) / n)})`;
}

async function measure(grid: ProofGrid, database: string): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const row: AddRow = (what, value, target) => {
    rows.push({ what, value, target });
  };
  const rate = (n: number, ms: number): string => `${Math.round((n / ms) * 1000).toLocaleString('en')} /s`;

  const bulkMs = await timed(() => grid.bulk(Readable.from(lines(0, FILES, fileName))));
  row(
    `bulk registration of ${FILES.toLocaleString('en')} files, one replica each`,
    rate(FILES, bulkMs),
    '>= 50,000 /s',
  );
  const nbytes = statSync(database).size + (statSync(`${database}-wal`, { throwIfNoEntry: false })?.size ?? 0);
  row('database (with size, checksum, GUID and one replica)', `${Math.round(nbytes / FILES)} bytes/file`, '< 300');

  const lfns = Array.from({ length: 10_000 }, (_, i) => fileName((i * 7919 * 13) % FILES));
  row('10,000 LFNs to replicas, first time', await figure(1, () => grid.lookup(lfns)), '< 150 ms');
  row('10,000 LFNs to replicas, median of 9', await figure(9, () => grid.lookup(lfns)), '< 150 ms');

  const pattern = `/alice/data/2009/LHC09a/*/ESDs/pass1/*/${NAMES[0]}`;
  const wanted = Math.min(10_000, FILES / 50);
  const count = async (): Promise<void> => {
    let n = 0;
    for await (const _ of grid.http.lines('/v1/glob', { pattern, shape: 'name', limit: wanted }, anything)) n++;
    if (n !== wanted) throw new Error(`${pattern} gave ${n} names`);
  };
  row(`find ${pattern}: ${wanted.toLocaleString('en')} names`, await figure(5, count), '< 200 ms');

  await tagQuery(grid, row);
  await whileRegistering(grid, row);
  await hugeDirectory(grid, row);
  return rows;
}

type AddRow = (what: string, value: string, target: string) => void;

async function hugeDirectory(grid: ProofGrid, row: AddRow): Promise<void> {
  const nameOf = (i: number): string => `/alice/huge/file${String(i).padStart(8, '0')}.root`;
  await grid.bulk(Readable.from(lines(0, HUGE, nameOf)));
  const what = `directory with ${HUGE.toLocaleString('en')} entries`;
  const firstPage = async (): Promise<void> => {
    for await (const page of grid.listPages('/alice/huge')) if (page.length > 0) return;
  };
  row(`ls of a ${what}: first page of 1000`, await figure(9, firstPage), '< 20 ms');
  row(`mv of a ${what}`, ms(await timed(() => grid.mv('/alice/huge', '/alice/moved'))), 'instant');
  row(`rm -r of a ${what}`, ms(await timed(() => grid.rm('/alice/moved', { recursive: true }))), 'instant');
}

async function tagQuery(grid: ProofGrid, row: AddRow): Promise<void> {
  const paths: string[] = [];
  for (let run = 0; run < TAGGED_RUNS; run++) paths.push(run < RUNS ? runDirectory(run) : `/alice/tags/${run}`);
  const extra = paths.slice(RUNS).map((path) => `{"lfn":"${path}/x","url":"root://eos.cern.ch:1094/${path}/x"}\n`);
  await grid.bulk(Readable.from(extra));
  for (let first = 0; first < paths.length; first += 10_000) {
    const items = paths
      .slice(first, first + 10_000)
      .map((path, i) => ({ path, values: { run: FIRST_RUN + first + i, type: 'ESD' } }));
    await grid.http.tell('/v1/meta/set', { items });
  }
  const middle = FIRST_RUN + Math.floor(RUNS / 2);
  for (const runs of [10, 100]) {
    const query = `/alice?run>=${middle} and run<${middle + runs} and type='ESD' and name='${NAMES[0]}'`;
    const n = (await grid.find(query)).length;
    if (n === 0) throw new Error(`${query} found nothing`);
    const what = `metadata query over ${TAGGED_RUNS.toLocaleString('en')} tagged runs`;
    row(`${what}: ${runs} runs, ${n} files with replicas`, await figure(9, () => grid.find(query)), '< 50 ms');
  }
}

/** p99 of single look-ups, one after the other, while a list is being registered. */
async function whileRegistering(grid: ProofGrid, row: AddRow): Promise<void> {
  let isRunning = true;
  const registrar = new Worker(new URL('./catalog-registrar.js', import.meta.url), {
    workerData: { url: grid.url, end: Math.min(FILES, 300_000) },
  });
  const registering = once(registrar, 'exit').finally(() => {
    isRunning = false;
  });
  const times: number[] = [];
  for (let i = 0; isRunning; i++) times.push(await timed(() => grid.whereis(fileName((i * 104_729) % FILES))));
  await registering;
  times.sort((a, b) => a - b);
  const at = (part: number): number => times[Math.floor(times.length * part)] ?? Number.NaN;
  row(`whereis while a bulk registration runs, p99 of ${times.length} (p50 ${ms(at(0.5))})`, ms(at(0.99)), '< 5 ms');
}

const anything = (await import('zod')).z.unknown();
const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`;

async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

async function median(n: number, run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < n; i++) times.push(await timed(run));
  return times.sort((a, b) => a - b)[Math.floor(n / 2)]!;
}

async function urlOf(daemon: ChildProcess): Promise<string> {
  for await (const text of createInterface({ input: daemon.stdout! })) {
    const url = /^listening on (\S+)$/.exec(text)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error('the catalog ended instead of listening');
}
