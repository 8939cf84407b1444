import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CounterRandom } from '../../../rootio/write/counter-random.js';
import { writeDimuonFile } from '../../../rootio/write/dimuon-dataset.js';
import { type DimuonColumns, DimuonGenerator, emptyDimuonColumns } from '../../../rootio/write/dimuon-events.js';
import { type JsrootTree, openWithJsroot, readColumns } from '../../support/jsroot-reader.js';

function generated(seed: number, first: number, count: number): DimuonColumns {
  const columns = emptyDimuonColumns(count);
  new DimuonGenerator(seed).fill(columns, 7, first, count);
  return columns;
}

function masses(c: DimuonColumns): Float64Array {
  return Float64Array.from(c.mu1_pt, (pt1, i) => {
    const [eta, phi] = [c.mu1_eta[i]! - c.mu2_eta[i]!, c.mu1_phi[i]! - c.mu2_phi[i]!];
    return Math.sqrt(2 * pt1 * c.mu2_pt[i]! * (Math.cosh(eta) - Math.cos(phi)));
  });
}

describe('rootio/write: dimuon data set', () => {
  it('an event depends on seed and number only, not on the file that it is in', () => {
    const whole = generated(1, 0, 1000);
    const part = generated(1, 600, 400);
    for (const name of Object.keys(whole) as (keyof DimuonColumns)[])
      expect([...part[name]], name).to.deep.equal([...whole[name].subarray(600)]);
    expect([...generated(2, 0, 10).mu1_pt]).not.to.deep.equal([...whole.mu1_pt.subarray(0, 10)]);
  });

  it('has a Z peak of about 2 GeV resolution, J/psi and Upsilon below, all inside the detector', () => {
    const events = generated(3, 0, 50_000);
    const m = masses(events);
    const near = m.filter((mass) => Math.abs(mass - 91) < 5);
    const mean = near.reduce((sum, mass) => sum + mass, 0) / near.length;
    const rms = Math.sqrt(near.reduce((sum, mass) => sum + (mass - mean) ** 2, 0) / near.length);
    expect(mean).to.be.within(90.8, 91.4);
    expect(rms).to.be.within(1.9, 2.5);
    expect(near.length).to.be.greaterThan(25_000);
    expect(m.filter((mass) => mass > 2.7 && mass < 3.5).length).to.be.greaterThan(1500);
    expect(m.filter((mass) => mass > 8.5 && mass < 11.5).length).to.be.greaterThan(1500);
    expect(events.mu1_pt.every((pt, i) => pt >= events.mu2_pt[i]! && events.mu2_pt[i]! > 3)).to.equal(true);
    expect(events.mu1_eta.every((eta) => Math.abs(eta) < 2.4)).to.equal(true);
    expect(events.mu2_phi.every((phi) => Math.abs(phi) <= Math.fround(Math.PI))).to.equal(true);
    expect(events.weight.reduce((sum, w) => sum + w, 0) / 50_000).to.be.closeTo(1, 0.005);
  });

  it('random numbers are spread evenly, also from one index to the next', () => {
    const random = new CounterRandom(0);
    const counts = new Array<number>(100).fill(0);
    for (let index = 0; index < 100_000; index++) {
      random.start(index);
      counts[Math.floor(100 * random.uniform())]!++;
    }
    const chi2 = counts.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
    expect(chi2).to.be.within(50, 160);
  });

  it('is written as a tree that JSROOT reads, with its clusters', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dimuon-'));
    try {
      const path = join(folder, 'events.root');
      await writeDimuonFile(path, { seed: 1, firstEvent: 50_000, events: 60_000, run: 7 });
      const tree = (await (await openWithJsroot(path)).readObject('events')) as JsrootTree;
      expect([tree.fEntries, tree.fAutoFlush]).to.deep.equal([60_000, 25_000]);
      const expected = generated(1, 50_000, 60_000);
      const found = await readColumns(tree, Object.keys(expected));
      for (const name of Object.keys(expected) as (keyof DimuonColumns)[])
        expect(found[name]!.map(Number), name).to.deep.equal(Array.from(expected[name], Number));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
