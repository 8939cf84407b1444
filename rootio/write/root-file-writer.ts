/**
 * Writes a ROOT file in one pass: records are appended as they come, lists and header follow at the end. ROOT, uproot and
 * JSROOT read it; what it holds of classes, the StreamerInfo record describes. Files grow past 2 GB by themselves.
 *
 *     const file = await RootFileWriter.create('out.root', { compression: 'zstd' });
 *     file.writeHistogram(histogram, 'plots/mass');
 *     const tree = file.tree('events', 'selected events', [{ name: 'pt', type: 'float32' }]);
 *     tree.append({ pt }, pt.length);
 *     file.close();
 *
 * Nothing appears under the file's name before `close` has succeeded.
 * Source: ROOT, io/doc/TFile (the layout of a file and its records).
 */
import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import type { TierChoice } from '../compression/tier.js';
import { type BlockCompressor, type Compression, openCompressor } from './block-compressor.js';
import type { Basket, StoredBasket } from './branch-writer.js';
import type { ByteSink } from './byte-sink.js';
import { layoutsFor } from './class-layouts.js';
import {
  addKey,
  DIRECTORY_BYTES,
  type DirectoryState,
  nextCycle,
  writeDirectory,
  writeKeyList,
} from './directory-record.js';
import { FILE_BEGIN, writeFileHeader, writeFreeSegment } from './file-header.js';
import { FileSink } from './file-sink.js';
import type { HistogramData } from './histogram-data.js';
import { type GraphData, writeGraph, writeHistogram, writeObjString } from './histogram-record.js';
import { RecordBuffer } from './record-buffer.js';
import {
  BIG_FILE_START,
  checkName,
  keyLength,
  keyTitle,
  packDatime,
  type RecordKey,
  textLength,
  writeKey,
} from './record-key.js';
import { writeStreamerInfos } from './streamer-info.js';
import type { ColumnSpec } from './tree-columns.js';
import { leafClass, type TreeSummary, writeTree } from './tree-record.js';
import { type TreeFile, type TreeOptions, TreeWriter } from './tree-writer.js';
import { RootWriteError } from './write-errors.js';

export interface RootFileOptions {
  /** zlib unless told. */
  readonly compression?: Compression;
  /** 1 (fast) to 9 (small); each method has its usual one. 0 is no compression. */
  readonly level?: number;
  /** Which libraries may compress; compression/tier.ts. */
  readonly tier?: TierChoice;
  readonly title?: string;
  /** When the file says that it was written; now unless told. */
  readonly date?: Date;
  /** 16 bytes that make the file unique; random unless told. */
  readonly uuid?: Uint8Array;
}

/** What the bytes of TBasket add to its key: version, sizes, number of entries, end of the values, a flag. */
const BASKET_KEY_BYTES = 19;
const OFFSET_TABLE = 1000;

export class RootFileWriter {
  readonly #sink: ByteSink;
  readonly #compressor: BlockCompressor;
  readonly #datime: number;
  readonly #top: DirectoryState;
  readonly #directories = new Map<string, DirectoryState>();
  readonly #classes = new Set<string>();
  readonly #trees = new Set<TreeWriter>();
  #isClosed = false;

  /** @throws {RootWriteError} the folder does not exist or cannot be written; {NoCompressorError} */
  static async create(path: string, options: RootFileOptions = {}): Promise<RootFileWriter> {
    const compressor = await compressorFor(options);
    return new RootFileWriter(new FileSink(path), compressor, options);
  }

  /** The same into any sink: to memory, for instance. */
  static async onto(sink: ByteSink, options: RootFileOptions = {}): Promise<RootFileWriter> {
    return new RootFileWriter(sink, await compressorFor(options), options);
  }

  private constructor(sink: ByteSink, compressor: BlockCompressor, options: RootFileOptions) {
    this.#sink = sink;
    this.#compressor = compressor;
    this.#datime = packDatime(options.date ?? new Date());
    this.#top = this.#beginFile(basename(sink.path), options.title ?? '', options.uuid ?? randomBytes(16));
    this.#directories.set('', this.#top);
  }

  /** @param directory `a/b` of the file, made where it is not there; the top unless told */
  writeHistogram(histogram: HistogramData, directory = ''): void {
    const { className, name, title } = histogram;
    this.#storeObject(className, name, title, directory, (buffer) => writeHistogram(buffer, histogram));
  }

  writeGraph(graph: GraphData, directory = ''): void {
    this.#storeObject('TGraph', graph.name, graph.title, directory, (buffer) => writeGraph(buffer, graph));
  }

  writeObjString(name: string, text: string, directory = ''): void {
    // The title of ROOT's own TObjString keys.
    const title = 'Collectable string class';
    this.#storeObject('TObjString', name, title, directory, (buffer) => writeObjString(buffer, text));
  }

  /** A TTree to be filled; several may be filled at the same time. `close` closes those that are still open. */
  tree(
    name: string,
    title: string,
    columns: readonly ColumnSpec[],
    options: TreeOptions & { directory?: string } = {},
  ) {
    this.#assertOpen();
    const directory = this.#directory(options.directory ?? '');
    checkName(name);
    const file: TreeFile = {
      compression: this.#compressor.settings,
      storeBasket: (basket) => this.#storeBasket(basket, name, directory),
      storeTree: (summary) => {
        this.#trees.delete(writer);
        this.#storeTree(summary, directory);
      },
    };
    const writer = new TreeWriter(file, name, title, columns, options);
    this.#trees.add(writer);
    return writer;
  }

  /** Writes what is left, and publishes the file. @throws {RootWriteError} and no file stands under the name */
  close(): void {
    this.#assertOpen();
    try {
      for (const tree of [...this.#trees]) tree.close();
      this.#isClosed = true;
      this.#endFile();
    } catch (error) {
      this.abort();
      throw error;
    }
    this.#sink.publish();
  }

  /** Gives the file up: nothing is left of it. */
  abort(): void {
    this.#isClosed = true;
    this.#sink.discard();
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new RootWriteError(this.#sink.path, 'the file was already closed or given up');
  }

  #storeObject(
    className: string,
    name: string,
    title: string,
    path: string,
    write: (buffer: RecordBuffer) => void,
    directory = this.#directory(path),
  ): void {
    this.#assertOpen();
    this.#classes.add(className);
    const cycle = nextCycle(directory.keys, name);
    const key = { className, name: checkName(name), title: keyTitle(title), cycle, seekDirectory: directory.seek };
    addKey(directory.keys, this.#appendRecord(key, write, this.#compressor));
  }

  /** Appends key and contents; the contents are streamed first, because references in them count from the key's start. */
  #appendRecord(
    key: Omit<RecordKey, 'seekKey' | 'objectLength' | 'nbytes' | 'datime'>,
    write: (buffer: RecordBuffer) => void,
    compressor?: BlockCompressor,
  ): RecordKey {
    const seekKey = this.#sink.position;
    const length = keyLength({ ...key, seekKey });
    const contents = new RecordBuffer(length);
    write(contents);
    const packed = compressor?.compress(contents.bytes) ?? contents.bytes;
    const sizes = { objectLength: contents.length, nbytes: length + packed.length };
    const whole: RecordKey = { ...key, ...sizes, seekKey, datime: this.#datime };
    this.#sink.append(writeKey(new RecordBuffer(), whole).bytes);
    this.#sink.append(packed);
    return whole;
  }

  #storeBasket(basket: Basket, treeName: string, directory: DirectoryState): StoredBasket {
    this.#assertOpen();
    const names = { className: 'TBasket', name: basket.branch, title: treeName };
    const seekKey = this.#sink.position;
    const length = keyLength({ ...names, seekKey }) + BASKET_KEY_BYTES;
    const contents = basketContents(basket, length);
    const packed = this.#compressor.compress(contents);
    const sizes = { objectLength: contents.length, nbytes: length + packed.length };
    const cycle = basket.index & 0x7fff;
    const key = { ...names, ...sizes, cycle, seekKey, seekDirectory: directory.seek, datime: this.#datime };
    const header = writeKey(new RecordBuffer(), key, BASKET_KEY_BYTES);
    const end = length + basket.values.length;
    const perEntry = basket.starts === null ? basket.entryBytes : Math.max(OFFSET_TABLE, basket.entries + 1);
    header.i16(3).i32(end).i32(perEntry).i32(basket.entries).i32(end).u8(0);
    this.#sink.append(header.bytes);
    this.#sink.append(packed);
    return { seek: seekKey, nbytes: sizes.nbytes, unpackedBytes: length + contents.length };
  }

  #storeTree(summary: TreeSummary, directory: DirectoryState): void {
    for (const { shape } of summary.branches) this.#classes.add(leafClass(shape));
    this.#classes.add('TBranch');
    const { name, title } = summary;
    this.#storeObject('TTree', name, title, directory.path, (buffer) => writeTree(buffer, summary), directory);
  }

  #beginFile(name: string, title: string, uuid: Uint8Array): DirectoryState {
    this.#sink.append(Buffer.alloc(FILE_BEGIN));
    const names = { className: 'TFile', name, title };
    const nameBytes = keyLength({ ...names, seekKey: FILE_BEGIN }) + textLength(name) + textLength(title);
    const seeks = { seek: FILE_BEGIN, seekParent: 0, recordAt: FILE_BEGIN + nameBytes, seekKeys: 0, keysBytes: 0 };
    this.#appendRecord({ ...names, cycle: 1, seekDirectory: 0 }, (buffer) => {
      buffer.text(name).text(title).zeros(DIRECTORY_BYTES);
    });
    return { path: '', name, title, ...seeks, nameBytes, keys: [], uuid };
  }

  #directory(path: string): DirectoryState {
    const known = this.#directories.get(path);
    if (known !== undefined) return known;
    const parts = path.split('/');
    const name = checkName(parts.pop()!);
    if (name === '') return this.#directory(parts.join('/'));
    const parent = this.#directory(parts.join('/'));
    const title = name;
    const key = { className: 'TDirectory', name, title, cycle: nextCycle(parent.keys, name) };
    const stored = this.#appendRecord({ ...key, seekDirectory: parent.seek }, (buffer) => {
      buffer.zeros(DIRECTORY_BYTES);
    });
    addKey(parent.keys, stored);
    const nameBytes = keyLength(stored);
    const seek = stored.seekKey;
    const seeks = { seek, seekParent: parent.seek, recordAt: seek + nameBytes, seekKeys: 0, keysBytes: 0 };
    const state: DirectoryState = { path, name, title, ...seeks, nameBytes, keys: [], uuid: this.#top.uuid };
    this.#directories.set(path, state);
    return state;
  }

  /** StreamerInfo, key lists, free space; then the places that had to wait: the directories, and last the header. */
  #endFile(): void {
    const info = this.#appendRecord(
      { className: 'TList', name: 'StreamerInfo', title: 'Doubly linked list', cycle: 1, seekDirectory: FILE_BEGIN },
      (buffer) => writeStreamerInfos(buffer, layoutsFor(this.#classes)),
      this.#compressor,
    );
    for (const directory of this.#directories.values()) {
      const { name, title, seek: seekDirectory, keys } = directory;
      const className = directory === this.#top ? 'TFile' : 'TDirectory';
      const list = { className, name, title, cycle: 1, seekDirectory };
      const record = this.#appendRecord(list, (buffer) => writeKeyList(buffer, keys));
      directory.seekKeys = record.seekKey;
      directory.keysBytes = record.nbytes;
    }
    const { name, title, nameBytes, uuid } = this.#top;
    const seekFree = this.#sink.position;
    const free = this.#appendRecord(
      { className: 'TFile', name, title, cycle: 1, seekDirectory: FILE_BEGIN },
      (buffer) => {
        // The segment begins where this very record ends; both forms are known before.
        writeFreeSegment(buffer, freeRecordEnd(seekFree, buffer.keyLength));
      },
    );
    for (const directory of this.#directories.values()) {
      const record = new RecordBuffer();
      writeDirectory(record, directory, this.#datime);
      this.#sink.patch(directory.recordAt, record.bytes);
    }
    const header = new RecordBuffer();
    const end = this.#sink.position;
    const seeks = { seekFree, freeBytes: free.nbytes, seekInfo: info.seekKey, infoBytes: info.nbytes };
    writeFileHeader(header, { end, ...seeks, nameBytes, compression: this.#compressor.settings, uuid });
    this.#sink.patch(0, header.bytes);
  }
}

const compressorFor = ({ compression, level, tier }: RootFileOptions) =>
  openCompressor(compression ?? 'zlib', level, tier);

/** Values, then for entries of varying length how many offsets follow, each entry's offset from the key's start, and 0. */
function basketContents({ values, starts, entries }: Basket, keyBytes: number): Buffer {
  if (starts === null) return values;
  const contents = Buffer.allocUnsafe(values.length + 4 * (entries + 2));
  values.copy(contents);
  let at = contents.writeInt32BE(entries + 1, values.length);
  for (const start of starts) at = contents.writeInt32BE(start + keyBytes, at);
  contents.writeInt32BE(0, at);
  return contents;
}

const SMALL_SEGMENT = 10;
const BIG_SEGMENT = 18;
function freeRecordEnd(seekFree: number, keyBytes: number): number {
  const end = seekFree + keyBytes + SMALL_SEGMENT;
  return end > BIG_FILE_START ? seekFree + keyBytes + BIG_SEGMENT : end;
}
