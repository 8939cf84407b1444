import { expect } from 'chai';
import { DrawExpressionError } from '../../../analysis/draw/draw-error.js';
import { parseCut, parseDraw } from '../../../analysis/draw/draw-parser.js';
import { drawProgram } from '../../../analysis/draw/draw-program.js';
import { NoSuchBranchError } from '../../../analysis/errors.js';
import { loadProgram } from '../../../analysis/load-program.js';
import type { HistogramResult } from '../../../analysis/outputs/result.js';
import { EntryRandom } from '../../../analysis/random.js';
import { outputsJson } from '../../../analysis/result-json.js';
import { memoryTable } from '../../support/memory-table.js';
import { type Cuts, runOver } from '../../support/programs.js';

const SMALL = memoryTable({
  x: Float32Array.of(1, 2, 3, 4),
  n: Int32Array.of(0, 1, 2, 3),
  big: BigInt64Array.of(1n, 2n, 3n, 4n),
  pt: [[], [10], [20, 30], [40, 50, 60]],
  eta: [[1], [], [1, 2, 3], [0, -1]],
  name: ['a', 'b', 'c', 'd'],
});

async function draw(expression: string, cut = '', table = SMALL, cuts: Cuts = {}): Promise<HistogramResult> {
  const [result] = await runOver(await loadProgram(drawProgram(expression, cut)), [table], cuts);
  return result as HistogramResult;
}

/** The values that an expression gives, by bins of 1 around whole numbers. */
async function values(expression: string, cut = ''): Promise<Record<string, number>> {
  const { contents } = await draw(`${expression}>>h(400,-200.5,199.5)`, cut);
  return Object.fromEntries([...contents].flatMap((n, bin) => (n === 0 ? [] : [[String(bin - 201), n]])));
}

const failure = (expression: string): DrawExpressionError => {
  try {
    parseDraw(expression);
  } catch (error) {
    if (error instanceof DrawExpressionError) return error;
  }
  throw new Error(`${expression} was accepted`);
};

describe('analysis: draw expressions', () => {
  it('compute as C++ does: precedence, comparisons, choices, powers, whole-number operators', async () => {
    expect(await values('2*x+1')).to.deep.equal({ 3: 1, 5: 1, 7: 1, 9: 1 });
    expect(await values('-x^2')).to.deep.equal({ '-16': 1, '-9': 1, '-4': 1, '-1': 1 });
    expect(await values('2**3**2/8 + 0*x')).to.deep.equal({ 64: 4 });
    expect(await values('x > 2 && x != 4 || n == 0')).to.deep.equal({ 0: 2, 1: 2 });
    expect(await values('x < 3 ? n : -n')).to.deep.equal({ '-3': 1, '-2': 1, 0: 1, 1: 1 });
    expect(await values('(n & 1) + 10 * (n | 4) + 0 * (n % 2) + !n')).to.deep.equal({ 41: 1, 51: 1, 60: 1, 71: 1 });
    expect(await values('big * (1 << 2)')).to.deep.equal({ 4: 1, 8: 1, 12: 1, 16: 1 });
    expect(await values('int(TMath::Sqrt(x) * 10) + 0 * TMath::Pi()')).to.deep.equal({ 10: 1, 14: 1, 17: 1, 20: 1 });
    expect(await values('max(x, 3) - min(x, 2) + abs(-1) + fmod(x, 1)')).to.deep.equal({ 2: 2, 3: 2 });
  });

  it('run over the elements of lists, several together as far as the shortest goes', async () => {
    expect(await values('pt')).to.deep.equal({ 10: 1, 20: 1, 30: 1, 40: 1, 50: 1, 60: 1 });
    expect(await values('pt + eta')).to.deep.equal({ 21: 1, 32: 1, 40: 1, 49: 1 });
    expect(await values('x', 'pt > 25')).to.deep.equal({ 3: 1, 4: 3 });
    expect(await values('pt[]', 'Iteration$ == 1')).to.deep.equal({ 30: 1, 50: 1 });
    expect(await values('pt[0]')).to.deep.equal({ 10: 1, 20: 1, 40: 1 });
    expect(await values('pt[n - 1]')).to.deep.equal({ 10: 1, 30: 1, 60: 1 });
    expect(await values('Alt$(pt[1], -1)')).to.deep.equal({ '-1': 2, 30: 1, 50: 1 });
    expect(await values('n > 1 ? pt[1] : -5')).to.deep.equal({ '-5': 2, 30: 1, 50: 1 });
  });

  it('make one number of a list: Sum$, Min$, Max$, MinIf$, MaxIf$, Length$; and know Entry$', async () => {
    expect(await values('Length$(pt)')).to.deep.equal({ 0: 1, 1: 1, 2: 1, 3: 1 });
    expect(await values('Sum$(pt)')).to.deep.equal({ 0: 1, 10: 1, 50: 1, 150: 1 });
    expect(await values('Sum$(pt > 25)')).to.deep.equal({ 0: 2, 1: 1, 3: 1 });
    expect(await values('Max$(pt) - Min$(pt)')).to.deep.equal({ 0: 2, 10: 1, 20: 1 });
    expect(await values('MaxIf$(pt, pt < 55)')).to.deep.equal({ 0: 1, 10: 1, 30: 1, 50: 1 });
    expect(await values('MinIf$(pt, pt > 25)')).to.deep.equal({ 0: 2, 30: 1, 40: 1 });
    expect(await values('Entry$ + 0 * Entries$')).to.deep.equal({ 0: 1, 1: 1, 2: 1, 3: 1 });
  });

  it('take the cut as weight; a weight of 0 is no fill', async () => {
    const drawn = await draw('x>>h(4,0.5,4.5)', '(x > 1) * 2');
    expect([...drawn.contents]).to.deep.equal([0, 0, 2, 2, 2, 0]);
    expect([...(drawn.sumw2 ?? [])]).to.deep.equal([0, 0, 4, 4, 4, 0]);
    expect(drawn.entries).to.equal(3);
    expect(drawn.title).to.equal('x {(x > 1) * 2}');
    expect((await draw('x>>h(4,0.5,4.5)', 'x > 1')).sumw2).to.equal(null);
  });

  it('put the last expression on the x axis', async () => {
    const drawn = await draw('n:x>>map(2,0,4, 3,0,6)');
    expect(drawn.type).to.equal('H2');
    expect(drawn.axes.map(({ title, nbins, max }) => [title, nbins, max])).to.deep.equal([
      ['x', 2, 4],
      ['n', 3, 6],
    ]);
    expect((await draw('n:n:x>>cube(1,0,9,1,0,9,1,0,9)')).type).to.equal('H3');
  });

  it('say where an expression goes wrong and what would be right', () => {
    expect(failure('x +').message).to.contain('"(" is missing at character 4 of "x +": it ends there');
    expect(failure('sqr(x)').message).to.contain('no function sqr. Did you mean sqrt?');
    expect(failure('x > ) 1').position).to.equal(4);
    expect(failure('x>>h(10,0)').message).to.contain('h needs 3 numbers');
    expect(failure('x>>h(10,5,5)').message).to.contain('no width');
    expect(failure('x # y').message).to.contain('"#" means nothing');
    expect(failure('atan2(x)').message).to.contain('takes 2 arguments, not 1');
    expect(failure('Foo$(x)').message).to.contain('Foo$ is not supported');
    expect(failure('a:b:c:d').message).to.contain('More than three');
    expect(failure(`${'('.repeat(5000)}x`).message).to.contain('nested too deeply');
    expect(failure(`${'-'.repeat(5000)}x`).message).to.contain('Too many signs');
    expect(() => parseCut('x; process.exit()')).to.throw(DrawExpressionError, '";" means nothing');
  });

  it('name the nearest branch for one that is not there, and refuse text', async () => {
    const unknown: unknown = await draw('etaa').catch((error: unknown) => error);
    expect(unknown).to.be.instanceOf(NoSuchBranchError);
    expect((unknown as Error).message).to.contain('Did you mean eta?');
    const text: unknown = await draw('name').catch((error: unknown) => error);
    expect((text as Error).message).to.contain('name holds text, not numbers');
  });

  it('say how the path of a column is written where it was taken for a division', async () => {
    const table = memoryTable({ 'p4/fP/fX': Float64Array.of(1, 2), n: Int32Array.of(1, 2) });
    const slashes: unknown = await draw('2 * p4/fP/fX', '', table).catch((error: unknown) => error);
    expect(slashes).to.be.instanceOf(NoSuchBranchError);
    const quotient: unknown = await draw('p4/fP/fX', '', table).catch((error: unknown) => error);
    expect((quotient as Error).message).to.contain('the column p4/fP/fX is written p4.fP.fX there');
    expect((await draw('p4.fP.fX/n', '', table)).entries).to.equal(2);
    const other: unknown = await draw('n/fP', '', table).catch((error: unknown) => error);
    expect((other as Error).message)
      .to.contain('no branch fP')
      .and.not.contain('is written');
  });

  it('refuse more bins than can be, with the most that can', () => {
    expect(failure('x>>h(10000000000,5,6)').message).to.contain(
      'h has too many bins (10000000000): at most 16777214 are possible, at character 4',
    );
    expect(failure('y:x>>h(5000,0,1,5000,0,1)').message).to.contain('at most 4094 on each of 2 axes');
  });
});

describe('analysis: automatic bins', () => {
  const random = new EntryRandom(1).start(0, 0);
  const many = memoryTable({
    gauss: Float64Array.from({ length: 3000 }, () => random.gauss(91, 3)),
    wide: Float64Array.from({ length: 3000 }, () => random.gauss() * 10 ** random.integer(12)),
    late: Float64Array.from({ length: 3000 }, (_, i) => (i < 2900 ? random.integer(9) : random.uniform())),
    w: Float64Array.from({ length: 3000 }, () => random.uniform(-1, 2)),
  });

  for (const expression of ['gauss', 'wide', 'late', 'wide:gauss', 'late:wide:gauss'])
    it(`of ${expression} are the same however the entries were cut up`, async () => {
      const expected = await draw(expression, 'w', many);
      for (const cuts of [{ packet: 1000 }, { packet: 77, workers: 3 }, { packet: 77, workers: 5, isReversed: true }])
        expect(outputsJson([await draw(expression, 'w', many, cuts)])).to.equal(outputsJson([expected]));
      expect(expected.entries).to.equal(3000);
      expect(expected.contents[0]).to.equal(0);
    });

  it('hold every value, in bins whose width is a power of two', async () => {
    const { axes, contents } = await draw('gauss', '', many);
    const { nbins, min, max } = axes[0]!;
    expect(nbins).to.be.within(65, 128);
    expect(Math.log2((max - min) / nbins) % 1).to.equal(0);
    expect(contents.reduce((a, b) => a + b)).to.equal(3000);
  });

  it('are no narrower than 1 for whole numbers, and show something of a constant', async () => {
    const whole = await draw('n');
    expect(whole.axes[0]).to.include({ nbins: 4, min: 0, max: 4 });
    const constant = await draw('x * 0 + 5.5');
    expect(constant.axes[0]!.nbins).to.be.greaterThan(1);
    expect(Math.max(...constant.contents)).to.equal(4);
    expect((await draw('x', 'x > 99')).entries).to.equal(0);
  });

  it('keep NaN and infinities out of the axis', async () => {
    const drawn = await draw('n == 0 ? 0/0 : n == 1 ? 1/0 : n == 2 ? -1/0 : 7');
    expect(drawn.contents.at(-1)).to.equal(2);
    expect(drawn.contents[0]).to.equal(1);
  });
});
