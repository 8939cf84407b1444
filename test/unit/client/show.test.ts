import { expect } from 'chai';
import { formatDuration, progressLine } from '../../../client/show/progress-line.js';
import { formatTable } from '../../../client/show/table.js';
import { formatH1 } from '../../../client/show/terminal-histogram.js';
import { formatH2 } from '../../../client/show/terminal-map.js';

const h1 = (contents: number[], nbins = contents.length - 2) => ({
  name: 'm',
  title: 'Mass',
  axes: [{ nbins, min: 0, max: nbins, edges: null, title: 'm [GeV]' }],
  contents,
  entries: 10,
  stats: { sumw: 4, sumwx: 8, sumwx2: 20 },
});

const figures = (lines: readonly string[]): string => lines.map((line) => line.trim()).join('  ');

describe('client: what people see', () => {
  it('draws bars in eighths of a row, and shows what is small but not empty', () => {
    const lines = formatH1(h1([1, 8, 4, 0.001, 0, 2]), { width: 24, height: 2, colour: false });
    expect(lines[0]).to.equal('Mass');
    expect(lines[1]).to.equal('        8 │███         ');
    expect(lines[2]).to.equal('        4 │██████▁▁▁   ');
    expect(figures(lines)).to.contain('entries 10  mean 2  RMS 1  integral 12.001  under 1  over 2');
  });
  it('hangs bars below zero down from it, and marks bins that are no number', () => {
    const negative = formatH1(h1([0, -8, -4, 0, -0.1, 0]), { width: 24, height: 2, colour: false });
    expect(negative.slice(1, 4)).to.deep.equal([
      '        0 ┌────────────',
      '       -4 │██████   ▔▔▔',
      '       -8 │███         ',
    ]);
    const both = formatH1(h1([0, 4, -4, 2, Number.NaN, 0]), { width: 24, height: 2, colour: false });
    expect(both.slice(1, 4)).to.deep.equal([
      '        4 │███   ▄▄▄???',
      '        0 ├────────────',
      '       -4 │   ███   ???',
    ]);
    expect(figures(both)).to.contain('NaN (?) or infinite (∞): 1');
    const huge = formatH1(h1([0, 1.7e308, 1e308, 0, Number.POSITIVE_INFINITY, 0]), {
      width: 24,
      height: 2,
      colour: false,
    });
    expect(huge.slice(1, 3)).to.deep.equal(['1.700e+308 │███▁▁▁   ███', '8.500e+307 │██████   ∞∞∞']);
  });
  it('marks bins of a map that are below 0 or no number', () => {
    const axis = { nbins: 3, min: 0, max: 3, edges: null, title: '' };
    const contents = Array.from({ length: 25 }, () => 0);
    contents.splice(6, 3, 4, -2, Number.NaN);
    const lines = formatH2(
      { name: 'm', title: '', axes: [axis, axis], contents, entries: 3 },
      { width: 80, height: 3 },
    );
    expect(lines[3]).to.equal('        0 │█-?');
    expect(lines.at(-1)).to.contain('█ = 4  - = below 0  ? = NaN');
  });
  it('adds neighbouring bins when there are more than columns', () => {
    const lines = formatH1(h1([0, ...Array.from({ length: 100 }, () => 1), 0]), {
      width: 62,
      height: 1,
      colour: false,
    });
    expect(lines[1]).to.match(/2 │█{50}$/);
  });
  it('shades a map, adding neighbouring bins, in-range ones only', () => {
    const axis = { nbins: 4, min: 0, max: 4, edges: null, title: '' };
    const contents = Array.from({ length: 36 }, () => 0);
    contents[7] = 4; // bin (1, 1)
    contents[28] = 1; // bin (4, 4)
    contents[0] = 1000; // underflow
    const lines = formatH2(
      { name: 'm', title: '', axes: [axis, axis], contents, entries: 3 },
      { width: 80, height: 2 },
    );
    expect(lines[0]).to.equal('m');
    expect(lines[1]).to.equal('        4 │   ░');
    expect(lines[2]).to.equal('        0 │█   ');
  });
  it('shows control characters in names of others as what they are, so that they move nothing on a terminal', () => {
    const table = formatTable(['title'], [['\u001b]0;evil\u0007'], ['a\nb'], ['\u202eabc'], ['Größe Δφ']]);
    expect(table.split('\n')).to.deep.equal(['title', '\\x1b]0;evil\\x07', 'a\\x0ab', '\\u202eabc', 'Größe Δφ']);
  });
  it('says events, percent, rates and time left in one line that fits', () => {
    const progress = {
      entries: { total: 1000, done: 250, failed: 0, missing: 0 },
      bytes: 1,
      elapsedMs: 1,
      entriesPerS: 1234.5,
      bytesPerS: 2.5e6,
      leftMs: 95_000,
      workers: 2,
    };
    const line = progressLine(progress, 120);
    expect(line).to.have.length.at.most(120);
    expect(line).to.match(
      /250\/1000 events \|=+>\.+\| {2}25\.0 % \[1235 evts\/s, 2\.5 MB\/s, time left: 1:35 min\] 2 workers$/,
    );
    expect(formatDuration(4000)).to.equal('4.0 s');
    for (const width of [20, 40, 60, 79])
      expect(progressLine(progress, width), `${width}`).to.have.length.at.most(width);
    expect(progressLine(progress, 60)).to.equal('[Progress] 250/1000 events  25.0 % [time left: 1:35 min]');
    expect(progressLine(progress, null), 'no picture in a file').to.equal(
      '[Progress] 250/1000 events  25.0 % [1235 evts/s, 2.5 MB/s, time left: 1:35 min] 2 workers',
    );
  });

  const jobs = [
    ['here-1795959853436-25917:q1', null, 12345678, 'a title that says at some length what this is for'],
    ['here-1795959853436-25917:q2', null, 1, 'short'],
  ] as const;
  const header = ['query', 'host', 'entries', 'title'];
  const narrow = { cuts: ['title'], drops: ['entries', 'title', 'host'] };
  const widest = (table: string): number => Math.max(...table.split('\n').map((line) => line.length));

  it('shows all of a table where there is no terminal, or room enough', () => {
    expect(formatTable(header, jobs, narrow)).to.equal(formatTable(header, jobs));
    expect(formatTable(header, jobs, { ...narrow, width: 200 })).to.equal(formatTable(header, jobs));
  });
  it('fits a table into a terminal: text is cut, then columns go, empty ones first; no id or number is broken', () => {
    const at = (width: number): string[] => formatTable(header, jobs, { ...narrow, width }).split('\n');
    expect(at(80)[1]).to.equal('here-1795959853436-25917:q1  -     12345678  a title that says at some length w…');
    expect(at(60)).to.deep.equal([
      'query                         entries  title',
      'here-1795959853436-25917:q1  12345678  a title that says at…',
      'here-1795959853436-25917:q2         1  short',
    ]);
    expect(at(50)[0]).to.match(/^query +title$/);
    expect(at(30)).to.deep.equal(['query', ...jobs.map(([query]) => query)]);
    expect(at(10), 'an id is shown whole, even so').to.deep.equal(at(30));
    for (const width of [30, 45, 60, 80]) expect(widest(at(width).join('\n'))).to.be.at.most(width);
  });
  it('folds the figures below a histogram on a narrow terminal', () => {
    const lines = formatH1(h1([1, 8, 4, 0.001, 0, 2]), { width: 60, height: 2, colour: false });
    expect(Math.max(...lines.map((line) => line.length))).to.be.at.most(60);
    expect(lines.slice(-2).join(' ')).to.contain('integral 12.001').and.to.contain('over 2');
  });
});
