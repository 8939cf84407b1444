import { expect } from 'chai';
import { OutputError } from '../../../analysis/errors.js';
import { Axis, makeAxis } from '../../../analysis/outputs/axis.js';
import { binnedResult } from '../../../analysis/outputs/binned-result.js';
import { declare } from '../../../analysis/outputs/declaration.js';
import { H1, H2 } from '../../../analysis/outputs/histogram.js';
import type { HistogramResult, ProfileResult } from '../../../analysis/outputs/result.js';
import { EntryRandom } from '../../../analysis/random.js';
import { outputsJson } from '../../../analysis/result-json.js';
import { memoryTable } from '../../support/memory-table.js';
import { loadSelector, runOver } from '../../support/programs.js';
import { exactUnits, nearestDouble } from '../../support/rational-sum.js';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const random = new EntryRandom(5).start(0, 0);
const sum = (terms: readonly number[]): number => nearestDouble(exactUnits(terms));

/** Fills of every kind: in range, on edges, outside, not numbers; weights of every size. */
const FILLS = Array.from({ length: 3000 }, (_, i): [x: number, y: number, w: number] => {
  const x = i % 50 === 0 ? [nan, inf, -inf, 60, 120, -0, 59.99999999999999][(i / 50) % 7]! : random.gauss(90, 20);
  const w = i % 3 === 0 ? 1 : random.uniform(-1, 1) * 10 ** random.integer(20);
  return [x, random.gauss(), w];
});
const columnOf = (k: 0 | 1 | 2): Float64Array => Float64Array.from(FILLS, (fill) => fill[k]);
const TABLE = memoryTable({ x: columnOf(0), y: columnOf(1), w: columnOf(2) });

const selector = (fields: string, process: string): string => `
  import { Selector } from 'proof-grid';
  export default class Test extends Selector {
    override branches = ['x', 'y', 'w'];
    ${fields}
    override process(e: number): void {
      const [x, y, w] = [this.columns.x.at(e), this.columns.y.at(e), this.columns.w.at(e)];
      ${process}
    }
  }`;

async function fill<R = HistogramResult>(fields: string, process: string, cuts = {}): Promise<readonly [R]> {
  const outputs = await runOver(await loadSelector(selector(fields, process)), [TABLE], cuts);
  return outputs as unknown as [R];
}

/** ROOT's rule, written down once more. */
function findBin(x: number, [nbins, min, max]: readonly [number, number, number]): number {
  if (x < min) return 0;
  return x < max ? 1 + Math.trunc((nbins * (x - min)) / (max - min)) : nbins + 1;
}

describe('analysis: histograms', () => {
  it('put values into the bins that ROOT puts them into', () => {
    const axis = new Axis(makeAxis('', 120, 60, 120));
    for (const [x] of FILLS) expect(axis.find(x)).to.equal(findBin(x, [120, 60, 120]));
    const edges = new Axis(makeAxis('', [0, 1, 1.5, 10]));
    expect([-1, 0, 0.99, 1, 1.5, 9.9, 10, nan, inf, -inf].map((x) => edges.find(x))).to.deep.equal([
      0, 1, 1, 2, 3, 3, 4, 4, 4, 0,
    ]);
    expect(new Axis(makeAxis('', 17, 0, 0.1)).find(0.09999999999999999)).to.equal(18); // rounds up, in ROOT too
  });

  it('hold the exact sums of weights and of their squares, rounded once', async () => {
    const [h] = await fill(`h = this.h1('h', '', 120, 60, 120);`, 'this.h.fill(x, w);', { packet: 701, workers: 3 });
    for (let bin = 0; bin <= 121; bin++) {
      const weights = FILLS.filter(([x]) => findBin(x, [120, 60, 120]) === bin).map(([, , w]) => w);
      expect(h.contents[bin], `bin ${bin}`).to.equal(sum(weights));
      expect(h.sumw2?.[bin]).to.equal(sum(weights.map((w) => w * w)));
    }
    expect(h.entries).to.equal(FILLS.length);
  });

  it('take statistics of the fills in range only', async () => {
    const [h] = await fill(`h = this.h1('h', '', 120, 60, 120);`, 'this.h.fill(x, w);');
    const inside = FILLS.filter(([x]) => x >= 60 && x < 120);
    expect(h.stats).to.deep.equal({
      sumw: sum(inside.map(([, , w]) => w)),
      sumw2: sum(inside.map(([, , w]) => w * w)),
      sumwx: sum(inside.map(([x, , w]) => w * x)),
      sumwx2: sum(inside.map(([x, , w]) => w * x * x)),
    });
    const [plane] = await fill(`h = this.h2('h', '', 6, 60, 120, 4, -2, 2);`, 'this.h.fill(x, y, w);');
    const both = inside.filter(([, y]) => y >= -2 && y < 2);
    expect(plane.stats.sumwxy).to.equal(sum(both.map(([x, y, w]) => w * x * y)));
    expect(plane.stats.sumwy2).to.equal(sum(both.map(([, y, w]) => w * y * y)));
    expect(plane.contents).to.have.length(8 * 6);
  });

  it("take statistics of the bins where these were set by hand, each set an entry: ROOT's TH1::SetBinContent", async () => {
    const set = (name: string): H1 => {
      const h = new H1(declare({ type: 'H1', name, title: '', axes: [makeAxis('', 4, 0, 8)] }));
      h.finalize();
      return h;
    };
    const h = set('h');
    for (const [bin, content] of [0, 4, 16, 0, 4].entries()) h.setBinContent(bin, content);
    h.scale(0.5);
    const moments = { sumw: 12, sumw2: 6, sumwx: 2 * 1 + 8 * 3 + 2 * 7, sumwx2: 2 * 1 + 8 * 9 + 2 * 49 };
    const result = binnedResult(h.declaration, h.bins) as HistogramResult;
    expect(result.stats).to.deep.equal(moments);
    expect(result.entries).to.equal(5);
    expect(h.mean()).to.equal(40 / 12);

    const filled = set('filled');
    filled.fill(0.25);
    filled.scale(2);
    expect(filled.mean()).to.equal(0.25);
    filled.setBinContent(4, 2);
    expect(filled.mean()).to.equal((2 * 1 + 2 * 7) / 4);

    const plane = new H2(
      declare({ type: 'H2', name: 'p', title: '', axes: [makeAxis('', 2, 0, 2), makeAxis('', 2, 0, 4)] }),
    );
    plane.finalize();
    plane.setBinContent(plane.bin(2, 1), 3);
    plane.setBinContent(plane.bin(0, 1), 100);
    const { sumw, sumwx, sumwy, sumwxy } = (binnedResult(plane.declaration, plane.bins) as HistogramResult).stats;
    expect({ sumw, sumwx, sumwy, sumwxy }).to.deep.equal({ sumw: 3, sumwx: 4.5, sumwy: 3, sumwxy: 4.5 });
  });

  it('keep sums of squares from the first weight on, whenever it comes, and none without', async () => {
    const unweighted = await fill(`h = this.h1('h', '', 12, 60, 120);`, 'this.h.fill(x);', { packet: 100 });
    expect(unweighted[0].sumw2).to.equal(null);
    const [first] = await fill(`h = this.h1('h', '', 12, 60, 120);`, 'this.h.fill(x, e === 0 ? 2 : 1);', {
      packet: 100,
    });
    const [last] = await fill(
      `h = this.h1('h', '', 12, 60, 120);`,
      `this.h.fill(x, e === ${FILLS.length - 1} ? 2 : 1);`,
    );
    for (const h of [first, last]) expect(sum([...h.sumw2!])).to.equal(FILLS.length + 3);
  });

  it("make profiles of ROOT's sums", async () => {
    const [p] = await fill<ProfileResult>(`p = this.profile('p', '', 4, 60, 120);`, 'this.p.fill(x, y, w);', {
      packet: 99,
      workers: 2,
    });
    for (let bin = 0; bin <= 5; bin++) {
      const own = FILLS.filter(([x]) => findBin(x, [4, 60, 120]) === bin);
      expect(p.bins.sumw[bin]).to.equal(sum(own.map(([, , w]) => w)));
      expect(p.bins.sumwy[bin]).to.equal(sum(own.map(([, y, w]) => w * y)));
      expect(p.bins.sumwy2[bin]).to.equal(sum(own.map(([, y, w]) => w * y * y)));
    }
  });

  it('print numbers that JSON has not as text, and zero without sign', async () => {
    const outputs = await fill(
      `h = this.h1('h', '', 1, 60, 120); c = this.counter('c');`,
      'this.h.fill(x, e === 1 ? NaN : e === 2 ? -Infinity : -0); this.c.add(Infinity)',
    );
    const text = outputsJson(outputs);
    expect(text).to.contain('"value":"INF"').and.contain('"NaN"').and.not.contain('-0,');
    expect(JSON.parse(text)).to.have.length(2);
  });

  it('refuse axes that cannot be, and names twice', async () => {
    const failure = async (fields: string): Promise<string> =>
      ((await fill(fields, '').catch((error: Error) => error)) as Error).message;
    expect(await failure(`h = this.h1('h', '', 10, 5, 5);`)).to.contain('needs a lower end below its upper end');
    expect(await failure(`h = this.h1('h', '', 1.5, 0, 5);`)).to.contain('whole number of bins');
    expect(await failure(`h = this.h1('h', '', [0, 2, 1]);`)).to.contain('edges');
    expect(await failure(`h = this.h2('h', '', 10, 0, 1);`)).to.contain('needs the bins of 2 axes');
    expect(await failure(`a = this.h1('h', '', 1, 0, 1); b = this.counter('h');`)).to.contain('two outputs named h');
    expect(await failure(`h = this.h3('h', '', 1000, 0, 1, 1000, 0, 1, 1000, 0, 1);`)).to.contain(
      'The output h has too many bins (1000 × 1000 × 1000): at most 254 on each of 3 axes are possible.',
    );
    for (const kind of ['h1', 'profile'])
      expect(await failure(`h = this.${kind}('h', '', 1e10, 5, 6);`)).to.contain('at most 16777214 are possible');
    expect(() => new Axis(makeAxis('', 100, -1e308, 1e308))).to.throw(OutputError, 'wider than numbers go');
  });
});
