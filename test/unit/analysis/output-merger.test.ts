import { expect } from 'chai';
import { IncrementError, UserCodeError } from '../../../analysis/errors.js';
import { finishOutputs } from '../../../analysis/finish-outputs.js';
import { decodeIncrement, encodeIncrement, type IncrementPart } from '../../../analysis/increment.js';
import type { LoadedProgram } from '../../../analysis/load-program.js';
import { decodeValue, encodeValue } from '../../../analysis/message-pack.js';
import { OutputMerger } from '../../../analysis/output-merger.js';
import { ProgramRunner } from '../../../analysis/program-runner.js';
import { EntryRandom } from '../../../analysis/random.js';
import { outputsJson } from '../../../analysis/result-json.js';
import { GridError } from '../../../protocol/errors.js';
import { memoryTable } from '../../support/memory-table.js';
import { CONTEXT, loadSelector, runOver } from '../../support/programs.js';

const SOURCE = `
import { Selector } from 'proof-grid';
class Span { low = Infinity; high = -Infinity; add(x) { this.low = Math.min(this.low, x); this.high = Math.max(this.high, x); } merge(o) { this.add(o.low); this.add(o.high); } }
export default class Some extends Selector {
  override branches = ['x'];
  h = this.h1('h', '', 1000, 0, 1);
  plane = this.h2('plane', '', 200, 0, 1, 200, 0, 1);
  n = this.counter('n');
  list = this.list('list');
  rows = this.ntuple('rows', ['x']);
  span = this.object('span', new Span());
  apart = this.object('apart', () => ({ n: 0 }));
  override process(e) {
    const x = this.columns.x.at(e);
    this.h.fill(x, x * 1e-30 + 1e5); this.plane.fill(x, x); this.n.add(x); this.list.push({ e, deep: [new Map([[e, 'v']])] }); this.rows.fill(x);
    this.span.value.add(x); this.apart.value.n++;
  }
}`;
const TABLE = memoryTable({ x: Float64Array.from({ length: 40 }, (_, i) => i / 40) });

describe('analysis: merging increments', () => {
  let loaded: LoadedProgram;
  let increments: Uint8Array[];
  before(async () => {
    loaded = await loadSelector(SOURCE);
    const worker = new ProgramRunner(loaded, {
      ...CONTEXT,
      openTable: async () => ({ table: TABLE, close: () => undefined }),
    });
    increments = [];
    for (let first = 0; first < 40; first += 10) {
      await worker.run({ filePosition: 0, file: 'f', first, end: first + 10 });
      increments.push(worker.takeIncrement());
    }
  });
  const merged = (parts: Iterable<Uint8Array>): OutputMerger => {
    const merger = new OutputMerger({ selector: loaded.create(CONTEXT) });
    for (const bytes of parts) merger.add(bytes);
    return merger;
  };
  const answer = async (merger: OutputMerger): Promise<string> =>
    outputsJson(await finishOutputs(loaded, merger, CONTEXT));

  it('costs what was filled, not what was declared', () => {
    expect(increments[1]!.length).to.be.lessThan(4500);
  });

  it('merges objects by their own method, keeps those without one apart, and rows in order', async () => {
    const text = await answer(merged(increments.toReversed()));
    expect(text).to.contain('"name":"span","type":"object","title":"","value":{"high":0.975,"low":0}');
    expect(text.match(/"name":"apart".*?"value":\{"n":10\}/g)).to.have.length(4);
    expect(text).to.contain('"items":[{"deep":[{"0":"v"}],"e":0},{"deep":[{"1":"v"}],"e":1}');
  });

  it('has its state as increments: encoded and added again it is the same, also through a merger that has not the program', async () => {
    const expected = await answer(merged(increments));
    expect(await answer(merged(merged(increments).encode()))).to.equal(expected);
    const blind = new OutputMerger();
    for (const bytes of increments) blind.add(bytes);
    expect(await answer(merged(blind.encode()))).to.equal(expected);
  });

  it('says so where the merge of an object throws, and has then changed nothing', async () => {
    const throwing = await loadSelector(`
      import { Selector } from 'proof-grid';
      export default class T extends Selector { n = this.counter('n'); o = this.object('o', () => ({}), () => { throw new Error('no merge'); });
        override process() { this.n.add(); this.o.value.x = 1; } }`);
    const worker = new ProgramRunner(throwing, {
      ...CONTEXT,
      openTable: async () => ({ table: TABLE, close: () => undefined }),
    });
    const merger = new OutputMerger({ selector: throwing.create(CONTEXT) });
    const add = async (first: number): Promise<void> => {
      await worker.run({ filePosition: 0, file: 'f', first, end: first + 1 });
      merger.add(worker.takeIncrement());
    };
    await add(0);
    const error: unknown = await add(1).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(UserCodeError);
    expect((error as Error).message).to.equal('merge of the object o threw: no merge');
    expect(merger.snapshot()[0]).to.have.property('value', 1);
  });

  it('refuses increments whose sizes lie, whole, before anything of them counts', async () => {
    const expected = await answer(merged(increments));
    const merger = merged(increments);
    const changed = (
      change: (outputs: { declaration: Record<string, unknown>; part: Record<string, unknown> }[]) => void,
    ): Uint8Array => {
      const copy = decodeValue(increments[0]!) as {
        outputs: { declaration: Record<string, unknown>; part: Record<string, unknown> }[];
      };
      change(copy.outputs);
      return encodeValue(copy);
    };
    const lies: Uint8Array[] = [
      Uint8Array.of(),
      Uint8Array.of(0xc1),
      encodeValue({ version: 2, outputs: [] }),
      encodeValue([1, 2, 3]),
      changed((o) => (o[0]!.part['counts'] = new Float64Array(3))),
      changed((o) => (o[0]!.part['cells'] = Float64Array.from({ length: 10 }, (_, i) => i * 1e6))),
      changed((o) => (o[0]!.part['cells'] = Float64Array.from({ length: 10 }, () => -1))),
      changed((o) => (o[0]!.part['entries'] = -5)),
      changed((o) => (o[0]!.part['statsHi'] = Float64Array.of(Number.NaN, 1))),
      changed((o) => (o[0]!.part['spills'] = [{ which: 9, at: 0 }])),
      changed(
        (o) =>
          (o[0]!.part['spills'] = [
            { which: 0, at: 1, start: 60, limbs: new Float64Array(20), nan: 0, plus: 0, minus: 0 },
          ]),
      ),
      changed((o) => (o[0]!.declaration['axes'] = [{ nbins: 7, min: 0, max: 1, edges: null, title: '' }])),
      changed((o) => (o[1]!.declaration['axes'] = [])),
      changed((o) => (o[1]!.declaration['type'] = 'H9')),
      changed(
        (o) => (o[3]!.part['chunks'] = [{ filePosition: 0, first: 0, end: 1, rows: 1e9, bytes: encodeValue([1]) }]),
      ),
      changed(
        (o) => (o[4]!.part['chunks'] = [{ filePosition: 0, first: 0, end: 1, rows: 2, bytes: encodeValue([[1, 2]]) }]),
      ),
      changed((o) => (o[4]!.part['chunks'] = 'none')),
      changed((o) => (o[5]!.part['objects'] = [{ filePosition: 'x' }])),
    ];
    for (const [i, lie] of lies.entries()) expect(() => merger.add(lie), `lie ${i}`).to.throw(IncrementError);
    const huge = {
      type: 'H2',
      name: 'huge',
      title: '',
      valueTitle: '',
      axes: Array.from({ length: 2 }, () => ({ nbins: 50_000, min: 0, max: 1, edges: null, title: '' })),
      columns: [],
    };
    expect(() =>
      merger.add(encodeIncrement([{ declaration: huge, order: 0, part: null }] as unknown as IncrementPart[])),
    ).to.throw(IncrementError, 'bins');
    expect(await answer(merger)).to.equal(expected);
  });

  it('survives any bytes: every error is one of ours', () => {
    const random = new EntryRandom(3).start(0, 0);
    for (let round = 0; round < 400; round++) {
      const bytes = increments[round % 4]!.slice();
      for (let k = 0; k <= random.integer(6); k++) bytes[random.integer(bytes.length)] = random.integer(256);
      try {
        new OutputMerger({ selector: loaded.create(CONTEXT) }).add(
          round % 2 === 0 ? bytes : bytes.subarray(0, random.integer(bytes.length)),
        );
      } catch (error) {
        expect(error, String((error as Error).stack)).to.be.instanceOf(GridError);
      }
    }
  });

  it('names every output in the first increment, also of those that nothing filled', async () => {
    const quiet = await loadSelector(
      `import { Selector } from 'proof-grid'; export default class Q extends Selector { h = this.h1('h', '', 2, 0, 1); n = this.counter('n'); }`,
    );
    const outputs = await runOver(quiet, [TABLE]);
    expect(outputsJson(outputs)).to.contain('"contents":[0,0,0,0],"sumw2":null,"entries":0').and.contain('"value":0');
    expect(decodeIncrement(increments[0]!)).to.have.length(7);
  });
});
