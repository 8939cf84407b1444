/** A worker's link that carries nothing any more, without an end of either side: the worker is given up, and what it says later is refused. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { systemClock } from '../../protocol/clock.js';
import { Link } from '../../protocol/link.js';
import { type ToWorkerMessage, toWorkerMessage, type WorkerMessage } from '../../protocol/worker-messages.js';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { Gate } from '../support/gate.js';
import { testNode } from '../support/nodes.js';
import { outputsOf, SessionHarness, selector, workerUrl } from '../support/session-harness.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const SILENT_MS = 4_000;
const EVENTS = 3_000;
const SELECTOR = `
import { Selector } from 'proof-grid';
export default class Slow extends Selector {
  override branches = ['mu1_pt'];
  pt = this.h1('pt', 'pt', 50, 0, 200);
  override process(entry: number): void {
    PACE
    this.pt.fill(this.columns.mu1_pt.at(entry), 1 / 3);
  }
}`;

type To<T extends ToWorkerMessage['type']> = Extract<ToWorkerMessage, { type: T }>;

/** Says what a test has it say. */
class SpeakingWorker {
  readonly #told: ToWorkerMessage[] = [];
  readonly #look = new Set<() => void>();
  #link: Link<ToWorkerMessage, WorkerMessage> | undefined;

  static async dial(port: number, workerId: string): Promise<SpeakingWorker> {
    const worker = new SpeakingWorker();
    const headers = { authorization: `Bearer ${workerId}` };
    const socket = new WebSocket(workerUrl(port), { headers, perMessageDeflate: false });
    await once(socket, 'open');
    worker.#link = new Link(socket, {
      ...{ schema: toWorkerMessage, clock: systemClock },
      onMessage: (message) => {
        worker.#told.push(message);
        for (const look of worker.#look) look();
      },
      onClosed: () => {},
    });
    worker.say({ type: 'hello', protocol: 1, workerId, pid: process.pid, node: testNode });
    return worker;
  }
  say(message: WorkerMessage): void {
    this.#link!.send(message);
  }
  close(): void {
    this.#link!.close('done');
  }
  hear<T extends ToWorkerMessage['type']>(type: T): Promise<To<T>> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.#told.find((message): message is To<T> => message.type === type);
        if (found === undefined) return;
        this.#look.delete(look);
        resolve(found);
      };
      this.#look.add(look);
      look();
    });
  }
}

describe('fault: a link that falls silent', () => {
  let harness: SessionHarness;
  let proxy: TcpProxy;
  let file: string;

  beforeEach(async () => {
    harness = await SessionHarness.start(0, tmpdir(), { workerSilentMs: SILENT_MS });
    proxy = await TcpProxy.start(() => harness.port);
    const path = join(harness.folder, 'a.root');
    await writeDimuonFile(path, { seed: 1, run: 1, events: EVENTS, firstEvent: 0 });
    file = pathToFileURL(path).href;
  });
  afterEach(async () => {
    await proxy?.stop();
    await harness?.stop();
  });
  /** The master has given the worker's link up. */
  const givenUp = async (workerId: string): Promise<void> => {
    const said = new RegExp(`worker link closed.*${workerId}.*silent for|silent for.*${workerId}`);
    while (!said.test(readFileSync(join(harness.folder, 'master.log'), 'utf8')))
      await new Promise((resolve) => setTimeout(resolve, 20));
  };

  it('its packets go to others, the answer has the same bits, and the worker comes back for the next query', async () => {
    const [slow, both] = ['slow', 'both'].map((name) => new Gate(join(harness.folder, name))) as [Gate, Gate];
    const program = await selector(harness.folder, SELECTOR.replace('PACE', slow.pace(2) + both.tellAndWait));
    slow.open();
    both.open();
    const client = await harness.client();
    const { workerId } = await harness.addWorker({}, proxy.port);
    const undisturbed = await client.query(program, [file]);
    slow.shut();
    const queryId = await client.submit(program, [file]);
    await client.hear('progress', (m) => m.queryId === queryId && m.entries.done > 0);
    proxy.hold();
    await givenUp(workerId);
    slow.open();
    await harness.addWorker();
    const answer = await client.answer(queryId);
    expect(answer.result.entries).to.deep.equal({ total: EVENTS, done: EVENTS, failed: 0, missing: 0 });
    expect(outputsOf(answer)).to.equal(outputsOf(undisturbed));
    proxy.release();
    await client.hear('workers', (m) => m.ready === 2);
    both.shut();
    const nextId = await client.submit(program, [file]);
    while (both.there.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    both.open();
    const next = await client.answer(nextId);
    expect(next.result.workers).to.have.length(2);
    expect(outputsOf(next)).to.equal(outputsOf(undisturbed));
  });

  it('what it had in hand is refused when it says it on a new link', async () => {
    const program = await selector(harness.folder, SELECTOR.replace('PACE', ''));
    const client = await harness.client();
    const before = await SpeakingWorker.dial(proxy.port, 'late');
    const queryId = await client.submit(program, [file]);
    const { requestId, file: asked } = await before.hear('count');
    const facts = { entries: EVENTS, tree: 'events', clusters: [0, EVENTS] };
    before.say({ type: 'counted', requestId, position: asked.position, facts });
    before.say({ type: 'prepared', queryId });
    before.say({ type: 'want', queryId, n: 1, running: null });
    const { packet } = await before.hear('packet');
    proxy.hold();
    await givenUp('late');

    const after = await SpeakingWorker.dial(harness.port, 'late');
    await after.hear('prepare');
    after.say({ type: 'prepared', queryId });
    const { packetId, attempt, first, end } = packet;
    const report = { packetId, attempt, entries: end - first, bytes: 1, wallMs: 1, cpuMs: 1 };
    // These bytes are no increment: if they counted, the query would fail of them.
    after.say({ type: 'commit', queryId, commitId: 1, increment: Buffer.from('late'), packets: [report] });
    expect((await after.hear('refusedCommit')).commitId).to.equal(1);
    after.close();
    before.close();

    await harness.addWorker();
    const { result } = await client.answer(queryId);
    expect(result.entries).to.deep.equal({ total: EVENTS, done: EVENTS, failed: 0, missing: 0 });
  });
});
