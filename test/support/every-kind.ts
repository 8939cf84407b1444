/**
 * A ROOT file with every kind of object and column that we write, and what another reader must find in it: the same lines that
 * dumproot.C writes, as path and values.
 */
import type { AxisData, HistogramClass, HistogramData } from '../../rootio/write/histogram-data.js';
import type { RootFileWriter } from '../../rootio/write/root-file-writer.js';
import type { ColumnSpec } from '../../rootio/write/tree-columns.js';
import type { Batch } from '../../rootio/write/tree-writer.js';

/** Path -> values: numbers, 64-bit integers and lengths of lists as `[n]`, texts. */
export type Contents = Map<string, (number | bigint | string)[]>;

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

type Axis = AxisData & { readonly edges: number[] | null };

const axis = (title: string, nbins: number, min: number, max: number, edges: number[] | null = null): Axis => ({
  title,
  nbins,
  min,
  max,
  edges,
});

const AXES: readonly Axis[] = [
  axis('p_{T} (GeV)', 7, 0, 70),
  axis('#eta', 3, -2, 5, [-2, 0, 0.5, 5]),
  axis('', 2, 0.1, 0.9),
];

function writeHistograms(file: RootFileWriter, into: Contents): void {
  for (const dimension of [1, 2, 3])
    for (const letter of ['D', 'F'] as const)
      for (const weighted of [false, true]) {
        const axes = AXES.slice(0, dimension);
        const cells = axes.reduce((product, { nbins }) => product * (nbins + 2), 1);
        const number = letter === 'F' ? Math.fround : (x: number) => x;
        const contents = upTo(cells).map((i) => number(weighted ? Math.sin(i) * 10 ** (i % 30) : i * i));
        const sumw2 = weighted ? upTo(cells).map((i) => Math.exp(i % 20) / 3) : null;
        const stats = upTo([4, 7, 11][dimension - 1]!).map((i) => 1 / (i + 3));
        const className = `TH${dimension}${letter}` as HistogramClass;
        const name = `${className}${weighted ? '_weighted' : ''}`;
        const h: HistogramData = {
          className,
          name,
          title: `µ ${name}`,
          axes,
          contents,
          sumw2,
          entries: 12345.5,
          stats,
        };
        file.writeHistogram({ ...h, ...(dimension < 3 ? { valueTitle: 'events' } : {}) }, 'plots/all');
        const path = `plots;1/all;1/${name};1`;
        into.set(path, [className, h.title]);
        describeAxes(path, axes, dimension < 3 ? 'events' : '', into);
        into.set(`${path}/contents`, contents);
        into.set(`${path}/errors`, sumw2?.map(Math.sqrt) ?? contents.map((content) => Math.sqrt(Math.abs(content))));
        into.set(`${path}/sumw2`, sumw2 ?? []);
        into.set(`${path}/stats`, [h.entries, ...stats, ...new Array<number>(13 - stats.length).fill(0)]);
      }
}

function describeAxes(path: string, axes: readonly Axis[], valueTitle: string, into: Contents): void {
  for (const [i, letter] of ['x', 'y', 'z'].entries()) {
    const { nbins, min, max, edges, title } = axes[i] ?? axis(i === axes.length ? valueTitle : '', 1, 0, 1);
    into.set(`${path}/${letter}`, edges ?? upTo(nbins + 1).map((bin) => min + bin * ((max - min) / nbins)));
    into.set(`${path}/${letter} title`, [title]);
  }
}

function writeProfiles(file: RootFileWriter, into: Contents): void {
  for (const weighted of [false, true]) {
    const [x] = AXES as [Axis];
    const cells = upTo(x.nbins + 2);
    const sumw = cells.map((i) => i + 1);
    const sumwy = cells.map((i) => 10 * i - 7);
    const sumwy2 = cells.map((i) => 200 * i + 90);
    const sumw2 = weighted ? cells.map((i) => i + 1.5) : [];
    const stats = [1, 2, 3, 4, 5, 6.25];
    const [className, name, title] = ['TProfile' as const, weighted ? 'weighted' : 'plain', 'a profile'];
    const shape = { className, name, title, axes: [x], valueTitle: 'mean', entries: 99, stats };
    file.writeHistogram({ ...shape, contents: [], sumw2: null, bins: { sumw, sumwy, sumwy2, sumw2 } });
    const path = `${name};1`;
    into.set(path, [className, title]);
    describeAxes(path, [x], 'mean', into);
    into.set(
      `${path}/contents`,
      sumw.map((w, i) => sumwy[i]! / w),
    );
    into.set(`${path}/sumw2`, sumwy2);
    into.set(`${path}/bin-entries`, sumw);
    into.set(`${path}/stats`, [99, ...stats, ...new Array<number>(7).fill(0)]);
  }
}

function writeOthers(file: RootFileWriter, into: Contents): void {
  const [x, y] = [upTo(50).map((i) => i / 7), upTo(50).map((i) => Math.cos(i))];
  file.writeGraph({ name: 'graph', title: 'a graph;x;y', x, y }, 'plots');
  into.set('plots;1/graph;1', ['TGraph', 'a graph;x;y']);
  into.set(
    'plots;1/graph;1/points',
    x.flatMap((value, i) => [value, y[i]!]),
  );
  file.writeGraph({ name: 'nothing', title: '', x: [], y: [] });
  into.set('nothing;1', ['TGraph', '']);
  into.set('nothing;1/points', []);
  const texts = { empty: '', short: '{"ok":true}', long: `${'ä'.repeat(254)}z`, huge: 'line\n'.repeat(30_000) };
  for (const [name, text] of Object.entries(texts)) {
    file.writeObjString(name, text, 'texts');
    into.set(`texts;1/${name};1`, ['TObjString', 'Collectable string class']);
    into.set(`texts;1/${name};1/text`, [text]);
  }
  // The same name again: a second cycle.
  file.writeObjString('short', 'second', 'texts');
  into.set('texts;1/short;2', ['TObjString', 'Collectable string class']);
  into.set('texts;1/short;2/text', ['second']);
  into.set('plots;1', ['TDirectoryFile', 'plots']);
  into.set('plots;1/all;1', ['TDirectoryFile', 'all']);
  into.set('texts;1', ['TDirectoryFile', 'texts']);
}

const ENTRIES = 1500;
const COLUMNS: readonly (ColumnSpec & { readonly leaf: string })[] = [
  { name: 'flag', type: 'bool', leaf: 'Bool_t' },
  { name: 'i8', type: 'int8', leaf: 'Char_t' },
  { name: 'u8', type: 'uint8', leaf: 'UChar_t' },
  { name: 'i16', type: 'int16', leaf: 'Short_t' },
  { name: 'u16', type: 'uint16', leaf: 'UShort_t' },
  { name: 'i32', type: 'int32', leaf: 'Int_t' },
  { name: 'u32', type: 'uint32', leaf: 'UInt_t' },
  { name: 'i64', type: 'int64', leaf: 'Long64_t' },
  { name: 'u64', type: 'uint64', leaf: 'ULong64_t' },
  { name: 'f32', type: 'float32', leaf: 'Float_t' },
  { name: 'f64', type: 'float64', leaf: 'Double_t' },
  { name: 'matrix', type: 'float32', length: 6, leaf: 'Float_t' },
  { name: 'Muon_pt', type: 'float32', list: 'nMuon', leaf: 'Float_t' },
  { name: 'Muon_cov', type: 'float64', list: 'nMuon', length: 3, leaf: 'Double_t' },
  { name: 'Muon_id', type: 'uint8', list: 'nMuon', leaf: 'UChar_t' },
  { name: 'hits', type: 'int16', list: true, leaf: 'Short_t' },
  { name: 'stamps', type: 'int64', list: true, leaf: 'Long64_t' },
  { name: 'trigger', type: 'string', leaf: 'Char_t' },
];

function values(): Batch {
  const each = upTo(ENTRIES);
  const offsets = (length: (i: number) => number): Int32Array => {
    const ends = new Int32Array(ENTRIES + 1);
    for (const i of each) ends[i + 1] = ends[i]! + length(i);
    return ends;
  };
  const muons = offsets((i) => (i * 7) % 5);
  const hits = offsets((i) => (i % 700 === 1 ? 900 : i % 3));
  const total = muons[ENTRIES]!;
  return {
    flag: Uint8Array.from(each, (i) => i & 1),
    i8: Int8Array.from(each, (i) => i),
    u8: Uint8Array.from(each, (i) => i),
    i16: Int16Array.from(each, (i) => 97 * i),
    u16: Uint16Array.from(each, (i) => 97 * i),
    i32: Int32Array.from(each, (i) => -i * 1e6),
    u32: Uint32Array.from(each, (i) => 4e9 + i),
    i64: BigInt64Array.from(each, (i) => -(2n ** 62n) - BigInt(i)),
    u64: BigUint64Array.from(each, (i) => 2n ** 64n - 1n - BigInt(i)),
    f32: Float32Array.from(each, (i) => Math.sin(i) * 10 ** ((i % 70) - 35)),
    f64: Float64Array.from(each, (i) => Math.sin(i) * 10 ** ((i % 600) - 300)),
    matrix: Float32Array.from(upTo(6 * ENTRIES), Math.sqrt),
    Muon_pt: { offsets: muons, values: Float32Array.from(upTo(total), (i) => 100 * Math.cos(i) ** 2) },
    Muon_cov: { offsets: muons, values: Float64Array.from(upTo(3 * total), (i) => 1 / (i + 1)) },
    Muon_id: { offsets: muons, values: Uint8Array.from(upTo(total), (i) => i % 251) },
    hits: { offsets: hits, values: Int16Array.from(upTo(hits[ENTRIES]!), (i) => i - 3000) },
    stamps: { offsets: hits, values: BigInt64Array.from(upTo(hits[ENTRIES]!), (i) => 2n ** 60n + BigInt(i)) },
    trigger: each.map((i) => (i % 50 === 0 ? '' : i % 11 === 0 ? 'µ'.repeat(i % 400) : `HLT_Mu${i % 40}`)),
  };
}

function writeTrees(file: RootFileWriter, into: Contents): void {
  const options = { basketBytes: 2000, autoFlush: 700, directory: 'trees' };
  const tree = file.tree('events', 'all kinds', COLUMNS, { ...options, userInfo: ['{"seed":1}', 'ä'] });
  const batch = values();
  tree.append(batch, ENTRIES);
  tree.close();
  const path = 'trees;1/events;1';
  describeTree(path, { title: 'all kinds', entries: ENTRIES, userInfo: ['{"seed":1}', 'ä'], friends: [] }, into);
  for (const { name, leaf, length = 1, list } of COLUMNS) {
    const column = batch[name]!;
    const key = `${path}/${name}:${leaf}`;
    if (!('offsets' in column)) {
      into.set(key, Array.from(column as ArrayLike<number>));
      continue;
    }
    const items = Array.from(column.values as ArrayLike<number>);
    const lengths = upTo(ENTRIES).map((i) => column.offsets[i + 1]! - column.offsets[i]!);
    const ofEntry = (i: number) => items.slice(column.offsets[i]! * length, column.offsets[i + 1]! * length);
    into.set(
      key,
      lengths.flatMap((n, i) => [`[${n * length}]`, ...ofEntry(i)]),
    );
    into.set(`${path}/${list === true ? `n${name}` : list}:Int_t`, lengths);
  }
  file.tree('empty', 'no entries', [{ name: 'x', type: 'float64' }]).close();
  describeTree('empty;1', { title: 'no entries', entries: 0, userInfo: [], friends: [] }, into);
  into.set('empty;1/x:Double_t', []);
  const friends = [{ tree: 'empty', alias: 'other' }];
  const friendly = file.tree('friendly', '', [{ name: 'n', type: 'int32' }], { friends });
  friendly.append({ n: Int32Array.of(1, 2, 3) }, 3);
  friendly.close();
  describeTree('friendly;1', { title: '', entries: 3, userInfo: [], friends: ['other'] }, into);
  into.set('friendly;1/n:Int_t', [1, 2, 3]);
  into.set('trees;1', ['TDirectoryFile', 'trees']);
}

function describeTree(
  path: string,
  tree: { title: string; entries: number; userInfo: string[]; friends: string[] },
  into: Contents,
): void {
  into.set(path, ['TTree', tree.title]);
  into.set(`${path}/entries`, [tree.entries]);
  into.set(`${path}/user-info`, tree.userInfo);
  into.set(`${path}/friends`, tree.friends);
}

/** Writes all of it; closing is the caller's. */
export function writeEveryKind(file: RootFileWriter): Contents {
  const contents: Contents = new Map();
  writeHistograms(file, contents);
  writeProfiles(file, contents);
  writeOthers(file, contents);
  writeTrees(file, contents);
  return contents;
}
