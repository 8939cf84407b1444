/** Our records beside those that ROOT itself wrote: the same classes, the same bytes. */
import { expect } from 'chai';
import { readRecord } from '../../../rootio/file/record.js';
import { openRootFile, type RootFile } from '../../../rootio/root-file.js';
import { BranchWriter } from '../../../rootio/write/branch-writer.js';
import type { AxisData, HistogramData } from '../../../rootio/write/histogram-data.js';
import { writeGraph, writeHistogram } from '../../../rootio/write/histogram-record.js';
import { MemorySink } from '../../../rootio/write/memory-sink.js';
import { RecordBuffer } from '../../../rootio/write/record-buffer.js';
import { RootFileWriter } from '../../../rootio/write/root-file-writer.js';
import { branchShapes, type ColumnSpec } from '../../../rootio/write/tree-columns.js';
import { writeTree } from '../../../rootio/write/tree-record.js';
import { bytesSource, fileSource } from '../../support/byte-sources.js';
import { type JsrootStreamerInfo, openWithJsroot } from '../../support/jsroot-reader.js';
import { sharedPath } from '../../support/shared.js';
import { skipBecause } from '../../support/summary-reporter.js';

function sharedFile(test: Mocha.Context, name: string): string {
  return sharedPath(`testdata/root/${name}`) ?? skipBecause(test, `no shared data: ${name}`);
}

/** One of each class. */
async function oneOfEach(): Promise<Buffer> {
  const sink = new MemorySink();
  const file = await RootFileWriter.onto(sink);
  const axis: AxisData = { nbins: 1, min: 0, max: 1, edges: null, title: '' };
  const empty = { title: '', sumw2: null, entries: 0 };
  for (const className of ['TH1D', 'TH1F', 'TH2D', 'TH2F', 'TH3D', 'TH3F', 'TProfile'] as const) {
    const axes = new Array<AxisData>(Number(className[2]) || 1).fill(axis);
    const stats = new Array<number>(className === 'TProfile' ? 6 : [4, 7, 11][axes.length - 1]!).fill(0);
    const contents = new Float64Array(3 ** axes.length);
    const bins = { sumw: contents, sumwy: contents, sumwy2: contents, sumw2: contents };
    file.writeHistogram({ ...empty, className, name: className, axes, stats, contents, bins });
  }
  file.writeGraph({ name: 'g', title: '', x: [], y: [] });
  file.writeObjString('s', '');
  const types = ['bool', 'int8', 'int16', 'int32', 'int64', 'float32', 'float64', 'string'] as const;
  file.tree(
    't',
    '',
    types.map((type) => ({ name: type, type })),
  );
  file.close();
  return Buffer.from(sink.bytes);
}

const infoName = (info: JsrootStreamerInfo) => `${info.fName} version ${info.fClassVersion}`;

/** What decides how a class is read; sizes in memory differ from platform to platform. */
const elementsOf = (info: JsrootStreamerInfo) =>
  info.fElements.arr.map((element) => {
    const { _typename, fName, fType, fTypeName, fArrayLength, fArrayDim, fBaseVersion } = element;
    const { fCountName, fCountClass, fCountVersion, fSTLtype, fCtype } = element;
    const fMaxIndex = Array.from(element['fMaxIndex'] as ArrayLike<number>);
    const counts = { fCountName, fCountClass, fCountVersion, fSTLtype, fCtype };
    return { _typename, fName, fType, fTypeName, fArrayLength, fArrayDim, fBaseVersion, fMaxIndex, ...counts };
  });

async function bytesOf(file: RootFile, path: string): Promise<{ bytes: Buffer; keylen: number }> {
  const { key } = await file.directories.find(path);
  return { bytes: (await readRecord(file.access, key)).bytes, keylen: key.keylen };
}

/** TCollection::kUseRWLock, which newer releases leave in the list of functions; no reader looks at it. */
function withoutLockBit(bytes: Buffer): Buffer {
  const list = Buffer.from('40000011000500010000000003010000', 'hex');
  const at = bytes.indexOf(list);
  if (at !== -1) bytes[at + 13] = 0;
  return bytes;
}

describe('rootio/write: beside ROOT', () => {
  it('describes each class as ROOT does, with its checksum', async function () {
    const theirs = new Map<string, JsrootStreamerInfo>();
    for (const name of ['uproot-issue261.root', 'uproot-issue-750.root'])
      for (const info of (await openWithJsroot(sharedFile(this, name))).fStreamerInfos.arr)
        theirs.set(infoName(info), info);
    const ours = (await openWithJsroot(await oneOfEach())).fStreamerInfos.arr;
    expect(ours).to.have.lengthOf(44);
    for (const info of ours) {
      const known = theirs.get(infoName(info));
      expect(known, infoName(info)).not.to.equal(undefined);
      expect(info.fCheckSum, infoName(info)).to.equal(known!.fCheckSum);
      expect(elementsOf(info), infoName(info)).to.deep.equal(elementsOf(known!));
    }
  });

  for (const [name, path] of [
    ['uproot-issue-880.root', 'hpK'],
    ['uproot-issue-888.root', 'hrecoVsgen_ll_cHel_400mttbar'],
    ['uproot-issue-513.root', 'TrkAnaNeg/tht'],
    ['uproot-issue-707.root', 'raw_M1_enrAll'],
  ] as const)
    it(`${path} of ${name}: written again, it has the same bytes`, async function () {
      const file = await openRootFile(fileSource(sharedFile(this, name)));
      const { bytes, keylen } = await bytesOf(file, path);
      const buffer = new RecordBuffer(keylen);
      writeHistogram(buffer, histogramData(await file.object(path)));
      await file.close();
      expect(buffer.bytes.equals(withoutLockBit(bytes))).to.equal(true);
    });

  it('a graph, the base of one with errors: written again, it has the same bytes up to its frame', async function () {
    const file = await openRootFile(fileSource(sharedFile(this, 'uproot-issue-240.root')));
    const path = 'Expected limit 1lbb/Graph1D_y1';
    const { bytes, keylen } = await bytesOf(file, path);
    const { fName, fTitle, fX, fY } = (await file.object(path)) as {
      fName: string;
      fTitle: string;
      fX: number[];
      fY: number[];
    };
    await file.close();
    const outerFrame = 6;
    const buffer = new RecordBuffer(keylen + outerFrame);
    writeGraph(buffer, { name: fName, title: fTitle, x: fX, y: fY });
    // Behind the points and the list of functions theirs goes on with a drawn frame, ours with null and two numbers.
    const count = buffer.length - 20;
    const theirs = bytes.subarray(outerFrame, outerFrame + count);
    const different = [...theirs.keys()].filter((at) => theirs[at] !== buffer.bytes[at] && at > 4);
    // TGraph::kIsSortedX, a note of ROOT's to itself.
    expect(different.map((at) => theirs[at]! ^ buffer.bytes[at]!)).to.deep.equal([0x04]);
  });

  it('the record of an empty tree of numbers and texts has the same bytes', async function () {
    const file = await openRootFile(fileSource(sharedFile(this, 'uproot-empty.root')));
    const { bytes, keylen } = await bytesOf(file, 'tree');
    const columns: ColumnSpec[] = [
      { name: 'x', type: 'int32' },
      { name: 'y', type: 'float64' },
      { name: 'z', type: 'string' },
    ];
    const none = () => ({ seek: 0, nbytes: 0, unpackedBytes: 0 });
    const branches = branchShapes(columns).map((shape) => new BranchWriter(shape, 32_000, none));
    const buffer = new RecordBuffer(keylen);
    const title = String((await file.object('tree'))['fTitle']);
    const options = { clusterEntries: -30_000_000, basketBytes: 32_000, compression: 101 };
    writeTree(buffer, { name: 'tree', title, entries: 0, ...options, branches, userInfo: [], friends: [] });
    await file.close();
    // TLeaf::kNewValue of the text's leaf: a state of ROOT's memory, not of the file.
    const different = [...bytes.keys()].filter((at) => bytes[at] !== buffer.bytes[at]);
    expect(bytes.length).to.equal(buffer.length);
    expect(different.map((at) => bytes[at]! ^ buffer.bytes[at]!)).to.deep.equal([0x10]);
  });

  for (const [name, columns] of [
    ['uproot-HZZ-zlib.root', [{ name: 'Jet_Px', type: 'float32', list: 'NJet' }]],
    [
      'uproot-Zmumu-zlib.root',
      [
        { name: 'Type', type: 'string' },
        { name: 'pt1', type: 'float64' },
      ],
    ],
  ] as [string, ColumnSpec[]][])
    it(`baskets of ${name}: written again, they have the same contents`, async function () {
      const theirs = await openRootFile(fileSource(sharedFile(this, name)));
      const table = await theirs.table('events');
      const reader = table.reader(columns.map((column) => column.name));
      await reader.load(0, table.entries);
      const sink = new MemorySink();
      const writer = await RootFileWriter.onto(sink);
      const tree = writer.tree('events', '', columns, { basketBytes: 32_000 });
      const batch = Object.fromEntries(
        columns.map((column) => {
          const data = reader.column(column.name);
          if (data.kind !== 'list' && data.kind !== 'flat' && data.kind !== 'string') throw new Error(data.kind);
          return [column.name, data.kind === 'list' ? data : data.values];
        }),
      );
      tree.append(batch, table.entries);
      writer.close();
      const ours = await openRootFile(bytesSource(Buffer.from(sink.bytes)));
      for (const branch of tree.shapes.map((shape) => shape.name))
        expect((await firstBasket(ours, branch)).equals(await firstBasket(theirs, branch)), branch).to.equal(true);
      await theirs.close();
    });
});

/** Contents of a branch's first basket, decompressed. */
async function firstBasket(file: RootFile, branchName: string): Promise<Buffer> {
  const tree = await file.object('events');
  type Branch = { fName: string; fBasketSeek: ArrayLike<number>; fBasketBytes: ArrayLike<number> };
  const branch = (tree['fBranches'] as { arr: Branch[] }).arr.find((one) => one.fName === branchName)!;
  const [seek, nbytes] = [Number(branch.fBasketSeek[0]), branch.fBasketBytes[0]!];
  const head = await file.access.source.read(seek, 18);
  const names = { className: 'TBasket', name: branchName, title: 'events' };
  const sizes = { nbytes, objlen: head.readInt32BE(6), keylen: head.readInt16BE(14), cycle: 0, datime: 0, seek };
  return (await readRecord(file.access, { ...names, ...sizes })).bytes;
}

interface JsrootAxis {
  readonly fNbins: number;
  readonly fXmin: number;
  readonly fXmax: number;
  readonly fXbins: readonly number[];
  readonly fTitle: string;
}

/** A histogram as JSROOT names its members, as data for our writer. */
function histogramData(object: Record<string, unknown>): HistogramData {
  const className = object['_typename'] as HistogramData['className'];
  const dimensions = Number(className[2]) || 1;
  const number = (name: string) => object[name] as number;
  const array = (name: string) => object[name] as number[];
  const axis = (name: string): AxisData => {
    const { fNbins, fXmin, fXmax, fXbins, fTitle } = object[name] as JsrootAxis;
    return { nbins: fNbins, min: fXmin, max: fXmax, edges: fXbins.length > 0 ? fXbins : null, title: fTitle };
  };
  const further = className === 'TProfile' ? ['fTsumwy', 'fTsumwy2'] : ['fTsumwy', 'fTsumwy2', 'fTsumwxy'];
  const sums = ['fTsumw', 'fTsumw2', 'fTsumwx', 'fTsumwx2', ...(className.startsWith('TH1') ? [] : further)];
  return {
    className,
    name: object['fName'] as string,
    title: object['fTitle'] as string,
    axes: ['fXaxis', 'fYaxis', 'fZaxis'].slice(0, dimensions).map(axis),
    contents: array('fArray'),
    sumw2: array('fSumw2').length > 0 ? array('fSumw2') : null,
    entries: number('fEntries'),
    stats: sums.map(number),
    ...(className === 'TProfile' && {
      bins: { sumw: array('fBinEntries'), sumwy: array('fArray'), sumwy2: array('fSumw2'), sumw2: array('fBinSumw2') },
    }),
  };
}
