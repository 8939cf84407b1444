import { expect } from 'chai';
import { OutputError } from '../../../analysis/errors.js';
import type { HistogramResult, ProfileResult } from '../../../analysis/outputs/result.js';
import { fitted } from '../../../analysis/plot/fit-text.js';
import { renderPlot } from '../../../analysis/plot/render-plot.js';
import { linearTicks, logTicks, shortNumber } from '../../../analysis/plot/ticks.js';
import { memoryTable } from '../../support/memory-table.js';
import { loadSelector, runOver } from '../../support/programs.js';

const axis = { nbins: 4, min: 0, max: 8, edges: null, title: 'p_{T} [GeV]' };
const H: HistogramResult = {
  name: 'h',
  type: 'H1',
  title: 'Z #rightarrow #mu#mu & <more>',
  axes: [axis],
  contents: Float64Array.of(1, 5, 9, 2, 0, 3),
  sumw2: null,
  entries: 20,
  stats: { sumw: 16, sumw2: 16, sumwx: 44, sumwx2: 150 },
  valueTitle: 'events',
};
const svgOf = (h: HistogramResult): string => renderPlot(h, { format: 'svg' }).toString();

describe('analysis: plots', () => {
  it('write titles, axes and statistics, Greek letters and indices included, safely for XML', () => {
    const svg = svgOf(H);
    expect(svg).to.contain('Z → μμ &amp; &lt;more&gt;').and.contain('events').and.contain('Overflow');
    expect(svg).to.match(
      /<tspan>p<\/tspan><tspan dy="[\d.]+" font-size="[\d.]+">T<\/tspan><tspan dy="-[\d.]+"> \[GeV\]/,
    );
    expect(svg.match(/<svg/g)).to.have.length(1);
  });

  it('make PNG files of the wanted size in which the text can be seen', () => {
    const png = renderPlot(H, { format: 'png', width: 600, height: 400 });
    expect(png.subarray(1, 4).toString()).to.equal('PNG');
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).to.deep.equal([600, 400]);
    const untitled = renderPlot(
      { ...H, title: ' ', valueTitle: '', axes: [{ ...axis, title: '' }] },
      { format: 'png', width: 600, height: 400 },
    );
    expect(png.length - untitled.length).to.be.greaterThan(1500);
  });

  it('survive what histograms can hold: nothing, NaN, infinities, negative and huge contents, one bin', () => {
    for (const value of [0, Number.NaN, Number.POSITIVE_INFINITY, -7, 1e300, 5e-324]) {
      const one = { ...H, axes: [{ ...axis, nbins: 1 }], contents: Float64Array.of(0, value, 0), stats: {} };
      for (const plot of [one, { ...H, contents: H.contents.map(() => value) }]) {
        for (const isLog of [false, true])
          expect(renderPlot(plot, { format: 'svg', isLog }).toString()).to.not.match(/="[^"]*(NaN|Infinity)/);
        expect(renderPlot(plot, { format: 'png', width: 300, height: 200 }).length).to.be.greaterThan(500);
      }
    }
  });

  it('draw maps with a scale, cubes as projections, profiles as points; several on a grid', async () => {
    const source = `
      import { Selector } from 'proof-grid';
      export default class Some extends Selector {
        override branches = ['x'];
        plane = this.h2('plane', 'Plane;x;y;events', 10, 0, 1, 10, 0, 1);
        cube = this.h3('cube', 'Cube;x;y;depth', 4, 0, 1, 4, 0, 1, 4, 0, 1);
        prof = this.profile('prof', 'Profile;x;mean', 5, 0, 1);
        n = this.counter('n');
        override process(e: number): void {
          const x = this.columns.x.at(e);
          this.plane.fill(x, (x * 7) % 1); this.cube.fill(x, x, x); this.prof.fill(x, x * x); this.n.add();
        }
      }`;
    const table = memoryTable({ x: Float64Array.from({ length: 500 }, (_, i) => i / 500) });
    const outputs = await runOver(await loadSelector(source), [table]);
    const svg = renderPlot(outputs, { format: 'svg' }).toString();
    expect(svg).to.contain('Plane').and.contain('Cube (summed over depth)').and.contain('Profile');
    expect(svg.match(/<g transform=/g)).to.have.length(3);
    expect(renderPlot(outputs, { format: 'svg', isLog: true }).toString()).to.not.match(/NaN|Infinity/);
    expect(() => renderPlot(outputs.slice(3), { format: 'svg' })).to.throw(OutputError, 'nothing to draw');
  });

  it('have a logarithmic scale where it is wanted, with labels of one form, and what is not above 0 at its lower end', () => {
    expect(logTicks(0.5, 2e4, 8).labels).to.deep.equal(['1', '10', '100', '1000', '10000']);
    expect(logTicks(3, 60, 8).labels).to.deep.equal(['5', '10', '20', '50']);
    expect(logTicks(1e-12, 1e12, 8).labels).to.deep.equal([
      '10^{−12}',
      '10^{−8}',
      '10^{−4}',
      '10^{0}',
      '10^{4}',
      '10^{8}',
      '10^{12}',
    ]);
    expect(logTicks(500, 2e6, 8).labels).to.deep.equal(['10^{3}', '10^{4}', '10^{5}', '10^{6}']);
    expect(logTicks(3e4, 4e5, 8).labels).to.deep.equal(['5×10^{4}', '10^{5}', '2×10^{5}']);
    expect(logTicks(20, 45, 5).labels).to.deep.equal(['20', '25', '30', '35', '40', '45']);
    const log = renderPlot(
      { ...H, contents: Float64Array.of(0, 1, 10, 1000, 0, 0) },
      { format: 'svg', isLog: true },
    ).toString();
    expect(log).to.contain('>1000<').and.contain('>10<');
  });

  it('leave out of a logarithmic scale what it cannot show, and say how much that is', () => {
    const draw = (type: HistogramResult | ProfileResult): string =>
      renderPlot(type, { format: 'svg', isLog: true }).toString();
    const sumw = Float64Array.of(0, 1, 1, 1, 1, 0);
    const bins = {
      sumw,
      sumwy: Float64Array.of(0, -3, 100, 0, 5, 0),
      sumwy2: Float64Array.of(0, 9, 1e4, 0, 25, 0),
      sumw2: null,
    };
    const { contents: _contents, sumw2: _sumw2, ...common } = H;
    const profile = draw({ ...common, type: 'Profile', bins });
    expect(profile.match(/<circle/g)).to.have.length(2);
    expect(profile).to.contain('>not shown: 2 means not above 0<');
    const plane: HistogramResult = { ...H, type: 'H2', axes: [axis, axis], contents: new Float64Array(36) };
    const cells = (negative: number): string => {
      plane.contents.set([1, 10, negative], 7);
      return draw(plane);
    };
    const [without, withNegative] = [cells(0), cells(-5)];
    expect(withNegative).to.contain('>not shown: 1 bin below 0<');
    const shapesOf = (svg: string): string => /<g shape-rendering.*<\/g>/.exec(svg)![0];
    expect(shapesOf(withNegative)).to.equal(shapesOf(without));
    expect(draw({ ...H, contents: Float64Array.of(0, -1, 10, 100, 3, 0) })).to.contain('>not shown: 1 bin below 0<');
  });

  it('tell bins that are not finite from empty ones, and draw contents near the ends of what doubles hold', () => {
    const odd = svgOf({ ...H, contents: Float64Array.of(0, 1, Number.NaN, Number.POSITIVE_INFINITY, 0, 0) });
    expect(odd).to.contain('>shaded: 2 bins NaN or infinite<');
    const plane = { ...H, type: 'H2' as const, axes: [axis, axis], contents: new Float64Array(36).fill(2) };
    plane.contents[8] = Number.NaN;
    expect(svgOf(plane)).to.contain('>grey: 1 bin NaN or infinite<').and.contain('#b4b4b4');

    const outlineOf = (h: HistogramResult): string =>
      /<path d="([^"]*)" fill="none" stroke="#1b4f91"/.exec(svgOf(h))![1]!;
    const plain = Float64Array.of(0, 2, 10, 4, 6, 0);
    const none = new Float64Array(6);
    for (const power of [303, 306, -303, -309]) {
      const contents = plain.map((value) => (power > 0 ? value * 10 ** power : value * 1e-300 * 10 ** (power + 300)));
      const h = { ...H, contents, sumw2: none };
      expect(outlineOf(h), `1e${power}`).to.equal(outlineOf({ ...H, contents: plain, sumw2: none }));
      const weighted = { ...H, contents, sumw2: contents.map((value) => value * value) }; // infinite, or 0
      expect(outlineOf(weighted), `weighted, 1e${power}`).to.equal(outlineOf({ ...H, contents: plain, sumw2: none }));
    }
  });

  it('put the box of statistics where nothing is drawn, or make room above', () => {
    /** The box and the steps that it lies over. */
    const covered = (contents: readonly number[], isLog = false): { left: number; top: number; over: number } => {
      const h = { ...H, axes: [{ ...axis, nbins: contents.length }], contents: Float64Array.of(0, ...contents, 0) };
      const svg = renderPlot(h, { format: 'svg', isLog, width: 800, height: 560 }).toString();
      const [left = 0, top = 0, width = 0, height = 0] =
        /<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" rx/.exec(svg)!.slice(1).map(Number);
      const area = /<path d="M([\d.]+) ([\d.]+)(L[^"]*)Z" fill="#d6e4f5"/.exec(svg)!;
      const zero = Number(area[2]);
      const over = [...area[3]!.matchAll(/L([\d.]+) ([\d.]+)H([\d.]+)/g)].filter((step) => {
        const [from = 0, y = 0, to = 0] = step.slice(1).map(Number);
        const isBeside = to < left || from > left + width;
        return !isBeside && y !== zero && Math.min(y, zero) < top + height && Math.max(y, zero) > top;
      });
      return { left, top, over: over.length };
    };
    expect(covered([9, 5, 2, 1]))
      .to.include({ over: 0 })
      .and.have.property('left')
      .above(500);
    expect(covered([1, 2, 5, 900]))
      .to.include({ over: 0 })
      .and.have.property('left')
      .below(200);
    for (const isLog of [false, true]) expect(covered([9, 9, 9, 9], isLog)).to.include({ over: 0 });
    expect(covered([-5, -7, -900, -4]), 'all negative')
      .to.include({ over: 0 })
      .and.have.property('top')
      .above(280);
  });

  it('keep long titles within their own part of the page', () => {
    const long = 'transverse momentum p_{T} of the dimuon system in the laboratory frame, all regions '.repeat(3);
    const h = { ...H, title: long, valueTitle: long, axes: [{ ...axis, max: 5e6, title: long }] };
    const svg = renderPlot(
      Array.from({ length: 12 }, () => h),
      { format: 'svg' },
    ).toString();
    const texts = [...svg.matchAll(/<text [^>]*font-size="([\d.]+)"[^>]*>(.*?)<\/text>/g)];
    const titles = texts.filter(([, , spans = '']) => spans.includes('…'));
    expect(titles).to.have.length(36);
    for (const [, size, spans = ''] of titles) {
      const letters = spans.replace(/<[^>]*>/g, '').length;
      expect(letters * Number(size) * 0.5, spans).to.be.below(300);
      expect(spans).to.not.match(/_\{|\}/);
    }
    expect(
      titles.filter(([, , spans = '']) => spans.includes('(×10')),
      'the power is not cut',
    ).to.have.length(12);
    expect(fitted('p_{T}', 10, 100)).to.include({ text: 'p_{T}', size: 10 });
    expect(fitted('abcdefghij', 10, 50))
      .to.include({ text: 'abcdefghij' })
      .and.have.property('size')
      .below(10);
  });

  it('draw a histogram of very many bins', () => {
    const nbins = 300_000;
    const h = { ...H, axes: [{ ...axis, nbins }], contents: new Float64Array(nbins + 2).fill(1) };
    for (const isLog of [false, true]) expect(renderPlot(h, { format: 'svg', isLog }).length).to.be.greaterThan(nbins);
  });

  it('choose round ticks with as many decimals as they need', () => {
    expect(linearTicks(60, 120, 7).labels).to.deep.equal(['60', '70', '80', '90', '100', '110', '120']);
    expect(linearTicks(-0.3, 0.3, 6).labels).to.deep.equal(['−0.3', '−0.2', '−0.1', '0.0', '0.1', '0.2', '0.3']);
    expect(linearTicks(0, 2.5e6, 5)).to.deep.include({
      exponent: 6,
      labels: ['0.0', '0.5', '1.0', '1.5', '2.0', '2.5'],
    });
    expect([shortNumber(1234567), shortNumber(0.000012345), shortNumber(-91.18765)]).to.deep.equal([
      '1234567',
      '1.234×10^{−5}',
      '−91.19',
    ]);
  });
});
