/**
 * A query of our own that a spare master runs while nobody needs it: a QueryRun with the merger and the messages of a user's, whose two workers
 * are made up and whose journal goes nowhere. So the first query of a session is not the one for which all that code runs for the first time.
 */
import { encodeIncrement } from '../../analysis/increment.js';
import { OutputMerger } from '../../analysis/output-merger.js';
import { Selector } from '../../analysis/selector.js';
import type { NodeFacts } from '../../protocol/agent-messages.js';
import { checked } from '../../protocol/check.js';
import type { Clock } from '../../protocol/clock.js';
import { decodeFrame, encodeFrame } from '../../protocol/frame.js';
import {
  type Packet,
  type ToWorkerMessage,
  type WorkerMessage,
  workerMessage,
} from '../../protocol/worker-messages.js';
import type { DataSetFile } from './data-set.js';
import { packedMerger } from './packed-merger.js';
import { QueryRun } from './query-run.js';
import type { QuerySpec } from './query-spec.js';
import { RecordChain } from './record-chain.js';

const FILES = 8;
const ENTRIES = 1_000_000;
const CLUSTER = 20_000;
/** Entries a ms that the made-up workers claim. */
const RATE = 4_000;
const WORKERS = 2;

const node: NodeFacts = {
  ...{ host: 'localhost', site: 'REHEARSAL', ce: null, storageDomain: null, closeSEs: [], cores: 1, memoryBytes: 1e9 },
  ...{ diskBytes: 1e9, platform: process.platform, nodeVersion: process.version, wallTimeEnd: null, perf: 100 },
};
const facts = {
  entries: ENTRIES,
  tree: 'events',
  clusters: Array.from({ length: ENTRIES / CLUSTER + 1 }, (_, i) => i * CLUSTER),
};

class Filled extends Selector {
  readonly h = this.h1('rehearsal', 'rehearsal;x;y', 100, 0, 100);
}

/** What a packet gives: a histogram with weights. */
function increments(): () => Uint8Array {
  const { h } = new Filled();
  return () => {
    for (let i = 0; i < 100; i++) h.fill(i, 0.5 + i);
    h.commit();
    return encodeIncrement([{ declaration: h.declaration, order: 0, part: h.take() ?? null }]);
  };
}

const spec: QuerySpec = {
  ...{ queryId: 'q1', query: 'rehearsal:q1', submittedAt: 0, title: 'rehearsal', dataset: ['rehearsal'], tree: null },
  ...{ lists: [], friends: [], first: 0, entries: null, params: {}, inputs: {}, seed: 0, workers: null },
  ...{ program: { kind: 'selector', name: 'rehearsal', sha256: '0'.repeat(64) }, maxAttempts: 3, maxFailures: 0 },
};
const files = Array.from({ length: FILES }, (_, i): DataSetFile => {
  const url = `file:///rehearsal/${i}.root`;
  const place = { url, se: null, site: null };
  return { name: url, lfn: null, tree: null, entries: null, places: [place], selected: null, friends: [] };
});

/** Does what a worker says in a query, and as a message would say it. */
class MadeUpWorker {
  readonly #say: (message: WorkerMessage) => void;
  readonly #increment = increments();
  readonly #queue: Packet[] = [];
  #commits = 0;

  constructor(say: (message: WorkerMessage) => void) {
    this.#say = say;
  }
  hear(message: ToWorkerMessage): void {
    const { queryId } = spec;
    if (message.type === 'prepare') {
      this.#say({ type: 'prepared', queryId });
      this.#say({ type: 'want', queryId, n: 2, running: null });
    } else if (message.type === 'count')
      this.#say({ type: 'counted', requestId: message.requestId, position: message.file.position, facts });
    else if (message.type === 'finish') this.#say({ type: 'finished', queryId });
    else if (message.type === 'packet' && this.#queue.push(message.packet) === 1) this.#run();
  }
  #run(): void {
    const packet = this.#queue[0];
    if (packet === undefined) return;
    const { queryId } = spec;
    const { packetId, attempt, first, end } = packet;
    this.#say({ type: 'want', queryId, n: 1, running: packetId });
    const wallMs = (end - first) / RATE;
    const report = { packetId, attempt, entries: end - first, bytes: 20 * (end - first), wallMs, cpuMs: wallMs };
    this.#say({ type: 'commit', queryId, commitId: ++this.#commits, packets: [report], increment: this.#increment() });
    setImmediate(() => {
      this.#queue.shift();
      this.#run();
    });
  }
}

/** @param signal a session needs this process now. @returns entries that its answer has; null where it was stopped */
export function rehearse(clock: Clock, signal: AbortSignal): Promise<number | null> {
  if (signal.aborted) return Promise.resolve(null);
  const merger = new OutputMerger();
  const chain = RecordChain.begin(spec.query, 0);
  const keep = async (record: object): Promise<void> => void chain.encode(record);
  return new Promise((resolve) => {
    const run = new QueryRun(spec, {
      clock,
      merger: packedMerger(merger),
      journal: { append: keep, replace: keep, bytes: 0 },
      lookUp: async () => files,
      learn: () => {},
      onFiles: () => {},
      packets: { lastId: 0, out() {}, done() {}, failed() {} },
      packetLimitMs: Number.POSITIVE_INFINITY,
      onStuck: () => {},
      tell: (message) => void encodeFrame(message),
      onEnd: ({ entries, status }) => resolve(status === 'completed' ? entries.done : null),
    });
    signal.addEventListener('abort', () => run.abort('a session needs this process'), { once: true });
    for (let i = 0; i < WORKERS; i++) {
      const workerId = `rehearsal.${i}`;
      const receive = (message: WorkerMessage): void => {
        const arrived = checked(workerMessage, decoded(message));
        setImmediate(() => run.receive(workerId, arrived));
      };
      const worker = new MadeUpWorker(receive);
      const send = (message: ToWorkerMessage): void => worker.hear(decoded(message) as ToWorkerMessage);
      run.addWorker({ workerId, name: `0.${i}`, node, endsEarly: true, send });
    }
    void run.start();
  });
}

/** As it arrives over a socket. */
function decoded(message: object): unknown {
  const frame = encodeFrame(message);
  return typeof frame === 'string' ? decodeFrame(Buffer.from(frame), false) : decodeFrame(frame, true);
}
