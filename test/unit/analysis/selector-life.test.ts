import { expect } from 'chai';
import { beginProgram } from '../../../analysis/begin-program.js';
import { UserCodeError } from '../../../analysis/errors.js';
import { finishOutputs } from '../../../analysis/finish-outputs.js';
import { OutputMerger } from '../../../analysis/output-merger.js';
import { ProgramRunner } from '../../../analysis/program-runner.js';
import type { Table } from '../../../rootio/table.js';
import { memoryTable } from '../../support/memory-table.js';
import { CONTEXT, loadSelector, runOver } from '../../support/programs.js';

const TABLE = memoryTable({ x: Float64Array.from({ length: 20 }, (_, i) => i) }, { clusters: [0, 10, 20] });

describe('analysis: the life of a selector', () => {
  it('is begin, workerBegin, init at each file, process, workerTerminate, terminate; inputs travel, members do not', async () => {
    const loaded = await loadSelector(`
      import { Selector } from 'proof-grid';
      export default class Life extends Selector {
        override branches = ['x'];
        calls = this.list('calls');
        member = 0;
        override begin() { this.inputs.factor = Number(this.params.factor) + 1; this.member = 7; }
        override workerBegin() { this.calls.push('workerBegin ' + this.inputs.factor + ' ' + this.member); }
        override async init(file) { await Promise.resolve(); this.calls.push('init ' + file.position + ' ' + file.name + ' ' + this.file.entries); }
        override process(entry) { if (entry % 10 === 0) this.calls.push('process ' + this.columns.x.at(entry)); }
        override workerTerminate() { this.calls.push('workerTerminate'); }
        override terminate() { this.calls.items.push('terminate ' + this.inputs.factor); this.counter('made').add(3); }
      }`);
    const context = await beginProgram(loaded, { ...CONTEXT, params: { factor: '2' } });
    expect(context.inputs).to.deep.equal({ factor: 3 });
    const closed: string[] = [];
    const openTable = async ({ file }: { file: string }) => ({ table: TABLE, close: () => void closed.push(file) });
    const worker = new ProgramRunner(loaded, { ...context, openTable });
    const merger = new OutputMerger();
    for (const filePosition of [0, 1])
      for (const first of [0, 10]) await worker.run({ filePosition, file: `f${filePosition}`, first, end: first + 10 });
    merger.add(worker.takeIncrement());
    merger.add((await worker.finish())!);
    await worker.close();
    const [calls, made] = await finishOutputs(loaded, merger, context);
    expect(calls).to.deep.include({
      items: [
        'workerBegin 3 0',
        ...['init 0 f0 20', 'process 0', 'process 10', 'init 1 f1 20', 'process 0', 'process 10'],
        'workerTerminate',
        'terminate 3',
      ],
    });
    expect(made).to.include({ name: 'made', value: 3 });
    expect(closed).to.deep.equal(['f0', 'f1']);
  });

  it('tells where user code threw: which step, which entry, which line', async () => {
    const message = async (body: string, run = runOver): Promise<string> => {
      const failure: unknown = await loadSelector(
        `import { Selector } from 'proof-grid';
export default class Fails extends Selector {
  override branches = ['x'];
  ${body}
}`,
        'fails.ts',
      )
        .then((loaded) => run(loaded, [TABLE]))
        .catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(UserCodeError);
      return (failure as Error).message;
    };
    expect(await message(`x = (() => { throw new Error('early'); })();`)).to.match(
      /^fails\.ts in constructor\(\): Error: early at fails\.ts:4:\d+$/,
    );
    expect(await message(`override init() { throw new Error('no'); }`)).to.match(
      /^fails\.ts in init\(\): Error: no at fails\.ts:4:/,
    );
    expect(await message(`override process(e) { if (e === 13) this.columns.y.at(e); }`)).to.match(
      /^fails\.ts at entry 13: ColumnUseError: .* do not name y.* at fails\.ts:4:/,
    );
    expect(await message(`override processBatch() { throw 'text'; }`)).to.equal(
      'fails.ts in processBatch(): threw text',
    );
    expect(await message(`override terminate() { null.x; }`)).to.match(
      /^fails\.ts in terminate\(\): TypeError: .* at fails\.ts:4:/,
    );
    expect(await message(`h = this.h1('h', '', 2, 0, 1); override process() { this.h.binContent(1); }`)).to.contain(
      'exists in terminate() only',
    );
  });

  it('keeps nothing of a packet whose outputs cannot be sent or merged', async () => {
    const loaded = await loadSelector(`import { Selector } from 'proof-grid';
      export default class U extends Selector {
        n = this.counter('n');
        list = this.list('list');
        o = this.object('o', () => ({ seen: [] }), (a, b) => { a.seen.push(...b.seen); if (b.seen.includes(3)) throw new Error('no 3'); });
        override process(e) { this.n.add(); this.o.value.seen.push(e); if (e === 5) { const loop = {}; loop.self = loop; this.list.push(loop); } }
      }`);
    const worker = new ProgramRunner(loaded, {
      ...CONTEXT,
      openTable: async () => ({ table: TABLE, close: () => undefined }),
    });
    const failures: string[] = [];
    for (let first = 0; first < 8; first++)
      await worker
        .run({ filePosition: 0, file: 'f', first, end: first + 1 })
        .catch((error: Error) => failures.push(error.message));
    expect(failures[0]).to.match(/^selector\.ts in the output o: Error: no 3 at selector\.ts:5:/);
    expect(failures[1]).to.contain('in the output list: RangeError');
    expect(failures).to.have.length(2);
    const merger = new OutputMerger({ selector: loaded.create(CONTEXT) });
    merger.add(worker.takeIncrement());
    expect(merger.snapshot()[0]).to.have.property('value', 6);
    expect(merger.snapshot()[2]).to.deep.include({ value: { seen: [0, 1, 2, 4, 6, 7] } });
  });

  it('refuses a packet with more rows than can travel at once, and tells how much waits', async () => {
    const loaded = await loadSelector(`import { Selector } from 'proof-grid';
      export default class Many extends Selector {
        rows = this.ntuple('rows', ['a', 'b', 'c', 'd']);
        override process(e) { for (let i = 0; i < (e === 0 ? 10 : 2_100_000); i++) this.rows.fill(i, i, i, i); }
      }`);
    const worker = new ProgramRunner(loaded, {
      ...CONTEXT,
      openTable: async () => ({ table: TABLE, close: () => undefined }),
    });
    await worker.run({ filePosition: 0, file: 'f', first: 0, end: 1 });
    expect(worker.pendingBytes).to.be.within(320, 500);
    const failure: unknown = await worker
      .run({ filePosition: 0, file: 'f', first: 1, end: 2 })
      .catch((error: unknown) => error);
    expect((failure as Error).message).to.contain('2100000 rows into rows: too many to send at once');
    worker.takeIncrement();
    expect(worker.pendingBytes).to.equal(0);
  });

  it('draws the same random numbers for an entry in process, in batches, and in any packet', async () => {
    const drawn = async (body: string, cuts: object): Promise<unknown> => {
      const loaded = await loadSelector(`import { Selector } from 'proof-grid';
        export default class R extends Selector { override branches = ['x']; out = this.list('out'); ${body} }`);
      const [list] = await runOver(loaded, [TABLE, TABLE], cuts);
      return (list as { items: unknown }).items;
    };
    const perEntry = `override process(e) { const r = this.random; this.out.push([r.uniform(), r.gauss(), r.integer(10), r.exponential(2)]); }`;
    const perBatch = `override processBatch(b) { for (let e = b.first; e < b.end; e++) { const r = b.random(e); this.out.push([r.uniform(), r.gauss(), r.integer(10), r.exponential(2)]); } }`;
    const expected = (await drawn(perEntry, {})) as number[][];
    expect(await drawn(perEntry, { packet: 3, workers: 4, isReversed: true })).to.deep.equal(expected);
    expect(await drawn(perBatch, { packet: 7, workers: 2 })).to.deep.equal(expected);
    expect(await drawn(perEntry, { context: { seed: 1 } })).to.not.deep.equal(expected);
    expect(new Set(expected.map(([u]) => u)).size).to.equal(40); // both files, each entry its own
    for (const [uniform, , integer, exponential] of expected) {
      expect(uniform).to.be.within(0, 1);
      expect(integer).to.be.within(0, 9);
      expect(exponential).to.be.greaterThan(0);
    }
  });

  it('stops between batches when it is told to, without a trace', async () => {
    const loaded = await loadSelector(`import { Selector } from 'proof-grid';
      export default class S extends Selector { n = this.counter('n'); override process() { this.n.add(); } }`);
    const many: Table = memoryTable({ x: new Float64Array(60_000) }, { clusters: [0, 20_000, 40_000, 60_000] });
    const stop = new AbortController();
    const worker = new ProgramRunner(loaded, {
      ...CONTEXT,
      openTable: async () => ({ table: many, close: () => undefined }),
    });
    const running = worker.run({ filePosition: 0, file: 'f', first: 0, end: 60_000 }, stop.signal);
    stop.abort();
    expect(await running.catch((error: Error) => error.name)).to.equal('AbortError');
    const merger = new OutputMerger();
    merger.add(worker.takeIncrement());
    expect(merger.snapshot()[0]).to.have.property('value', 0);
  });
});
