/**
 * What a packet costs the master: CPU time of a real master process (from /proc) over a query of a million entries, cut into thousands of packets
 * by workers that answer at once with an increment of a real histogram. Everything goes through real sockets, frames, schemas and the journal.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { bundleSelector } from '../analysis/bundle-selector.js';
import { loadProgram } from '../analysis/load-program.js';
import type { Program } from '../analysis/program.js';
import { ProgramRunner } from '../analysis/program-runner.js';
import { systemClock } from '../protocol/clock.js';
import { Link } from '../protocol/link.js';
import { type Packet, type ToWorkerMessage, toWorkerMessage, type WorkerMessage } from '../protocol/worker-messages.js';
import { memoryTable } from '../test/support/memory-table.js';
import { testNode } from '../test/support/nodes.js';
import { seededRandom } from '../test/support/seeded-random.js';
import { SessionHarness } from '../test/support/session-harness.js';
import type { BenchRow } from './main.js';

export const title = "master: a packet's cost";

const ENTRIES = 1_000_000;
const WORKERS = 8;
/** So slow the workers claim to be that a packet of the longest duration has about 125 entries. */
const MS_AN_ENTRY = 8;
const EXAMPLE = join(import.meta.dirname, '../../examples/z-peak.ts');

export async function run(): Promise<BenchRow[]> {
  const program = await bundleSelector(EXAMPLE);
  const increment = await incrementOf(program);
  const harness = await SessionHarness.start(0);
  try {
    const workers = await Promise.all(
      Array.from({ length: WORKERS }, (_, i) => EagerWorker.attach(harness, `bench${i}`, increment)),
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
    return [
      { what: `packets of a query over ${ENTRIES} entries, ${WORKERS} workers`, value: String(packets) },
      {
        what: "a packet's cost in the master (CPU time)",
        value: `${((1000 * cpu) / packets).toFixed(0)} us`,
        target: 'under 200 us',
      },
      { what: 'of that, merging', value: `${((1000 * result.timing.mergeMs) / packets).toFixed(0)} us` },
      { what: 'packets a second through one master', value: `${(packets / (wall / 1000)).toFixed(0)}` },
      { what: 'bytes of an increment', value: String(increment.length) },
    ];
  } finally {
    await harness.stop();
  }
}

/** What the example gives for a packet of 125 events. */
async function incrementOf(program: Program): Promise<Uint8Array> {
  const loaded = await loadProgram(program);
  const random = seededRandom(1);
  const between = (low: number, high: number): Float32Array =>
    Float32Array.from({ length: 125 }, () => low + (high - low) * random());
  const columns = {
    ...{ mu1_pt: between(35, 55), mu1_eta: between(-1, 1), mu1_phi: between(-0.3, 0.3) },
    ...{ mu2_pt: between(35, 55), mu2_eta: between(-1, 1), mu2_phi: between(2.8, 3.4), weight: between(0.9, 1.1) },
  };
  const charge = (sign: number): Int32Array => Int32Array.from({ length: 125 }, () => sign);
  const table = memoryTable({ ...columns, mu1_charge: charge(1), mu2_charge: charge(-1) });
  const runner = new ProgramRunner(loaded, {
    ...{ params: {}, inputs: {}, seed: 0 },
    openTable: async () => ({ table, close: () => {} }),
  });
  await runner.run({ filePosition: 0, file: 'bench', first: 0, end: 125 });
  return runner.takeIncrement();
}

/** Speaks the worker's side of the protocol, and is done with every packet as soon as it comes. */
class EagerWorker {
  packets = 0;
  #link: Link<ToWorkerMessage, WorkerMessage> | undefined;
  readonly #increment: Uint8Array;

  private constructor(increment: Uint8Array) {
    this.#increment = increment;
  }
  static attach(harness: SessionHarness, workerId: string, increment: Uint8Array): Promise<EagerWorker> {
    const worker = new EagerWorker(increment);
    const socket = new WebSocket(`ws+unix:${harness.socket}:/v1/worker/bench`, {
      headers: { 'x-proof-worker': workerId },
      perMessageDeflate: false,
    });
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('open', () => {
        worker.#link = new Link(socket, {
          ...{ schema: toWorkerMessage, clock: systemClock },
          onMessage: (message) => {
            if (message.type === 'welcome') resolve(worker);
            else worker.#receive(message);
          },
          onClosed: () => {},
        });
        worker.#link.send({ type: 'hello', protocol: 1, workerId, pid: process.pid, node: testNode });
      });
    });
  }
  close(): void {
    this.#link?.close('done');
  }

  #receive(message: ToWorkerMessage): void {
    if (message.type === 'prepare') {
      this.#link?.send({ type: 'prepared', queryId: message.queryId });
      this.#link?.send({ type: 'want', queryId: message.queryId, n: 2, running: null });
    } else if (message.type === 'count') {
      const { requestId, file } = message;
      const facts = { entries: ENTRIES, tree: 'events', clusters: [0, ENTRIES] };
      this.#link?.send({ type: 'counted', requestId, position: file.position, facts });
    } else if (message.type === 'packet') this.#commit(message.queryId, message.packet);
    else if (message.type === 'finish') this.#link?.send({ type: 'finished', queryId: message.queryId });
  }
  #commit(queryId: string, { packetId, attempt, first, end }: Packet): void {
    this.packets++;
    const entries = end - first;
    this.#link?.send({ type: 'want', queryId, n: 1, running: packetId });
    this.#link?.send({
      ...{ type: 'commit', queryId, commitId: this.packets, increment: this.#increment },
      packets: [
        { packetId, attempt, entries, bytes: 1000, wallMs: entries * MS_AN_ENTRY, cpuMs: entries * MS_AN_ENTRY },
      ],
    });
  }
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
