/**
 * A ROOT file opened for reading: its keys, its trees as tables, its objects.
 *
 * Opening reads the header, the top directory and the streamer infos; directories below and trees are read when they are asked for.
 */
import { basename } from 'node:path';
import { GridError } from '../protocol/errors.js';
import type { ByteSource } from '../storage/byte-source.js';
import type { SiblingOpener } from '../storage/sibling.js';
import type { Codecs } from './compression/codec.js';
import { codecs } from './compression/tier.js';
import { UnsupportedFileError, WhichTableError } from './errors.js';
import { Cursor } from './file/cursor.js';
import { Directories, type KeyEntry } from './file/directories.js';
import { checkInFile, type FileHeader, HEADER_BYTES, parseDirectory, parseHeader } from './file/header.js';
import { parseKey } from './file/key.js';
import { type FileAccess, readRecord } from './file/record.js';
import { type Friend, FriendTable, type MissingFriend } from './friend-table.js';
import { FriendTrail } from './friend-trail.js';
import { ObjectStreamer } from './jsroot/structure.js';
import { openNtuple } from './ntuple/ntuple-table.js';
import { ObjectTable } from './object-table.js';
import type { Table } from './table.js';
import { type TreeRecord, treeRecord } from './tree/branch.js';
import { TreeTable } from './tree/tree-table.js';

/** A key as a listing shows it. */
export interface KeyInfo {
  /** Directories and name, joined by `/`, without cycle. */
  readonly path: string;
  readonly cycle: number;
  readonly className: string;
  readonly title: string;
  /** On disk, and once decompressed. */
  readonly nbytes: number;
  readonly objlen: number;
}

/** In the place of a tree's name: a data set of objects, as TDSet had it. */
export const OBJECTS = 'class=';

const TREE_CLASSES: ReadonlySet<string> = new Set(['TTree', 'TNtuple', 'TNtupleD', 'TChain']);

export interface RootFileOptions {
  /** Instead of the tier that this process chose. */
  readonly codecs?: Codecs;
  /** Opens the file of a friend tree by the name that the tree's record gives it. Without it such friends are left out. */
  readonly openFriend?: SiblingOpener;
}

/** @throws {NotRootFileError} {CorruptFileError} and the source's own errors. The file closes the source. */
export async function openRootFile(source: ByteSource, options: RootFileOptions = {}): Promise<RootFile> {
  const start = await source.read(0, Math.min(source.size, 4 * HEADER_BYTES));
  const header = parseHeader(start, source.url);
  const place = {
    url: source.url,
    offset: header.begin,
    length: header.nbytesName + 30,
    what: "the file's own directory",
  };
  checkInFile(place, source.size);
  const record = new Cursor(
    await source.read(header.begin, Math.min(place.length + 64, source.size - header.begin)),
    place,
  );
  record.skip(header.nbytesName);
  const access = { source, codecs: options.codecs ?? (await codecs()) };
  return new RootFile(access, header, new Directories(access, parseDirectory(record)), options.openFriend);
}

export class RootFile {
  #streamer: Promise<ObjectStreamer> | undefined;
  /** Files of friends, by the name in the record. */
  readonly #friendFiles = new Map<string, Promise<RootFile>>();
  constructor(
    readonly access: FileAccess,
    readonly header: FileHeader,
    readonly directories: Directories,
    readonly openFriend?: RootFileOptions['openFriend'],
  ) {}

  get url(): string {
    return this.access.source.url;
  }

  /** Libraries that decompress, for people. */
  get codecs(): Codecs {
    return this.access.codecs;
  }

  /** All keys, directories included, depth first. */
  async keys(): Promise<readonly KeyInfo[]> {
    return (await this.directories.all()).map(({ path, key }) => ({
      path,
      cycle: key.cycle,
      className: key.className,
      title: key.title,
      nbytes: key.nbytes,
      objlen: key.objlen,
    }));
  }

  /** Paths of the trees and ntuples, each once, however many cycles it has. */
  async tables(): Promise<readonly string[]> {
    const keys = await this.directories.all();
    return [...new Set(keys.filter(({ key }) => isTable(key.className)).map(({ path }) => path))];
  }

  /**
   * @param path without it the file's only tree; `class=TH1F` means the objects of that class, one an entry
   * @throws {WhichTableError} {NoSuchObjectError} {CorruptFileError} {UnsupportedFileError}
   */
  async table(path?: string): Promise<Table> {
    if (path?.startsWith(OBJECTS)) return this.objectTable(path.slice(OBJECTS.length));
    return this.#table(await this.directories.find(path ?? (await this.#onlyTable())));
  }

  /** Any object, as JSROOT names its members. @throws {NoSuchObjectError} {CorruptFileError} */
  async object(path: string): Promise<Record<string, unknown>> {
    return this.#object(await this.directories.find(path));
  }

  /** The objects of a class, or of classes derived from it, one an entry. */
  async objectTable(className: string): Promise<Table> {
    const streamer = await this.#streamerInfos();
    const found = new Map<string, KeyEntry>();
    for (const entry of await this.directories.all())
      if (streamer.isA(entry.key.className, className) && (found.get(entry.path)?.key.cycle ?? -1) < entry.key.cycle)
        found.set(entry.path, entry);
    const objects = [...found.values()].map((entry) => ({
      path: entry.path,
      nbytes: entry.key.nbytes,
      read: () => this.#object(entry),
    }));
    return new ObjectTable(`${OBJECTS}${className}`, className, objects);
  }

  /** Files of friends close with it. */
  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#friendFiles.values());
    const friends = opened.flatMap((one) =>
      one.status === 'fulfilled' && one.value !== this ? [one.value.close()] : [],
    );
    await Promise.all([this.access.source.close(), ...friends]);
  }

  async #onlyTable(): Promise<string> {
    const tables = await this.tables();
    if (tables.length !== 1) throw new WhichTableError(this.url, tables);
    return tables[0]!;
  }

  async #table(entry: KeyEntry, trail = new FriendTrail()): Promise<Table> {
    const { key } = entry;
    const place = { url: this.url, offset: key.seek, length: key.nbytes, what: `${key.className} "${entry.path}"` };
    if (TREE_CLASSES.has(key.className)) {
      const record = treeRecord(await this.#object(entry), key.className, place);
      const table = new TreeTable(this.access, record, await this.#streamerInfos(), entry.path);
      return record.friends.length > 0 ? this.#withFriends(table, record, trail.to(this.url, entry.path)) : table;
    }
    if (key.className === 'ROOT::RNTuple')
      return openNtuple(this.access, (await readRecord(this.access, key)).bytes, place, entry.path);
    throw new UnsupportedFileError(place, `a ${key.className} has no entries to read`);
  }

  /** A friend that cannot be opened is left out: the table's own columns are still good. */
  async #withFriends(table: Table, record: TreeRecord, trail: FriendTrail): Promise<Table> {
    const friends: Friend[] = [];
    const missing: MissingFriend[] = [];
    for (const { alias, tree, file } of record.friends) {
      const name = tree === '' ? alias : tree;
      try {
        const holder = file === '' ? this : await this.#friendFile(file);
        const entry = await holder.directories.find(name);
        if (trail.holds(holder.url, entry.path)) continue;
        trail.count();
        friends.push({ alias, table: await holder.#table(entry, trail) });
      } catch (cause) {
        if (!(cause instanceof GridError)) throw cause;
        missing.push({ alias, tree: name, file, cause, url: this.url });
      }
    }
    return new FriendTable(table, friends, missing);
  }

  #friendFile(name: string): Promise<RootFile> {
    const opening = this.#friendFiles.get(name) ?? this.#openFriendFile(name);
    this.#friendFiles.set(name, opening);
    return opening;
  }

  async #openFriendFile(name: string): Promise<RootFile> {
    // A file that was moved may name itself by its old place.
    const own = basename(name) === basename(this.url) ? this : undefined;
    if (this.openFriend === undefined) {
      if (own !== undefined) return own;
      const place = { url: this.url, offset: 0, length: 0, what: `the friend in ${name}` };
      throw new UnsupportedFileError(place, 'files of friends are not opened here');
    }
    let source: ByteSource | undefined;
    try {
      const sibling = await this.openFriend(name);
      source = sibling.source;
      if (source.url !== this.url)
        return await openRootFile(source, { codecs: this.access.codecs, openFriend: sibling.openSibling });
      await source.close();
      return this;
    } catch (error) {
      await source?.close();
      if (own !== undefined && source === undefined) return own;
      throw error;
    }
  }

  async #object({ key }: KeyEntry): Promise<Record<string, unknown>> {
    const [streamer, { bytes, place }] = await Promise.all([this.#streamerInfos(), readRecord(this.access, key)]);
    return streamer.object(key.className, bytes, key.keylen, place);
  }

  #streamerInfos(): Promise<ObjectStreamer> {
    this.#streamer ??= this.#learn();
    return this.#streamer;
  }

  async #learn(): Promise<ObjectStreamer> {
    const streamer = new ObjectStreamer(this.url);
    const { seekInfo, nbytesInfo } = this.header;
    if (seekInfo === 0 || nbytesInfo === 0) return streamer;
    const place = { url: this.url, offset: seekInfo, length: nbytesInfo, what: 'the streamer infos' };
    checkInFile(place, this.access.source.size);
    const key = parseKey(new Cursor(await this.access.source.read(seekInfo, nbytesInfo), place));
    const { bytes } = await readRecord(this.access, { ...key, seek: seekInfo });
    streamer.learn(bytes, key.keylen, place);
    return streamer;
  }
}

function isTable(className: string): boolean {
  return TREE_CLASSES.has(className) || className === 'ROOT::RNTuple';
}
