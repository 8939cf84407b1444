/** A query's journal cut at every byte offset: what is recovered is a state that once was, its entries and its outputs of one mind. */
import { expect } from 'chai';
import type { LoadedProgram } from '../../analysis/load-program.js';
import { packState, unpackState } from '../../analysis/merged-state.js';
import { OutputMerger } from '../../analysis/output-merger.js';
import { ProgramRunner } from '../../analysis/program-runner.js';
import { encodeRecord, readRecords } from '../../proxy-server/master/journal.js';
import type { JournalRecord } from '../../proxy-server/master/journal-records.js';
import { Recovery } from '../../proxy-server/master/recovery.js';
import { memoryTable } from '../support/memory-table.js';
import { loadSelector } from '../support/programs.js';

const ENTRIES = 120;
const PACKET = 10;
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

describe('fault: a journal cut anywhere', () => {
  it('gives back whole commits, each once, with exactly their outputs', async function () {
    this.timeout(60_000);
    const records = await journal(await loadSelector(SOURCE));
    const whole = Buffer.concat(records.map(encodeRecord));
    let last = -1;
    for (let cut = 0; cut <= whole.length; cut++) {
      const merger = new OutputMerger();
      const recovered = new Recovery({
        add: (increment) => merger.add(increment),
        addState: (state) => {
          for (const increment of unpackState(state)) merger.add(increment);
        },
      });
      const good = readRecords(whole.subarray(0, cut), (record) => recovered.apply(record));
      if (good === last) continue; // the same records as one byte before
      last = good;
      const settled = recovered.settled.all().reduce((sum, { first, end }) => sum + end - first, 0);
      const counter = merger.snapshot().find(({ name }) => name === 'n') as { value?: number } | undefined;
      expect(settled % PACKET).to.equal(0);
      expect(counter?.value ?? 0, `cut at ${cut}`).to.equal(settled);
    }
    expect(last).to.equal(whole.length);
  });

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
