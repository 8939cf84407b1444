/**
 * A member of a zip archive as a file of its own: `ARCHIVE?xrdcl.unzip=NAME`, as XRootD's clients and the catalog write it.
 *
 * A stored member is a range of its archive: only the archive's directory is read beside what is asked for. A deflated one is inflated into
 * memory when it is opened, up to a bound. Zip64 is read; encrypted members, those in several volumes and other methods are not.
 */
import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import { checkRange } from './byte-ranges.js';
import type { ByteRange, ByteSource } from './byte-source.js';
import { ArchiveError, BadUrlError, NoSuchFileError } from './errors.js';

const PARAMETER = /([?&])xrdcl\.unzip=([^&#]*)(&?)/;

/** The archive and the name in it; undefined: the URL names no member. @throws {BadUrlError} escapes that are none */
export function memberOf(url: string): { archive: string; member: string } | undefined {
  const found = PARAMETER.exec(url);
  if (found === null) return undefined;
  const [all, before, name, behind] = found;
  const rest = behind === '' ? '' : before!;
  try {
    return { archive: url.replace(all, () => rest), member: decodeURIComponent(name!) };
  } catch (cause) {
    throw new BadUrlError(url, 'the name behind xrdcl.unzip= must be percent-encoded', { cause });
  }
}

/** Inflated whole: longer members are to be stored. */
export const MOST_INFLATED_BYTES = 256 * 2 ** 20;
const MOST_DIRECTORY_BYTES = 256 * 2 ** 20;
const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const END64_BYTES = 56;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const LONGEST_COMMENT = 0xffff;
/** In a field of 32 bits: the true value is in the zip64 extra field. */
const ELSEWHERE = 0xffff_ffff;
const STORED = 0;
const DEFLATED = 8;

interface Entry {
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  /** Of its local header. */
  readonly at: number;
}

/** @param archive closed with the member @throws {NoSuchFileError | ArchiveError}, or what reading the archive throws */
export async function openMember(archive: ByteSource, member: string): Promise<ByteSource> {
  const url = `${archive.url}#${member}`;
  const damaged = (why: string): ArchiveError => new ArchiveError(url, why);
  const entry = findEntry(await readDirectory(archive, damaged), member, damaged);
  if (entry === undefined) throw new NoSuchFileError(url);
  const { method, packed, size, at } = entry;
  if ((entry.flags & 1) !== 0) throw damaged('the member is encrypted');
  if (method !== STORED && method !== DEFLATED) throw damaged(`the member is compressed by method ${method}`);
  if (method === STORED && packed !== size) throw damaged('a stored member has two sizes');
  if (at + LOCAL_BYTES > archive.size) throw damaged('the member begins behind its end');
  const local = await archive.read(at, LOCAL_BYTES);
  if (local.readUInt32LE(0) !== 0x04034b50) throw damaged('its directory points to no member');
  const start = at + LOCAL_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28);
  if (start + packed > archive.size) throw damaged('the member ends behind its end');
  if (method === STORED) return new Part(url, archive, { offset: start, length: size });
  const bytes = await inflated(archive, { start, entry }, damaged);
  await archive.close();
  return new Part(url, memory(url, bytes), { offset: 0, length: size });
}

async function inflated(
  archive: ByteSource,
  { start, entry: { packed, size, crc } }: { start: number; entry: Entry },
  damaged: (why: string) => ArchiveError,
): Promise<Buffer> {
  if (Math.max(size, packed) > MOST_INFLATED_BYTES)
    throw damaged(
      `the member is compressed and of ${size} bytes; up to ${MOST_INFLATED_BYTES} can be read, store longer ones uncompressed`,
    );
  const raw = await archive.read(start, packed);
  let bytes: Buffer;
  try {
    bytes = await promisify(inflateRaw)(raw, { maxOutputLength: Math.max(1, size) });
  } catch (cause) {
    throw damaged(`the member cannot be inflated (${(cause as Error).message})`);
  }
  if (bytes.length !== size || crc32(bytes) !== crc) throw damaged('the member is not what its directory says');
  return bytes;
}

/** The central directory's bytes. */
async function readDirectory(archive: ByteSource, damaged: (why: string) => ArchiveError): Promise<Buffer> {
  const tailBytes = Math.min(archive.size, END_BYTES + LONGEST_COMMENT + LOCATOR_BYTES);
  const tail = await archive.read(archive.size - tailBytes, tailBytes);
  let end = tail.length - END_BYTES;
  while (
    end >= 0 &&
    !(tail.readUInt32LE(end) === 0x06054b50 && end + END_BYTES + tail.readUInt16LE(end + 20) === tail.length)
  )
    end--;
  if (end < 0) throw damaged('it has no directory at its end: it is cut, or no zip file');
  let length = tail.readUInt32LE(end + 12);
  let offset = tail.readUInt32LE(end + 16);
  const locator = end - LOCATOR_BYTES;
  if (locator >= 0 && tail.readUInt32LE(locator) === 0x07064b50) {
    const at = Number(tail.readBigUInt64LE(locator + 8));
    if (at + END64_BYTES > archive.size) throw damaged('its directory lies behind its end');
    const end64 = await archive.read(at, END64_BYTES);
    if (end64.readUInt32LE(0) !== 0x06064b50) throw damaged('its zip64 directory is not where it should be');
    length = Number(end64.readBigUInt64LE(40));
    offset = Number(end64.readBigUInt64LE(48));
  }
  if (offset + length > archive.size) throw damaged('its directory lies behind its end');
  if (length > MOST_DIRECTORY_BYTES) throw damaged(`its directory has ${length} bytes`);
  return archive.read(offset, length);
}

/** The last one of that name counts, as for other readers. */
function findEntry(directory: Buffer, member: string, damaged: (why: string) => ArchiveError): Entry | undefined {
  const wanted = Buffer.from(member);
  let found: Entry | undefined;
  for (let at = 0; at + ENTRY_BYTES <= directory.length; ) {
    if (directory.readUInt32LE(at) !== 0x02014b50) throw damaged(`its directory is damaged at ${at}`);
    const nameEnd = at + ENTRY_BYTES + directory.readUInt16LE(at + 28);
    const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
    if (extraEnd > directory.length) throw damaged(`its directory is damaged at ${at}`);
    if (directory.subarray(at + ENTRY_BYTES, nameEnd).equals(wanted))
      found = entryAt(directory, at, directory.subarray(nameEnd, extraEnd));
    at = extraEnd + directory.readUInt16LE(at + 32);
  }
  return found;
}

function entryAt(directory: Buffer, at: number, extra: Buffer): Entry {
  const long = zip64Values(extra);
  const value = (offset: number): number => {
    const short = directory.readUInt32LE(at + offset);
    return short === ELSEWHERE ? (long.shift() ?? short) : short;
  };
  const size = value(24); // in the order of the extra field
  const packed = value(20);
  return {
    flags: directory.readUInt16LE(at + 8),
    method: directory.readUInt16LE(at + 10),
    crc: directory.readUInt32LE(at + 16),
    ...{ packed, size, at: value(42) },
  };
}

function zip64Values(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    const values: number[] = [];
    const end = Math.min(extra.length, at + 4 + extra.readUInt16LE(at + 2));
    for (let i = at + 4; i + 8 <= end; i += 8) values.push(Number(extra.readBigUInt64LE(i)));
    return values;
  }
  return [];
}

/** A range of another source. */
class Part implements ByteSource {
  readonly url: string;
  readonly size: number;
  readonly #whole: ByteSource;
  readonly #start: number;

  constructor(url: string, whole: ByteSource, { offset, length }: ByteRange) {
    this.url = url;
    this.size = length;
    this.#whole = whole;
    this.#start = offset;
  }

  async read(offset: number, length: number): Promise<Buffer> {
    checkRange(this, offset, length);
    return this.#whole.read(this.#start + offset, length);
  }
  async readMany(ranges: readonly ByteRange[]): Promise<Buffer[]> {
    for (const { offset, length } of ranges) checkRange(this, offset, length);
    return this.#whole.readMany(this.#shifted(ranges));
  }
  get readSync(): ByteSource['readSync'] {
    const whole = this.#whole;
    if (whole.readSync === undefined) return undefined;
    return (offset, length, into) => {
      checkRange(this, offset, length);
      return whole.readSync!(this.#start + offset, length, into);
    };
  }
  prefetch(ranges: readonly ByteRange[]): void {
    this.#whole.prefetch?.(this.#shifted(ranges.filter(({ offset, length }) => offset + length <= this.size)));
  }
  close(): Promise<void> {
    return this.#whole.close();
  }

  #shifted(ranges: readonly ByteRange[]): ByteRange[] {
    return ranges.map(({ offset, length }) => ({ offset: this.#start + offset, length }));
  }
}

function memory(url: string, bytes: Buffer): ByteSource {
  const cut = (offset: number, length: number): Buffer => bytes.subarray(offset, offset + length);
  return {
    ...{ url, size: bytes.length },
    read: async (offset, length) => cut(offset, length),
    readMany: async (ranges) => ranges.map(({ offset, length }) => cut(offset, length)),
    readSync: (offset, length, into) => {
      if (into === undefined || into.length < length) return cut(offset, length);
      cut(offset, length).copy(into);
      return into.subarray(0, length);
    },
    close: async () => {},
  };
}
