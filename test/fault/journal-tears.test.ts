/**
 * A query's journal cut or torn at every byte offset, as a crash leaves blocks behind: what is recovered is a state that once was, its entries and its
 * outputs of one mind, up to the last record before the damage.
 */
import { expect } from 'chai';
import type { LoadedProgram } from '../../analysis/load-program.js';
import { packState, unpackState } from '../../analysis/merged-state.js';
import { OutputMerger } from '../../analysis/output-merger.js';
import { ProgramRunner } from '../../analysis/program-runner.js';
import type { JournalRecord } from '../../proxy-server/master/journal-records.js';
import { RecordChain } from '../../proxy-server/master/record-chain.js';
import { Recovery } from '../../proxy-server/master/recovery.js';
import { memoryTable } from '../support/memory-table.js';
import { loadSelector } from '../support/programs.js';
import { firstDifference, TEARS } from '../support/torn-bytes.js';

const ENTRIES = 120;
const PACKET = 10;
const HEAD_BYTES = 8;
const SOURCE = `
import { Selector } from 'proof-grid';
export default class Count extends Selector {
  override branches = ['x'];
  n = this.counter('n');
  x = this.h1('x', 'x', 5, 0, 1);
  override process(entry: number): void {
    this.n.add(1);
    this.x.fill(this.columns.x.at(entry), 0.1);
  }
}`;

describe('fault: a journal torn anywhere', () => {
  let records: JournalRecord[];
  let whole: Buffer;
  /** Where each record ends. */
  let ends: number[];
  /** The same records in the file of another query: of every record the boundaries are the same. */
  let old: Buffer;

  before(async () => {
    records = await journal(await loadSelector(SOURCE));
    const parts = encoded(records, 'here:q2');
    whole = Buffer.concat(parts);
    ends = parts.map((_, i) => Buffer.concat(parts.slice(0, i + 1)).length);
    old = Buffer.concat(encoded(records, 'here:q1'));
  });

  for (const [kind, tear] of Object.entries(TEARS))
    it(`gives back whole commits up to the damage, each once, with exactly their outputs: ${kind}`, () => {
      const known = new Set<number>();
      for (let at = 0; at < whole.length; at++) {
        const torn = tear(whole, at, old);
        let n = 0;
        RecordChain.read(torn, 'here:q2', () => n++);
        const sound = ends.filter((end) => end <= firstDifference(torn, whole)).length;
        expect(n, `at byte ${at}`).to.equal(sound);
        if (known.has(n)) continue; // the same records as before
        known.add(n);
        isOneState(torn);
      }
      expect(known).to.include.all.keys(records.map((_, i) => i)); // each number of records was left once
    });

  it('takes no records of another journal that lie behind its end, and writes on where it ends', () => {
    for (let kept = 0; kept < records.length; kept++) {
      const end = kept === 0 ? HEAD_BYTES : ends[kept - 1]!;
      const read = RecordChain.read(Buffer.concat([whole.subarray(0, end), old.subarray(end)]), 'here:q2', () => {});
      expect(read!.good).to.equal(end);
      const next = Buffer.concat([whole.subarray(0, end), read!.chain.encode(records[kept]!)]);
      expect(next.equals(whole.subarray(0, ends[kept]))).to.equal(true);
    }
  });

  const encoded = (all: readonly JournalRecord[], owner: string): Buffer[] => {
    const chain = RecordChain.begin(owner, 1);
    return all.map((record) => chain.encode(record));
  };
  function isOneState(torn: Buffer): void {
    const merger = new OutputMerger();
    const recovered = new Recovery({
      add: (increment) => merger.add(increment),
      addState: (state) => {
        for (const increment of unpackState(state)) merger.add(increment);
      },
    });
    RecordChain.read(torn, 'here:q2', (record) => recovered.apply(record));
    const settled = recovered.settled.all().reduce((sum, { first, end }) => sum + end - first, 0);
    const counter = merger.snapshot().find(({ name }) => name === 'n') as { value?: number } | undefined;
    expect(settled % PACKET).to.equal(0);
    expect(counter?.value ?? 0).to.equal(settled);
  }

  /** A checkpoint, commits, a second checkpoint in the middle of them, and commits again. */
  async function journal(loaded: LoadedProgram): Promise<JournalRecord[]> {
    const table = memoryTable({ x: Float32Array.from({ length: ENTRIES }, (_, i) => (i % 100) / 100) });
    const runner = new ProgramRunner(loaded, {
      ...{ params: {}, inputs: {}, seed: 0 },
      openTable: async () => ({ table, close: () => {} }),
    });
    const merger = new OutputMerger();
    const checkpoint = (until: number): JournalRecord => ({
      ...{ t: 'checkpoint', failures: [], failuresLeftOut: 0, workers: [], bytes: 0 },
      files: [
        { name: 'f', lfn: null, tree: 'x', entries: ENTRIES, places: [], selected: null, friends: [], missing: null },
      ],
      settled: until === 0 ? [] : [{ file: 0, first: 0, end: until, state: 'done' }],
      state: packState(merger.encode()),
    });
    const records = [checkpoint(0)];
    for (let first = 0; first < ENTRIES; first += PACKET) {
      await runner.run({ filePosition: 0, file: 'f', first, end: first + PACKET });
      const increment = runner.takeIncrement();
      merger.add(increment);
      const range = { file: 0, first, end: first + PACKET, state: 'done' as const };
      const report = { packetId: first, attempt: 1, entries: PACKET, bytes: 1, wallMs: 1, cpuMs: 1 };
      records.push({ t: 'commit', workerId: 'w', ranges: [range], reports: [report], increment });
    }
    await runner.close();
    return records;
  }
});
