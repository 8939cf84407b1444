import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { bundleSelector } from '../../../analysis/bundle-selector.js';
import { UserCodeError } from '../../../analysis/errors.js';
import { finishOutputs } from '../../../analysis/finish-outputs.js';
import { type LoadedProgram, loadProgram } from '../../../analysis/load-program.js';
import { OutputMerger } from '../../../analysis/output-merger.js';
import { type Packet, ProgramRunner } from '../../../analysis/program-runner.js';
import { outputsJson } from '../../../analysis/result-json.js';
import type { Table } from '../../../rootio/table.js';
import { memoryTable } from '../../support/memory-table.js';

const N = 1000;
const CONTEXT = { params: { scale: '2' }, inputs: {}, seed: 7 };
const x = Float32Array.from({ length: N }, (_, i) => Math.sin(i) * 3);
const table = memoryTable(
  {
    x,
    w: Float64Array.from({ length: N }, (_, i) => (i % 3 === 0 ? 1 : 10 ** ((i % 17) - 8))),
    id: BigInt64Array.from({ length: N }, (_, i) => 2n ** 40n + BigInt(i)),
    hits: Array.from({ length: N }, (_, i) => Array.from({ length: i % 4 }, (_, j) => i + j / 10)),
  },
  { clusters: [0, 100, 350, 351, 800, 1000] },
);

const SOURCE = `
import { Selector } from 'proof-grid';
export default class Everything extends Selector {
  override branches = ['x', 'w', 'id', 'hits'];
  h = this.h1('h', 'X;x;events', 20, -3, 3);
  h2d = this.h2('h2d', '', 5, -3, 3, [-1, 0, 1e3]);
  prof = this.profile('prof', 'P;x;w', 4, -4, 4);
  n = this.counter('n');
  seen = this.list<number>('seen');
  rows = this.ntuple('rows', { x: 'float64', id: 'int64' });
  sets = this.object('sets', () => new Map<string, number>(), (a, b) => { for (const [k, v] of b) a.set(k, (a.get(k) ?? 0) + v); });
  override process(entry: number): void {
    const c = this.columns;
    if (this.params.failAt === String(entry)) throw new Error('no entry ' + entry);
    for (const until = performance.now() + Number(this.params.spinMs ?? 0); performance.now() < until; );
    const x = c.x.at(entry) * Number(this.params.scale);
    this.h.fill(x, c.w.at(entry));
    this.h2d.fill(x, this.random.gauss());
    this.prof.fill(x, c.w.at(entry));
    for (let i = 0; i < c.hits.count(entry); i++) this.n.add(c.hits.at(entry, i));
    if (entry % 50 === 0) this.seen.push(entry);
    if (entry % 100 === 7) this.rows.fill(x, c.id.at(entry));
    this.sets.value.set('k' + (entry % 3), (this.sets.value.get('k' + (entry % 3)) ?? 0) + 1);
  }
  override terminate(): void {
    this.counter('late').add(this.seen.items.length);
  }
}
`;

async function load(source: string): Promise<LoadedProgram> {
  const folder = mkdtempSync(join(tmpdir(), 'proof-test-'));
  try {
    writeFileSync(join(folder, 'everything.ts'), source);
    return await loadProgram(await bundleSelector(join(folder, 'everything.ts')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const packet = (first: number, end: number, filePosition = 0): Packet => ({ filePosition, file: 'f.root', first, end });

function runner(
  loaded: LoadedProgram,
  over: Table = table,
  params: Record<string, string> = CONTEXT.params,
): ProgramRunner {
  return new ProgramRunner(loaded, {
    ...CONTEXT,
    params,
    openTable: async () => ({ table: over, close: () => undefined }),
  });
}

async function answer(loaded: LoadedProgram, increments: readonly Uint8Array[]): Promise<string> {
  const merger = new OutputMerger({ selector: loaded.create(CONTEXT) });
  for (const bytes of increments) merger.add(bytes);
  return outputsJson(await finishOutputs(loaded, merger, CONTEXT));
}

describe('analysis: running programs', () => {
  let loaded: LoadedProgram;
  before(async () => {
    loaded = await load(SOURCE);
  });

  it('gives the same bytes for one packet and for many, on several workers, merged in any order', async () => {
    const whole = runner(loaded);
    await whole.run(packet(0, N));
    const expected = await answer(loaded, [whole.takeIncrement()]);
    expect(expected).to.contain('"name":"rows","type":"ntuple"').and.contain('"entries":10');

    const workers = [runner(loaded), runner(loaded), runner(loaded)];
    const increments: Uint8Array[] = [];
    for (let first = 0, k = 0; first < N; first += 37, k++) {
      const worker = workers[(k * 7) % 3]!;
      await worker.run(packet(first, Math.min(first + 37, N)));
      if (k % 2 === 0) increments.push(worker.takeIncrement());
    }
    for (const worker of workers) increments.push(worker.takeIncrement());
    expect(await answer(loaded, increments)).to.equal(expected);
    expect(await answer(loaded, increments.toReversed())).to.equal(expected);

    const half = new OutputMerger({ selector: loaded.create(CONTEXT) });
    for (const bytes of increments.slice(0, 9)) half.add(bytes);
    expect(await answer(loaded, [...increments.slice(9), ...half.encode()])).to.equal(expected);
  });

  it('ends a packet early when its time is up, and gives the same bytes when the rest is run too', async () => {
    const whole = runner(loaded);
    await whole.run(packet(0, N));
    const expected = await answer(loaded, [whole.takeIncrement()]);
    const slow = runner(loaded, table, { scale: '2', spinMs: '0.1' });
    let packets = 0;
    for (let first = 0; first < N; packets++) {
      const { entries } = await slow.run({ ...packet(first, N), mostMs: 1 });
      expect(entries).to.be.at.least(1);
      first += entries;
    }
    expect(packets).to.be.greaterThan(2);
    expect(await answer(loaded, [slow.takeIncrement()])).to.equal(expected);
  });

  it('counts entries of a list when a packet of it ends early', async () => {
    const only = [0, 3, 10, 11, 100, 400, 700, 705];
    const whole = runner(loaded);
    await whole.run({ ...packet(0, N), only });
    const expected = await answer(loaded, [whole.takeIncrement()]);
    const slow = runner(loaded, table, { scale: '2', spinMs: '0.1' });
    const entriesOf = [
      [0, 3],
      [10, 11],
      [100, 400],
      [700, 705],
    ].flatMap(([first, end]) => Array.from({ length: end! - first! }, (_, i) => first! + i));
    let done = 0;
    let packets = 0;
    for (; done < entriesOf.length; packets++)
      done += (await slow.run({ ...packet(entriesOf[done]!, N), only, mostMs: 1 })).entries;
    expect(done).to.equal(entriesOf.length);
    expect(packets).to.be.greaterThan(2);
    expect(await answer(loaded, [slow.takeIncrement()])).to.equal(expected);
  });

  it('leaves no trace of a packet that throws, and names entry and line of the user', async () => {
    const worker = runner(loaded, table, { scale: '2', failAt: '60' });
    await worker.run(packet(0, 50));
    const error: unknown = await worker.run(packet(50, 100)).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(UserCodeError);
    if (!(error instanceof UserCodeError)) return;
    expect(error.entry).to.equal(60);
    expect(error.message).to.equal('everything.ts at entry 60: Error: no entry 60 at everything.ts:14:53');
    expect(error.userStack).to.contain('everything.ts:14:53');
    await worker.run(packet(61, 100));

    const good = runner(loaded);
    await good.run(packet(0, 50));
    await good.run(packet(61, 100));
    expect(await answer(loaded, [worker.takeIncrement()])).to.equal(await answer(loaded, [good.takeIncrement()]));
  });
});
