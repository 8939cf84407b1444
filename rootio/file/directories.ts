/**
 * The directories of a file: each key by its path. A directory is read when something in it is asked for, and once.
 * Bytes that lead in a circle end in an error: no directory may be inside itself.
 */
import { CorruptFileError, NoSuchObjectError, type Place } from '../errors.js';
import { Cursor } from './cursor.js';
import { checkInFile, type DirectoryRecord, parseDirectory } from './header.js';
import { type Key, parseKey } from './key.js';
import type { FileAccess } from './record.js';

/** A key and the path that it is found by, without cycle. */
export interface KeyEntry {
  readonly path: string;
  readonly key: Key;
}

/** Directories inside one another, at most: ROOT's own users stay far below. */
const DEEPEST = 100;

export class Directories {
  readonly #read = new Map<number, Promise<readonly Key[]>>();
  constructor(
    readonly file: FileAccess,
    readonly top: DirectoryRecord,
  ) {}

  /** Every key, depth first, in the file's order: a directory stands before what it holds. */
  async all(): Promise<KeyEntry[]> {
    const found: KeyEntry[] = [];
    await this.#walk(this.top, '', [], found);
    return found;
  }

  async #walk(record: DirectoryRecord, prefix: string, trail: readonly number[], found: KeyEntry[]): Promise<void> {
    const place = {
      url: this.file.source.url,
      offset: record.seekKeys,
      length: record.nbytesKeys,
      what: `directory "${prefix}"`,
    };
    if (trail.includes(record.seekKeys)) throw new CorruptFileError(place, 'the directory is inside itself');
    if (trail.length > DEEPEST) throw new CorruptFileError(place, `directories go deeper than ${DEEPEST}`);
    for (const key of await this.#keysOf(record, prefix)) {
      found.push({ path: prefix + key.name, key });
      if (!isDirectory(key)) continue;
      await this.#walk(await this.#open(key), `${prefix}${key.name}/`, [...trail, record.seekKeys], found);
    }
  }

  /** `dir/name` or `dir/name;2`; without a cycle the highest. @throws {NoSuchObjectError} */
  async find(path: string): Promise<KeyEntry> {
    const [name, cycle] = splitCycle(path);
    const found = await this.#find(this.top, name, cycle, '');
    if (found !== undefined) return found;
    const present = (await this.all()).map((entry) => entry.path);
    throw new NoSuchObjectError(this.file.source.url, path, [...new Set(present)]);
  }

  /** Names may hold slashes themselves, therefore the whole rest is tried as a name first, then ever shorter directories. */
  async #find(
    record: DirectoryRecord,
    rest: string,
    cycle: number | undefined,
    prefix: string,
  ): Promise<KeyEntry | undefined> {
    const keys = await this.#keysOf(record, prefix);
    const direct = newest(keys.filter((key) => key.name === rest && (cycle === undefined || key.cycle === cycle)));
    if (direct !== undefined) return { path: prefix + rest, key: direct };
    for (let slash = rest.lastIndexOf('/'); slash > 0; slash = rest.lastIndexOf('/', slash - 1)) {
      const [name, dirCycle] = splitCycle(rest.slice(0, slash));
      const directory = newest(
        keys.filter(
          (key) => key.name === name && isDirectory(key) && (dirCycle === undefined || key.cycle === dirCycle),
        ),
      );
      if (directory === undefined || prefix.split('/').length > DEEPEST) continue;
      const found = await this.#find(await this.#open(directory), rest.slice(slash + 1), cycle, `${prefix}${name}/`);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #open(key: Key): Promise<DirectoryRecord> {
    const place: Place = {
      url: this.file.source.url,
      offset: key.seek,
      length: key.nbytes,
      what: `directory "${key.name}"`,
    };
    checkInFile(place, this.file.source.size);
    const record = await this.file.source.read(key.seek, key.nbytes);
    return parseDirectory(new Cursor(record.subarray(key.keylen), place));
  }

  #keysOf(record: DirectoryRecord, prefix: string): Promise<readonly Key[]> {
    const known = this.#read.get(record.seekKeys) ?? this.#readKeys(record, prefix);
    this.#read.set(record.seekKeys, known);
    return known;
  }

  async #readKeys(record: DirectoryRecord, prefix: string): Promise<readonly Key[]> {
    if (record.seekKeys === 0 || record.nbytesKeys === 0) return [];
    const what = prefix === '' ? "the top directory's key list" : `the key list of directory "${prefix.slice(0, -1)}"`;
    const place: Place = { url: this.file.source.url, offset: record.seekKeys, length: record.nbytesKeys, what };
    checkInFile(place, this.file.source.size);
    const c = new Cursor(await this.file.source.read(record.seekKeys, record.nbytesKeys), place);
    parseKey(c);
    const count = c.i32();
    if (count < 0) c.fail(`it states ${count} keys`);
    const keys: Key[] = [];
    for (let i = 0; i < count; i++) keys.push(parseKey(c));
    return keys;
  }
}

export function isDirectory(key: Key): boolean {
  return key.className === 'TDirectory' || key.className === 'TDirectoryFile';
}

function newest(keys: readonly Key[]): Key | undefined {
  return keys.reduce<Key | undefined>(
    (best, key) => (best === undefined || key.cycle > best.cycle ? key : best),
    undefined,
  );
}

function splitCycle(path: string): [string, number | undefined] {
  const match = /^(.*);(\d+)$/s.exec(path);
  return match === null ? [path, undefined] : [match[1]!, Number(match[2])];
}
