/** The examples over the real files that they were written for, cut up differently each time. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { bundleSelector } from '../../../analysis/bundle-selector.js';
import { loadProgram } from '../../../analysis/load-program.js';
import type {
  HistogramResult,
  ListResult,
  NtupleResult,
  ObjectResult,
  OutputResult,
} from '../../../analysis/outputs/result.js';
import { outputsJson } from '../../../analysis/result-json.js';
import { openRootFile, type RootFile } from '../../../rootio/root-file.js';
import { openSource } from '../../../storage/open-source.js';
import { type Cuts, runOver } from '../../support/programs.js';
import { sharedPath } from '../../support/shared.js';
import { skipBecause } from '../../support/summary-reporter.js';

const EXAMPLES = join(import.meta.dirname, '../../../../examples');

describe('examples', () => {
  let file: RootFile | undefined;
  afterEach(async () => {
    await file?.close();
    file = undefined;
  });

  async function run(example: string, path: string, cuts: Cuts = {}): Promise<readonly OutputResult[]> {
    file ??= await openRootFile(await openSource([path]));
    return runOver(await loadProgram(await bundleSelector(join(EXAMPLES, example))), [await file.table()], cuts);
  }
  const shared = (context: Mocha.Context, name: string): string =>
    sharedPath(name) ?? skipBecause(context, 'the shared data are not beside this checkout');

  it('z-peak and z-peak-batch find the same Z, bit for bit', async function () {
    const path = shared(this, 'bench-data/flat.root');
    const [mass] = (await run('z-peak.ts', path)) as [HistogramResult];
    expect(mass.entries).to.equal(970_182);
    expect(Math.max(...mass.contents.subarray(1, -1))).to.equal(mass.contents[1 + 62]);
    expect(outputsJson(await run('z-peak-batch.ts', path, { packet: 300_000, workers: 2 }))).to.equal(
      outputsJson([mass]),
    );
  });

  it('hzz-muons pairs muons of lists', async function () {
    const path = shared(this, 'testdata/root/uproot-HZZ.root');
    const outputs = await run('hzz-muons.ts', path, { packet: 500, workers: 3 });
    expect(outputs.map(({ name }) => name)).to.deep.equal([
      'muon_pt',
      'dimuon_mass',
      'mass_pt',
      'isolation',
      'cut_flow',
    ]);
    expect(outputs[0]).to.have.property('entries', 3825);
    const flow = (outputs[4] as ObjectResult).value as Map<string, number>;
    expect(flow.get('all')).to.equal(2421);
    expect(outputsJson(outputs)).to.equal(outputsJson(await run('hzz-muons.ts', path)));
    const harder = await run('hzz-muons.ts', path, { context: { params: { minPt: '40' } } });
    expect((harder[1] as HistogramResult).entries).to.be.lessThan((outputs[1] as HistogramResult).entries);
  });

  it('z-ntuple keeps rows in the order of the entries', async function () {
    const path = shared(this, 'testdata/root/uproot-Zmumu.root');
    const outputs = await run('z-ntuple.ts', path, { packet: 100, workers: 4, isReversed: true });
    const [rows, hottest, counter] = outputs as [NtupleResult, ListResult, OutputResult];
    expect(counter).to.have.property('value', rows.entries);
    const masses = [...rows.chunks()].flatMap((chunk) => [...(chunk[2] as Float64Array)]);
    const [whole] = (await run('z-ntuple.ts', path)) as [NtupleResult];
    expect([...whole.chunks()].flatMap((chunk) => [...(chunk[2] as Float64Array)])).to.deep.equal(masses);
    expect(masses).to.have.length(rows.entries);
    expect(hottest.items.length).to.be.greaterThan(0);
  });

  it('z-fit finds the Z mass in terminate, smeared alike on any number of workers', async function () {
    const path = shared(this, 'testdata/root/uproot-Zmumu.root');
    const context = { params: { resolution: '0.02' }, seed: 3 };
    const outputs = await run('z-fit.ts', path, { packet: 111, workers: 3, context });
    const [peak] = (outputs[1] as ListResult).items as [{ mean: number; sigma: number }];
    expect(peak.mean).to.be.within(90, 92);
    expect(outputs[2]).to.include({ name: 'shape', type: 'H1' });
    expect(outputsJson(await run('z-fit.ts', path, { context }))).to.equal(outputsJson(outputs));
    expect(outputsJson(await run('z-fit.ts', path, { context: { ...context, seed: 4 } }))).to.not.equal(
      outputsJson(outputs),
    );
  });

  it('stand in docs/selectors.md by name', () => {
    const docs = readFileSync(join(EXAMPLES, '../docs/selectors.md'), 'utf8');
    for (const name of ['z-peak.ts', 'z-peak-batch.ts', 'hzz-muons.ts', 'z-ntuple.ts', 'z-fit.ts'])
      expect(docs).to.contain(name);
  });
});
