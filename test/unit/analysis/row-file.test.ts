import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { encodeIncrement } from '../../../analysis/increment.js';
import { packState, unpackState } from '../../../analysis/merged-state.js';
import { encodeValue } from '../../../analysis/message-pack.js';
import { OutputMerger } from '../../../analysis/output-merger.js';
import { RowFile } from '../../../analysis/outputs/row-file.js';
import { Ntuple } from '../../../analysis/outputs/rows.js';
import { TEARS } from '../../support/torn-bytes.js';

const declaration = new Ntuple({
  ...{ name: 'rows', type: 'ntuple', title: '', axes: [], valueTitle: '' },
  columns: [{ name: 'x', type: 'float64' }],
} as unknown as ConstructorParameters<typeof Ntuple>[0]).declaration;
/** A packet's rows: entry numbers times ten. */
const increment = (first: number, n: number): Uint8Array => {
  const bytes = encodeValue([Float64Array.from({ length: n }, (_, i) => 10 * (first + i))]);
  return encodeIncrement([
    { declaration, order: 0, part: { chunks: [{ filePosition: 0, first, end: first + n, rows: n, bytes }] } },
  ]);
};
const rowsOf = (merger: OutputMerger): number[] =>
  merger
    .snapshot()
    .flatMap((output) =>
      output.type === 'ntuple' ? [...output.chunks()].flatMap(([x]) => Array.from(x as Float64Array)) : [],
    );

describe('analysis: rows in a file beside a journal', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-rows-'));
    path = join(folder, 'rows');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('a merger that begins again with the noted increments has the same rows, in order, and what was not noted is cut off', () => {
    const store = new RowFile(path);
    const merger = new OutputMerger({ chunks: store });
    const noted = [increment(40, 3), increment(0, 2)].map((bytes) => merger.add(bytes));
    const size = statSync(path).size;
    merger.add(increment(20, 5)); // its note never reached the disk
    store.close();
    const again = new RowFile(path);
    const second = new OutputMerger({ chunks: again });
    for (const bytes of noted) second.addKept(bytes);
    again.cut();
    expect(statSync(path).size).to.equal(size);
    second.add(increment(20, 1));
    expect(rowsOf(second)).to.deep.equal([0, 10, 200, 400, 410, 420]);
    again.close();
  });

  it('notes and checkpoints name rows by their place, however many there are', () => {
    const store = new RowFile(path);
    const merger = new OutputMerger({ chunks: store });
    expect(merger.add(increment(0, 100_000)).length).to.be.below(500);
    const checkpoint = packState(merger.encode('handles'));
    expect(checkpoint.length).to.be.below(500);
    expect(packState(merger.encode('none')).length).to.be.below(500);
    const second = new OutputMerger({ chunks: store });
    for (const bytes of unpackState(checkpoint)) second.addKept(bytes);
    expect(rowsOf(second)).to.deep.equal(rowsOf(merger));
    store.close();
  });

  it('refuses places that the file does not reach', () => {
    const store = new RowFile(path);
    const noted = new OutputMerger({ chunks: store }).add(increment(0, 100));
    store.close();
    const short = new RowFile(join(folder, 'other'));
    expect(() => new OutputMerger({ chunks: short }).addKept(noted)).to.throw(/gone/);
    appendFileSync(join(folder, 'other'), Buffer.from([200, 0, 0, 0, 1]));
    const cut = new RowFile(join(folder, 'other'));
    expect(() => new OutputMerger({ chunks: cut }).addKept(noted)).to.throw(/gone/);
    for (const file of [short, cut]) file.close();
  });

  it('takes no rows whose bytes are others than were put, wherever a bit was turned over or a page is zeros', () => {
    const store = new RowFile(path);
    const noted = new OutputMerger({ chunks: store }).add(increment(1, 60));
    store.close();
    const whole = readFileSync(path);
    for (let at = 0; at < whole.length; at++)
      for (const tear of [TEARS['one bit turned over']!, TEARS['zeros to the end of the page']!]) {
        const torn = tear(whole, at, whole);
        writeFileSync(path, torn);
        const again = new RowFile(path);
        const take = (): void => new OutputMerger({ chunks: again }).addKept(noted);
        if (torn.equals(whole)) take();
        else expect(take, `byte ${at}`).to.throw(/gone or damaged/);
        again.close();
      }
  });
});
