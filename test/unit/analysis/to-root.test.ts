import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { HistogramResult, ProfileResult } from '../../../analysis/outputs/result.js';
import { writeOutputs } from '../../../analysis/to-root.js';
import { openRootFile } from '../../../rootio/root-file.js';
import { openSource } from '../../../storage/open-source.js';
import { memoryTable } from '../../support/memory-table.js';
import { loadSelector, runOver } from '../../support/programs.js';

const SOURCE = `
import { Selector } from 'proof-grid';
export default class Some extends Selector {
  override branches = ['x', 'w'];
  h = this.h1('plots/h', 'Title;x axis;y axis', [0, 1, 5, 10]);
  plane = this.h2('plane', 'Plane;x;y;events', 4, 0, 10, 3, 0, 2);
  cube = this.h3('cube', '', 2, 0, 10, 2, 0, 2, 2, 0, 10);
  prof = this.profile('prof', 'P;x;mean w', 5, 0, 10);
  passed = this.counter('passed');
  rows = this.ntuple('rows', 'Rows', { x: 'float32', id: 'int64', ok: 'bool' });
  list = this.list('names');
  override process(entry: number): void {
    const x = this.columns.x.at(entry);
    const w = this.columns.w.at(entry);
    this.h.fill(x, w);
    this.plane.fill(x, w);
    this.cube.fill(x, w, x);
    this.prof.fill(x, w);
    this.passed.add();
    this.rows.fill({ x, id: entry * 2 ** 40, ok: x > 5 });
    if (entry < 2) this.list.push({ entry });
  }
}`;

describe('analysis: outputs as a ROOT file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'proof-test-'));
  after(() => rmSync(folder, { recursive: true }));
  const table = memoryTable({
    x: Float64Array.from({ length: 100 }, (_, i) => i / 8),
    w: Float64Array.from({ length: 100 }, (_, i) => 1 + (i % 5) / 4),
  });

  it('holds what the outputs hold: bins, errors, sums, axes and titles, trees and texts', async () => {
    const outputs = await runOver(await loadSelector(SOURCE), [table], { packet: 30, workers: 2 });
    const path = join(folder, 'out.root');
    await writeOutputs(path, outputs, { provenance: '{"query":"q1"}' });
    expect(readdirSync(folder)).to.deep.equal(['out.root']);

    const file = await openRootFile(await openSource([path]));
    const h = await file.object('plots/h');
    const result = outputs[0] as HistogramResult;
    expect(h).to.include({ _typename: 'TH1D', fTitle: 'Title', fEntries: 100, fTsumwx: result.stats.sumwx });
    expect([...(h['fArray'] as number[])]).to.deep.equal([...result.contents]);
    expect([...(h['fSumw2'] as number[])]).to.deep.equal([...result.sumw2!]);
    expect((h['fXaxis'] as { fXbins: number[] }).fXbins).to.have.length(4);
    expect((h['fYaxis'] as { fTitle: string }).fTitle).to.equal('y axis');
    expect((await file.object('plane'))['fZaxis']).to.have.property('fTitle', 'events');
    expect(await file.object('cube')).to.have.property('_typename', 'TH3D');
    const profile = outputs[3] as ProfileResult;
    const prof = await file.object('prof');
    expect([...(prof['fBinEntries'] as number[])]).to.deep.equal([...profile.bins.sumw]);
    expect([...(prof['fArray'] as number[])]).to.deep.equal([...profile.bins.sumwy]);
    expect(prof).to.have.property('fTsumwy', profile.stats.sumwy);

    const rows = await file.table('rows');
    const reader = rows.reader(['x', 'id', 'ok']);
    await reader.load(0, rows.entries);
    expect(rows.entries).to.equal(100);
    const of = (name: string) => [...(reader.column(name) as { values: Iterable<number | bigint> }).values];
    expect(of('id').at(-1)).to.equal(99n * 2n ** 40n);
    expect(of('ok').at(-1)).to.equal(1);
    expect((await file.object('names'))['fString']).to.contain('"items":[{"entry":0},{"entry":1}]');
    expect((await file.object('proof'))['fString']).to.equal('{"query":"q1"}');
    await file.close();
  });

  it('gives the provenance another name where an output, or a directory of outputs, is named proof', async () => {
    const counter = (name: string) => ({ type: 'counter' as const, name, title: '', value: 7 });
    const cases = [
      { names: ['proof'], at: 'proof_provenance' },
      { names: ['proof/n', 'proof_provenance'], at: 'proof_provenance_' },
    ];
    for (const { names, at } of cases) {
      const path = join(folder, 'named.root');
      await writeOutputs(path, names.map(counter), { provenance: '{"query":"q1"}' });
      const file = await openRootFile(await openSource([path]));
      expect((await file.object(at))['fString']).to.equal('{"query":"q1"}');
      for (const name of names) expect((await file.object(name))['fString']).to.contain('"value":7');
      await file.close();
    }
  });

  it('leaves nothing behind where writing fails', async () => {
    const broken = {
      name: 'rows',
      title: '',
      type: 'ntuple' as const,
      entries: 1,
      columns: [{ name: 'x', type: 'float64' as const }],
    };
    const failing = function* () {
      yield [Float64Array.of(1)];
      throw new Error('the store is gone');
    };
    const path = join(folder, 'broken.root');
    const error: unknown = await writeOutputs(path, [{ ...broken, chunks: failing }]).catch(
      (thrown: unknown) => thrown,
    );
    expect((error as Error).message).to.equal('the store is gone');
    expect(readdirSync(folder)).to.not.include('broken.root');
  });
});
