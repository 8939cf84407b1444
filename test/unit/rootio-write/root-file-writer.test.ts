/** What we write, read back by JSROOT. */
import { expect } from 'chai';
import type { Compression } from '../../../rootio/write/block-compressor.js';
import type { AxisData, HistogramData } from '../../../rootio/write/histogram-data.js';
import { MemorySink } from '../../../rootio/write/memory-sink.js';
import { RootFileWriter } from '../../../rootio/write/root-file-writer.js';
import { openWithJsroot } from '../../support/jsroot-reader.js';

const x: AxisData = { nbins: 3, min: 0, max: 3, edges: null, title: 'm [GeV]' };
const y: AxisData = { nbins: 2, min: 0, max: 4, edges: [0, 1, 4], title: 'y' };
const count = (n: number) => Array.from({ length: n }, (_, i) => i + 0.5);

const histogram = (className: HistogramData['className'], axes: AxisData[]): HistogramData => {
  const cells = axes.reduce((product, axis) => product * (axis.nbins + 2), 1);
  const stats = count(axes.length === 1 ? 4 : axes.length === 2 ? 7 : 11);
  const name = `one of ${className}`;
  return { className, name, title: 'title', axes, contents: count(cells), sumw2: count(cells), entries: 7, stats };
};

async function written(write: (file: RootFileWriter) => void, compression: Compression = 'zlib') {
  const sink = new MemorySink('small.root');
  const file = await RootFileWriter.onto(sink, { compression });
  write(file);
  file.close();
  return openWithJsroot(Buffer.from(sink.bytes));
}
type Fields = Record<string, unknown> & { fXaxis: Record<string, unknown>; fYaxis: Record<string, unknown> };

describe('rootio/write: objects in a ROOT file', () => {
  const kinds: [HistogramData['className'], AxisData[]][] = [
    ['TH1D', [x]],
    ['TH1F', [y]],
    ['TH2D', [x, y]],
    ['TH2F', [x, y]],
    ['TH3D', [x, y, x]],
    ['TH3F', [x, y, x]],
  ];
  for (const [className, axes] of kinds)
    it(`${className}: contents, errors, axes and sums come back`, async () => {
      const given = histogram(className, axes);
      const file = await written((writer) => writer.writeHistogram(given));
      const found = (await file.readObject(given.name)) as Fields;
      expect(found['_typename']).to.equal(className);
      expect([...(found['fArray'] as number[])]).to.deep.equal(given.contents);
      expect([...(found['fSumw2'] as number[])]).to.deep.equal(given.sumw2);
      expect(found).to.include({
        fTitle: 'title',
        fEntries: 7,
        fTsumw: 0.5,
        fTsumw2: 1.5,
        fTsumwx: 2.5,
        fTsumwx2: 3.5,
      });
      if (axes.length > 1) expect(found).to.include({ fTsumwy: 4.5, fTsumwy2: 5.5, fTsumwxy: 6.5 });
      if (axes.length > 2) expect(found).to.include({ fTsumwz: 7.5, fTsumwz2: 8.5, fTsumwxz: 9.5, fTsumwyz: 10.5 });
      expect(found.fXaxis).to.include({ fNbins: axes[0]!.nbins, fXmax: axes[0]!.max, fTitle: axes[0]!.title });
      if (axes.length > 1) expect([...(found.fYaxis['fXbins'] as number[])]).to.deep.equal(y.edges);
    });

  it('TProfile: sums a bin come back where ROOT keeps them', async () => {
    const bins = { sumw: [1, 2, 3, 4, 5], sumwy: [2, 3, 4, 5, 6], sumwy2: [3, 4, 5, 6, 7], sumw2: [4, 5, 6, 7, 8] };
    const given: HistogramData = { ...histogram('TProfile', [x]), stats: [1, 2, 3, 4, 5, 6], bins };
    const file = await written((writer) => writer.writeHistogram(given));
    const found = (await file.readObject(given.name)) as Fields;
    const numbers = (name: string) => [...(found[name] as number[])];
    expect(numbers('fBinEntries')).to.deep.equal(bins.sumw);
    expect(numbers('fArray')).to.deep.equal(bins.sumwy);
    expect(numbers('fSumw2')).to.deep.equal(bins.sumwy2);
    expect(numbers('fBinSumw2')).to.deep.equal(bins.sumw2);
    expect(found).to.include({ fTsumw: 1, fTsumwx2: 4, fTsumwy: 5, fTsumwy2: 6, fErrorMode: 0 });
  });

  it('TGraph and TObjString come back, also long and not ASCII', async () => {
    const text = 'Größe '.repeat(100);
    const file = await written((writer) => {
      writer.writeGraph({ name: 'g', title: 'a graph;x;y', x: [1, 2], y: [3, 4] });
      writer.writeObjString('note', text);
    });
    const graph = (await file.readObject('g')) as { fX: number[]; fY: number[]; fNpoints: number };
    expect([graph.fNpoints, ...graph.fX, ...graph.fY]).to.deep.equal([2, 1, 2, 3, 4]);
    const note = (await file.readObject('note')) as { fString: string };
    expect(Buffer.from(note.fString, 'latin1').toString('utf8')).to.equal(text);
  });

  for (const compression of ['none', 'zlib', 'lz4'] as const)
    it(`${compression}: objects in folders of folders come back, more than 16 MB of them in blocks`, async () => {
      const axis: AxisData = { nbins: 1500, min: 0, max: 1, edges: null, title: '' };
      const wide = { ...histogram('TH2D', [axis, axis]), contents: new Float64Array(1502 ** 2).fill(2), sumw2: null };
      const file = await written((writer) => {
        writer.writeHistogram({ ...wide, name: 'wide' }, 'a/b');
        writer.writeObjString('note', 'in a', '/a/');
      }, compression);
      expect(file.fKeys.map((key) => `${key.fName}:${key.fClassName}`)).to.include('a:TDirectory');
      const found = (await file.readObject('a/b/wide')) as { fArray: Float64Array };
      expect(found.fArray).to.have.lengthOf(1502 ** 2);
      expect(found.fArray.every((value) => value === 2)).to.equal(true);
      expect(await file.readObject('a/note')).to.include({ fString: 'in a' });
    });

  it('a name written twice has two cycles, and its bare name means the later one', async () => {
    const file = await written((writer) => {
      writer.writeObjString('note', 'first');
      writer.writeObjString('note', 'second');
    });
    expect(file.fKeys.filter((key) => key.fName === 'note').map((key) => key.fCycle)).to.deep.equal([2, 1]);
    expect(await file.readObject('note')).to.include({ fString: 'second' });
    expect(await file.readObject('note;1')).to.include({ fString: 'first' });
  });

  it('the same contents, date and UUID are the same bytes', async () => {
    const bytes = async () => {
      const sink = new MemorySink();
      const file = await RootFileWriter.onto(sink, { date: new Date(2026, 0, 2), uuid: Buffer.alloc(16, 7) });
      file.writeHistogram(histogram('TH1D', [x]));
      file.close();
      return Buffer.from(sink.bytes);
    };
    expect((await bytes()).equals(await bytes())).to.equal(true);
  });

  it('refuses histograms whose arrays do not fit, names and objects that are too large', async () => {
    const sink = new MemorySink();
    const file = await RootFileWriter.onto(sink);
    const before = sink.position;
    const wrong = (change: Partial<HistogramData>, className: HistogramData['className'] = 'TH1D') => {
      const whole = histogram(className, className === 'TH2D' ? [x, y] : [x]);
      expect(() => file.writeHistogram({ ...whole, ...change }))
        .to.throw(/needs/)
        .with.property('code', 'ROOT_HISTOGRAM_SHAPE');
    };
    wrong({ contents: [1, 2] });
    wrong({ sumw2: [1] });
    wrong({ stats: [1] });
    wrong({ axes: [x, y] });
    wrong({ axes: [{ ...x, edges: [0, 1] }] });
    wrong({ contents: [] }, 'TH2D');
    wrong({}, 'TProfile');
    const name = 'n'.repeat(20_000);
    const refuses = (act: () => void, why: RegExp) => expect(act).to.throw(why).with.property('code', 'ROOT_BAD_NAME');
    refuses(() => file.writeObjString(name, ''), /begins "nnn/);
    refuses(() => file.writeObjString('a/b', ''), /without slash/);
    refuses(() => file.tree('', '', [{ name: 'x', type: 'int8' }]), /cannot be a name/);
    expect(sink.position).to.equal(before);
    file.writeObjString('still', 'sound');
    file.close();
    expect(await (await openWithJsroot(Buffer.from(sink.bytes))).readObject('still')).to.include({ fString: 'sound' });
  });

  it('a title longer than a key can hold stays whole in the object', async () => {
    const title = 'long '.repeat(10_000);
    const file = await written((writer) => writer.writeHistogram({ ...histogram('TH1D', [x]), title }));
    expect(await file.readObject('one of TH1D')).to.include({ fTitle: title });
  });
});
