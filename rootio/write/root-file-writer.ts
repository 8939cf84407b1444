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
import type { Basket } from './branch-writer.js';
import type { ByteSink } from './byte-sink.js';
import { layoutsFor } from './class-layouts.js';
import { Directories } from './directories.js';
import { addKey, type DirectoryState, nextCycle } from './directory-record.js';
import { FILE_BEGIN, FREE_SEGMENT_BYTES, writeFileHeader, writeFreeSegment } from './file-header.js';
import { FileSink } from './file-sink.js';
import type { HistogramData } from './histogram-data.js';
import { type GraphData, writeGraph, writeHistogram, writeObjString } from './histogram-record.js';
import { RecordAppender } from './record-appender.js';
import { RecordBuffer } from './record-buffer.js';
import { checkName, keyTitle, packDatime } from './record-key.js';
import { writeStreamerInfos } from './streamer-info.js';
import type { ColumnSpec } from './tree-columns.js';
import { leafClass, type TreeSummary, writeTree } from './tree-record.js';
import { type TreeOptions, TreeWriter } from './tree-writer.js';
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

export class RootFileWriter {
  readonly #sink: ByteSink;
  readonly #compressor: BlockCompressor;
  readonly #records: RecordAppender;
  readonly #directories: Directories;
  /** Classes whose layouts the file must describe. */
  readonly #classes = new Set<string>();
  readonly #openTrees = new Set<TreeWriter>();
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
    this.#records = new RecordAppender(sink, compressor, packDatime(options.date ?? new Date()));
    sink.append(Buffer.alloc(FILE_BEGIN));
    const [name, title] = [basename(sink.path), options.title ?? ''];
    this.#directories = new Directories(this.#records, { name, title, uuid: options.uuid ?? randomBytes(16) });
  }

  /**
   * @param directory `a/b` of the file, made where it is not there; the top unless told
   * @throws {HistogramShapeError} {RootNameError} nothing was written then; {RootWriteError}
   */
  writeHistogram(histogram: HistogramData, directory = ''): void {
    const { className, name, title } = histogram;
    this.#storeObject({ className, name, title }, directory, (buffer) => writeHistogram(buffer, histogram));
  }

  writeGraph(graph: GraphData, directory = ''): void {
    const { name, title } = graph;
    this.#storeObject({ className: 'TGraph', name, title }, directory, (buffer) => writeGraph(buffer, graph));
  }

  writeObjString(name: string, text: string, directory = ''): void {
    // The title of ROOT's own TObjString keys.
    const names = { className: 'TObjString', name, title: 'Collectable string class' };
    this.#storeObject(names, directory, (buffer) => writeObjString(buffer, text));
  }

  /** A TTree to be filled; several may be filled at the same time. `close` closes those that are still open. */
  tree(
    name: string,
    title: string,
    columns: readonly ColumnSpec[],
    options: TreeOptions & { readonly directory?: string } = {},
  ): TreeWriter {
    this.#assertOpen();
    checkName(name);
    const { seek } = this.#directories.at(options.directory ?? '');
    const file = {
      compression: this.#compressor.settings,
      storeBasket: (basket: Basket) => {
        this.#assertOpen();
        return this.#records.appendBasket(basket, name, seek);
      },
      storeTree: (summary: TreeSummary) => {
        this.#openTrees.delete(writer);
        this.#storeTree(summary, options.directory ?? '');
      },
    };
    const writer = new TreeWriter(file, name, title, columns, options);
    this.#openTrees.add(writer);
    return writer;
  }

  /** Writes what is left, and publishes the file. @throws {RootWriteError} and no file stands under the name */
  close(): void {
    this.#assertOpen();
    try {
      for (const tree of [...this.#openTrees]) tree.close();
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
    { className, name, title }: { className: string; name: string; title: string },
    path: string,
    write: (buffer: RecordBuffer) => void,
  ): void {
    this.#assertOpen();
    checkName(name);
    const directory: DirectoryState = this.#directories.at(path);
    const cycle = nextCycle(directory.keys, name);
    const key = { className, name, title: keyTitle(title), cycle, seekDirectory: directory.seek };
    addKey(directory.keys, this.#records.append(key, write, true));
    this.#classes.add(className);
  }

  #storeTree(summary: TreeSummary, directory: string): void {
    const { name, title } = summary;
    this.#storeObject({ className: 'TTree', name, title }, directory, (buffer) => writeTree(buffer, summary));
    for (const used of ['TBranch', ...(summary.userInfo.length > 0 ? ['TObjString'] : [])]) this.#classes.add(used);
    if (summary.friends.length > 0) this.#classes.add('TFriendElement');
    for (const { shape } of summary.branches) this.#classes.add(leafClass(shape));
  }

  /** StreamerInfo, key lists, free space; then the places that had to wait: the directories, and last the header. */
  #endFile(): void {
    const atTop = { cycle: 1, seekDirectory: FILE_BEGIN };
    const info = this.#records.append(
      { className: 'TList', name: 'StreamerInfo', title: 'Doubly linked list', ...atTop },
      (buffer) => writeStreamerInfos(buffer, layoutsFor(this.#classes)),
      true,
    );
    this.#directories.appendKeyLists();
    const { name, title, nameBytes, uuid } = this.#directories.top;
    const names = { className: 'TFile', name, title, ...atTop };
    const free = this.#records.appendEnd(names, FREE_SEGMENT_BYTES, writeFreeSegment);
    this.#directories.patchRecords();
    const header = new RecordBuffer();
    const seeks = { seekInfo: info.seekKey, infoBytes: info.nbytes, seekFree: free.seekKey, freeBytes: free.nbytes };
    const { position: end } = this.#sink;
    writeFileHeader(header, { end, ...seeks, nameBytes, compression: this.#compressor.settings, uuid });
    this.#sink.patch(0, header.bytes);
  }
}

const compressorFor = ({ compression, level, tier }: RootFileOptions) =>
  openCompressor(compression ?? 'zlib', level, tier);
