/**
 * What a packet costs the master: CPU time of a real master process (from /proc) over a query of a million entries, cut into thousands of packets
 * by workers that answer at once with an increment of a real histogram. Everything goes through real sockets, frames, schemas and the journal.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleSelector } from '../analysis/bundle-selector.js';
import { loadProgram } from '../analysis/load-program.js';
import type { Program } from '../analysis/program.js';
import { ProgramRunner } from '../analysis/program-runner.js';
import { EagerWorker } from '../test/support/eager-worker.js';
import { memoryTable } from '../test/support/memory-table.js';
import { seededRandom } from '../test/support/seeded-random.js';
import { SessionHarness } from '../test/support/session-harness.js';
import type { BenchRow } from './main.js';

export const title = "master: a packet's cost";

const ENTRIES = 1_000_000;
const WORKERS = 8;
const PACKET_ENTRIES = 125;
/** So slow the workers claim to be that a packet of the longest duration has about PACKET_ENTRIES. */
const MS_AN_ENTRY = 8;
const PACKETS_BEFORE = 100_000;
const EXAMPLE = join(import.meta.dirname, '../../examples/z-peak.ts');

export async function run(): Promise<BenchRow[]> {
  const program = await bundleSelector(EXAMPLE);
  const increment = await incrementOf(program);
  const [onDisk, inMemory] = [await packetCost(program, increment), await packetCost(program, increment, '/dev/shm')];
  return [
    { what: `packets of a query over ${ENTRIES} entries, ${WORKERS} workers`, value: String(onDisk.packets) },
    { what: "a packet's cost in the master (CPU time)", value: `${onDisk.us.toFixed(0)} us`, target: 'under 200 us' },
    { what: 'of that, merging', value: `${onDisk.mergeUs.toFixed(0)} us` },
    { what: 'packets a second through one master', value: onDisk.rate.toFixed(0) },
    { what: 'the same with its journal in memory', value: inMemory.rate.toFixed(0) },
    { what: 'bytes of an increment', value: String(increment.length) },
    await recovery(program, increment),
  ];
}

async function packetCost(
  program: Program,
  increment: Uint8Array,
  folder?: string,
): Promise<{ packets: number; us: number; mergeUs: number; rate: number }> {
  const harness = await SessionHarness.start(0, folder);
  try {
    const options = { increment, entries: ENTRIES, msAnEntry: MS_AN_ENTRY };
    const workers = await Promise.all(
      Array.from({ length: WORKERS }, (_, i) => EagerWorker.attach(harness, `b${i}`, options)),
    );
    const client = await harness.client();
    await client.query(program, ['file:///bench.root'], { entries: ENTRIES / 10 }); // warm
    const packetsBefore = sum(workers.map(({ packets }) => packets));
    const [cpuBefore, wallBefore] = [cpuMs(harness.masterPid), performance.now()];
    const { result } = await client.query(program, ['file:///bench.root']);
    const [cpu, wall] = [cpuMs(harness.masterPid) - cpuBefore, performance.now() - wallBefore];
    if (result.status !== 'completed') throw new Error(`the query is ${result.status}: ${result.error?.message}`);
    const packets = sum(workers.map((worker) => worker.packets)) - packetsBefore;
    for (const worker of workers) worker.close();
    const us = (ms: number): number => (1000 * ms) / packets;
    return { packets, us: us(cpu), mergeUs: us(result.timing.mergeMs), rate: packets / (wall / 1000) };
  } finally {
    await harness.stop();
  }
}

/** From the start of a new master to the first progress that a client sees of a query with many committed packets. */
async function recovery(program: Program, increment: Uint8Array): Promise<BenchRow> {
  const harness = await SessionHarness.start(0);
  try {
    const mostPackets = (1.2 * PACKETS_BEFORE) / WORKERS;
    const options = { increment, entries: 200 * PACKETS_BEFORE, msAnEntry: MS_AN_ENTRY, mostPackets };
    const workers = await Promise.all(
      Array.from({ length: WORKERS }, (_, i) => EagerWorker.attach(harness, `b${i}`, options)),
    );
    const client = await harness.client();
    const queryId = await client.submit(program, ['file:///bench.root']);
    const all = PACKET_ENTRIES * PACKETS_BEFORE; // the short packets of the beginning are few
    await client.hear('progress', (m) => m.entries.done > all);
    await harness.killMaster();
    const started = performance.now();
    await harness.startMaster();
    const again = await harness.client();
    again.send({ type: 'attach', queryId, outputs: false });
    const { entries } = await again.hear('progress', (m) => m.queryId === queryId && m.entries.done > 0);
    const ms = performance.now() - started;
    for (const worker of workers) worker.close();
    again.send({ type: 'abort', queryId });
    await again.answer(queryId);
    const packets = Math.round(entries.done / PACKET_ENTRIES);
    return {
      what: `restart of a master with about ${packets} committed packets`,
      value: `${ms.toFixed(0)} ms`,
      target: 'under 1 s',
    };
  } finally {
    await harness.stop();
  }
}

/** What the example gives for a packet. */
async function incrementOf(program: Program): Promise<Uint8Array> {
  const loaded = await loadProgram(program);
  const random = seededRandom(1);
  const between = (low: number, high: number): Float32Array =>
    Float32Array.from({ length: PACKET_ENTRIES }, () => low + (high - low) * random());
  const columns = {
    ...{ mu1_pt: between(35, 55), mu1_eta: between(-1, 1), mu1_phi: between(-0.3, 0.3) },
    ...{ mu2_pt: between(35, 55), mu2_eta: between(-1, 1), mu2_phi: between(2.8, 3.4), weight: between(0.9, 1.1) },
  };
  const charge = (sign: number): Int32Array => Int32Array.from({ length: PACKET_ENTRIES }, () => sign);
  const table = memoryTable({ ...columns, mu1_charge: charge(1), mu2_charge: charge(-1) });
  const runner = new ProgramRunner(loaded, {
    ...{ params: {}, inputs: {}, seed: 0 },
    openTable: async () => ({ table, close: () => {} }),
  });
  await runner.run({ filePosition: 0, file: 'bench', first: 0, end: PACKET_ENTRIES });
  return runner.takeIncrement();
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);

/** User and system time of a process so far. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  const ticksPerS = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerS) * 1000;
}
