/** A session of real processes: one answer whatever happens to its workers. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { Gate } from '../support/gate.js';
import { type Answer, outputsOf, SessionHarness, selector } from '../support/session-harness.js';

const EVENTS = 60_000;
const FILES = 4;
const MASS = `
import { Selector } from 'proof-grid';
export default class Mass extends Selector {
  override branches = ['mu1_pt', 'mu2_pt', 'weight'];
  pt = this.h1('pt', 'pt;GeV;muons', 100, 0, 200);
  seen = this.counter('seen');
  override process(entry: number): void {
    this.pt.fill(this.columns.mu1_pt.at(entry), this.columns.weight.at(entry));
    this.pt.fill(this.columns.mu2_pt.at(entry), this.columns.weight.at(entry));
    this.seen.add(1);
    BODY
  }
}`;
const bodied = (body: string): string => MASS.replace('BODY', body);
/** Busy for about so many microseconds. */
const busy = (us: number): string => `const end = performance.now() + ${us / 1000}; while (performance.now() < end);`;

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('a session of real processes', () => {
  let harness: SessionHarness;
  let dataset: string[];

  async function startWith(nworkers: number): Promise<void> {
    harness = await SessionHarness.start(nworkers);
    dataset = [];
    for (let i = 0; i < FILES; i++) {
      const path = join(harness.folder, `dimuon-${i}.root`);
      await writeDimuonFile(path, { seed: 1, run: 1, events: EVENTS, firstEvent: i * EVENTS });
      dataset.push(pathToFileURL(path).href);
    }
  }
  afterEach(async () => {
    await harness.stop();
  });
  const sameOutputs = (one: Answer, other: Answer): void => {
    expect(outputsOf(other) === outputsOf(one), 'the outputs are the same bits').to.equal(true);
  };

  it('gives the same bits with one worker and with three', async () => {
    await startWith(1);
    const client = await harness.client();
    const program = await selector(harness.folder, bodied(''));
    const one = await client.query(program, dataset);
    expect(one.result.status).to.equal('completed');
    expect(one.result.entries).to.deep.equal({ total: FILES * EVENTS, done: FILES * EVENTS, failed: 0, missing: 0 });
    await Promise.all([harness.addWorker(), harness.addWorker()]);
    const gate = new Gate(join(harness.folder, 'gate'));
    const shared = await client.submit(await selector(harness.folder, bodied(gate.tellAndWait)), dataset);
    await until(() => gate.there.length === 3);
    gate.open();
    const three = await client.answer(shared);
    expect(three.result.entries).to.deep.equal(one.result.entries);
    sameOutputs(three, one);
    expect(three.result.workers).to.have.length(3);
  });

  it('gives the same answer when a worker is killed in the middle, and one joins', async () => {
    await startWith(2);
    const client = await harness.client();
    const undisturbed = await client.query(await selector(harness.folder, bodied('')), dataset);
    const gate = new Gate(join(harness.folder, 'gate'));
    const held = `if (this.file!.position >= 2) ${gate.tellAndWait}`;
    const queryId = await client.submit(await selector(harness.folder, bodied(held)), dataset);
    await client.hear('progress', (m) => m.queryId === queryId && m.entries.done > 0);
    harness.workers[0]!.process.kill('SIGKILL');
    const late = await harness.addWorker();
    await until(() => gate.there.includes(late.process.pid!));
    gate.open();
    const answer = await client.answer(queryId);
    expect(answer.result.status).to.equal('completed');
    expect(answer.result.entries.done).to.equal(FILES * EVENTS);
    sameOutputs(answer, undisturbed);
    expect(answer.result.workers.map(({ name }) => name)).to.include('0.3');
    expect(harness.told.some((m) => m.type === 'workerReady' && m.workerId === late.workerId)).to.equal(true);
  });

  it('does not take the loss of a node, whose workers load the program, for failures of the program', async () => {
    await startWith(3);
    const client = await harness.client();
    const [begun, go] = [join(harness.folder, 'begun'), join(harness.folder, 'go')];
    const loading = `import { appendFileSync, existsSync } from 'node:fs';
if (process.send) {
  appendFileSync(${JSON.stringify(begun)}, 'x');
  while (!existsSync(${JSON.stringify(go)})) await new Promise((resolve) => setTimeout(resolve, 20));
}
${bodied('')}`;
    const queryId = await client.submit(await selector(harness.folder, loading), dataset);
    await until(() => existsSync(begun) && readFileSync(begun, 'utf8').length === 3);
    harness.isNodeLost = true;
    for (const { process } of harness.workers) process.kill('SIGKILL');
    writeFileSync(go, '');
    await harness.addWorker();
    const { result } = await client.answer(queryId);
    expect([result.status, result.entries.done]).to.deep.equal(['completed', FILES * EVENTS]);
  });

  it('goes on when every connection breaks at once, with the same workers', async () => {
    await startWith(2);
    const client = await harness.client();
    const undisturbed = await client.query(await selector(harness.folder, bodied('')), dataset);
    const queryId = await client.submit(await selector(harness.folder, bodied(busy(10))), dataset);
    await client.hear('progress', (m) => m.queryId === queryId && m.entries.done > 0);
    harness.cutConnections();
    const again = await harness.client();
    again.send({ type: 'attach', queryId, outputs: false });
    const answer = await again.answer(queryId);
    expect(answer.result.entries).to.deep.equal(undisturbed.result.entries);
    sameOutputs(answer, undisturbed);
    expect(harness.workers.every(({ process: child }) => child.exitCode === null)).to.equal(true);
  });

  it("sets a throwing entry aside with file, entry and the user's stack, and does the others", async () => {
    await startWith(2);
    const client = await harness.client();
    const program = await selector(harness.folder, bodied(`if (entry === 4321) throw new Error('odd event');`));
    const { result } = await client.query(program, dataset);
    expect(result.status).to.equal('incomplete');
    expect(result.entries).to.deep.equal({
      total: FILES * EVENTS,
      done: FILES * EVENTS - FILES,
      failed: FILES,
      missing: 0,
    });
    expect(
      result.failures.map(({ file, first, end, entry, attempts }) => ({ file, first, end, entry, attempts })),
    ).to.have.deep.members(dataset.map((file) => ({ file, first: 4321, end: 4322, entry: 4321, attempts: 3 })));
    expect(result.failures[0]!.error).to.contain('odd event');
    expect(result.failures[0]!.stack).to.match(/selector\.ts:\d+/);
  });

  it('isolates an entry that kills its worker', async () => {
    await startWith(3);
    const keepThree = (): void => {
      const alive = harness.workers.filter(
        ({ process: { exitCode, signalCode } }) => exitCode === null && signalCode === null,
      );
      if (alive.length < 3) void harness.addWorker();
    };
    const tick = setInterval(keepThree, 50);
    const client = await harness.client();
    const program = await selector(
      harness.folder,
      bodied(`if (entry === 4321 && this.file!.position === 2) process.kill(process.pid, 'SIGKILL');`),
    );
    const { result } = await client.query(program, dataset);
    clearInterval(tick);
    expect(result.status).to.equal('incomplete');
    expect(result.failures).to.have.length(1);
    expect(result.failures[0]).to.include({ file: dataset[2], entry: 4321 });
    expect(result.failures[0]!.attempts).to.be.within(3, 4); // a copy of the last packet may die with it
    expect(result.entries).to.deep.equal({ total: FILES * EVENTS, done: FILES * EVENTS - 1, failed: 1, missing: 0 });
  });

  it('reports a file that cannot be read and does the others; without any, the query fails', async () => {
    await startWith(2);
    const client = await harness.client();
    const program = await selector(harness.folder, bodied(''));
    const gone = pathToFileURL(join(harness.folder, 'gone.root')).href;
    const { result } = await client.query(program, [dataset[0]!, gone, dataset[1]!]);
    expect(result.status).to.equal('incomplete');
    expect(result.missingFiles.map(({ file }) => file)).to.deep.equal([gone]);
    expect(result.entries).to.deep.equal({ total: null, done: 2 * EVENTS, failed: 0, missing: null });
    const none = await client.query(program, [gone]);
    expect(none.result.status).to.equal('failed');
    expect(none.result.error?.message).to.contain('gone.root');
  });

  it('fails at once, naming the nearest, where a branch does not exist', async () => {
    await startWith(1);
    const client = await harness.client();
    const source = bodied('').replace("'mu1_pt',", "'mu1_pt', 'mu1_charg',");
    const { result } = await client.query(await selector(harness.folder, source), dataset);
    expect(result.status).to.equal('failed');
    expect(result.error?.message).to.contain('mu1_charge');
  });

  it('processes the window of --first and --entries along the data set', async () => {
    await startWith(2);
    const client = await harness.client();
    const program = await selector(harness.folder, bodied(''));
    const { result } = await client.query(program, dataset, { first: EVENTS - 10, entries: EVENTS + 20 });
    expect(result.entries).to.deep.equal({ total: EVENTS + 20, done: EVENTS + 20, failed: 0, missing: 0 });
  });

  it('runs the queries of a session one after the other, stops and aborts them', async () => {
    await startWith(2);
    const client = await harness.client();
    const slow = await selector(harness.folder, bodied(busy(1000)));
    const quick = await selector(harness.folder, bodied(''));
    const first = await client.submit(slow, dataset);
    const second = await client.submit(slow, dataset);
    const third = await client.submit(quick, dataset);
    await client.hear('progress', (m) => m.queryId === first && m.entries.done > 0);
    client.send({ type: 'stop', queryId: first });
    const stopped = await client.answer(first);
    expect(stopped.result.status).to.equal('stopped');
    expect(stopped.result.entries.done)
      .to.be.greaterThan(0)
      .and.lessThan(FILES * EVENTS);
    client.send({ type: 'abort', queryId: second });
    expect((await client.answer(second)).result.status).to.equal('aborted');
    expect((await client.answer(third)).result.status).to.equal('completed');
  });

  it('lets workers go after the packet in hand, and gives what was printed to the user', async () => {
    await startWith(3);
    const client = await harness.client();
    const program = await selector(harness.folder, bodied(`if (entry === 0) console.log('first entry'); ${busy(10)}`));
    const queryId = await client.submit(program, dataset);
    await client.hear('progress', (m) => m.queryId === queryId && m.entries.done > 0);
    harness.control({ type: 'letGo', n: 2, why: 'another session needs them' });
    const { result } = await client.answer(queryId);
    expect(result.status).to.equal('completed');
    expect(result.entries.done).to.equal(FILES * EVENTS);
    await until(() => harness.told.filter(({ type }) => type === 'workerReleased').length >= 2);
    expect(harness.told.filter(({ type }) => type === 'workerReleased')).to.have.length(2);
    await client.hear('printed', ({ text }) => text.includes('first entry'));
  });

  it('goes on from its journal when the master is killed and started again, to the same bits', async () => {
    await startWith(2);
    const client = await harness.client();
    const undisturbed = await client.query(await selector(harness.folder, bodied('')), dataset);
    const gate = new Gate(join(harness.folder, 'gate'));
    const held = `if (this.file!.position === ${FILES - 1} && entry > ${EVENTS / 2}) ${gate.wait}`;
    const program = await selector(harness.folder, bodied(`if (entry === 77) throw new Error('odd'); ${held}`));
    const queryId = await client.submit(program, dataset);
    const waiting = await client.submit(await selector(harness.folder, bodied('')), dataset);
    for (const part of [0.2, 0.6]) {
      const watcher = await harness.client();
      watcher.send({ type: 'attach', queryId, outputs: false });
      await watcher.hear('progress', (m) => m.queryId === queryId && m.entries.done > part * FILES * EVENTS);
      await harness.killMaster();
      await harness.startMaster();
    }
    gate.open();
    const again = await harness.client();
    again.send({ type: 'attach', queryId, outputs: false });
    again.send({ type: 'attach', queryId: waiting, outputs: false });
    const { result } = await again.answer(queryId);
    expect(result.entries).to.deep.equal({
      total: FILES * EVENTS,
      done: FILES * EVENTS - FILES,
      failed: FILES,
      missing: 0,
    });
    expect(result.failures.map(({ entry }) => entry)).to.deep.equal([77, 77, 77, 77]);
    expect(result.workers.reduce((sum, { entries }) => sum + entries, 0)).to.equal(FILES * EVENTS - FILES);
    sameOutputs(await again.answer(waiting), undisturbed);
  });
});
