import { expect } from 'chai';
import { OutputError } from '../../../analysis/errors.js';
import type { HistogramResult } from '../../../analysis/outputs/result.js';
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

  it('have a logarithmic scale where it is wanted, with powers of ten, and what is not above 0 at its lower end', () => {
    expect(logTicks(0.5, 2e4, 8).labels).to.deep.equal(['1', '10', '100', '1000', '10000']);
    expect(logTicks(3, 60, 8).labels).to.deep.equal(['5', '10', '20', '50']);
    expect(logTicks(1e-12, 1e12, 8).labels).to.deep.equal([
      '10^{−12}',
      '10^{−8}',
      '10^{−4}',
      '1',
      '10000',
      '10^{8}',
      '10^{12}',
    ]);
    expect(logTicks(20, 45, 5).labels).to.deep.equal(['20', '25', '30', '35', '40', '45']);
    const log = renderPlot(
      { ...H, contents: Float64Array.of(0, 1, 10, 1000, 0, 0) },
      { format: 'svg', isLog: true },
    ).toString();
    expect(log).to.contain('>1000<').and.contain('>10<');
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
