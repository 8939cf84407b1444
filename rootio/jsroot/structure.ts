/**
 * Objects by streamer info: bytes of a record become a plain JavaScript object, as JSROOT names its members.
 *
 * JSROOT does the streaming, over bytes that were read, bounded and decompressed by us; it opens nothing. Each claimed length is held
 * against the bytes that are there before anything is allocated, and whatever JSROOT throws becomes a CorruptFileError.
 */
import { CorruptFileError, type Place } from '../errors.js';
import { decodeText } from '../file/text.js';
import { boundStreamers, checkElement } from './bounds.js';
import { createMemberStreamer, createStreamerElement, type StreamedObject, TBuffer, TFile } from './jsroot.js';
import { STANDARD_CLASSES, standardStreamerInfos } from './standard-classes.js';

export type { StreamedObject };

/** One member of a class, as its streamer info describes it. */
export interface StreamerElement {
  readonly name: string;
  readonly title: string;
  readonly type: number;
  readonly typeName: string;
  /** Class of the element: TStreamerBase, TStreamerSTL ... */
  readonly className: string;
  readonly raw: StreamedObject;
}

/** Marks the byte count that an object may begin with. */
const BYTE_COUNT = 0x40000000;
/** Classes derived from one another further than this are a damaged file's. */
const DEEPEST_CLASS = 32;

export type ValueReader = (buffer: TBuffer) => unknown;

/** JSROOT's buffer with lengths checked before they are believed, and text as UTF-8. */
class BoundedBuffer extends TBuffer {
  #room(length: number): void {
    if (!(length >= 0) || length > this.arr.byteLength - this.o)
      throw new RangeError(
        `${length} values are claimed at byte ${this.o}, where ${this.arr.byteLength - this.o} bytes are left`,
      );
  }
  override readFastArray(length: number, type: number): ArrayLike<unknown> {
    this.#room(length);
    return super.readFastArray(length, type);
  }
  override readFastString(length: number): string {
    this.#room(length);
    return super.readFastString(length);
  }
  override substring(begin: number, end: number): string {
    if (end < begin || end > this.arr.byteLength)
      throw new RangeError(`text from byte ${begin} to ${end} of ${this.arr.byteLength}`);
    return decodeText(Buffer.from(this.arr.buffer, this.arr.byteOffset + begin, end - begin));
  }
}

/** The classes that a file describes; those that every reader knows come to their aid, loaded when one is first missed. */
class ClassesOfFile extends TFile {
  override findStreamerInfo(className?: string, version?: number, checksum?: number): StreamedObject | null {
    const found = super.findStreamerInfo(className, version, checksum);
    if (found !== null || className === undefined || !STANDARD_CLASSES.has(className)) return found;
    // Only where the file says nothing of the class: an unknown version of a known one is not to be guessed.
    if (super.findStreamerInfo(className) !== null) return null;
    const standard = new TFile(null);
    standard.extractStreamerInfos(new TBuffer(viewOf(standardStreamerInfos()), 0, standard));
    this.fStreamerInfos ??= { arr: [] };
    const known = new Set(this.fStreamerInfos.arr.map((info) => info['fName']));
    this.fStreamerInfos.arr.push(...(standard.fStreamerInfos?.arr ?? []).filter((info) => !known.has(info['fName'])));
    return super.findStreamerInfo(className, version, checksum);
  }
}

boundStreamers();

function checkInfo(info: StreamedObject): void {
  const elements = (info['fElements'] as { arr?: unknown } | null | undefined)?.arr;
  if (!Array.isArray(elements)) return;
  for (const element of elements)
    if (typeof element === 'object' && element !== null) checkElement(String(info['fName']), element as StreamedObject);
}

const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

export class ObjectStreamer {
  readonly #file = new ClassesOfFile(null);
  constructor(readonly url: string) {}

  /** Learns the classes of a file from its StreamerInfo record. @throws {CorruptFileError} */
  learn(bytes: Buffer, keylen: number, place: Place): void {
    this.#guarded(place, () => {
      this.#file.extractStreamerInfos(this.#buffer(bytes, keylen));
      if (this.#file.fStreamerInfos === null) throw new Error('its streamer infos cannot be read');
      for (const info of this.#file.fStreamerInfos.arr) checkInfo(info);
    });
  }

  /** @throws {CorruptFileError} */
  object(className: string, bytes: Buffer, keylen: number, place: Place): StreamedObject {
    return this.#guarded(place, () => {
      const object: StreamedObject = {};
      const buffer = this.#buffer(bytes, keylen);
      // Text alone under a key: no class of it is ever described.
      if (className === 'string') return { _typename: className, fString: buffer.readTString() };
      buffer.mapObject(1, object);
      return buffer.classStreamer(object, className);
    });
  }

  /** An object that is an entry of its own: behind a byte count and version where its class has a streamer, else its bare members. */
  members(className: string, version: number, checksum: number): ValueReader | undefined {
    const streamers = this.#file.getStreamer(className, { val: version, ...(checksum === 0 ? {} : { checksum }) });
    if (streamers === null) return undefined;
    return (buffer) => {
      const object: StreamedObject = { _typename: className };
      const first = buffer.remain() >= 6 ? buffer.arr.getUint32(buffer.o) : 0;
      if (first === (BYTE_COUNT | (buffer.remain() - 4)) >>> 0) return buffer.classStreamer(object, className);
      for (const streamer of streamers) streamer.func(buffer, object);
      return object;
    };
  }

  /** A value of a C++ type by name: a class with its header, a collection, a pair. */
  typed(typeName: string): ValueReader {
    return this.member(createStreamerElement('value', typeName, this.#file));
  }

  /** One member, as its streamer element says. */
  member(element: StreamedObject): ValueReader {
    const member = createMemberStreamer({ ...element, fName: 'value' }, this.#file);
    return (buffer) => {
      const holder: StreamedObject = {};
      member.func(buffer, holder);
      return holder['value'];
    };
  }

  /** The same member of each element of a split collection: those that the entry's bytes hold. */
  elementMembers(element: StreamedObject): ValueReader {
    const member = createMemberStreamer({ ...element, fName: 'value' }, this.#file);
    return (buffer) => {
      const values: unknown[] = [];
      const version = buffer.remain() > 0 ? member.read_version?.(buffer, 1) : undefined;
      while (buffer.remain() > 0) {
        const before = buffer.o;
        const holder: StreamedObject = {};
        if (member.readelem !== undefined) values.push(member.readelem(buffer));
        else {
          member.func(buffer, holder);
          values.push(holder['value']);
        }
        if (buffer.o <= before) throw new Error('a value takes no bytes');
      }
      if (version !== undefined && version !== null) buffer.checkByteCount(version);
      return values;
    };
  }

  /** An object behind the name of its class: a TBranchObject of a virtual class. */
  named(): ValueReader {
    return (buffer) => {
      const length = buffer.ntou1();
      const className = buffer.substring(buffer.o, buffer.o + length);
      buffer.shift(length + 1);
      return buffer.classStreamer({}, className);
    };
  }

  /** Reads one value from bytes [begin, end) of a basket, in which object tags count from its key. */
  valueIn(bytes: Buffer, span: { begin: number; end: number; keylen: number }, read: ValueReader): unknown {
    return read(this.#buffer(bytes.subarray(span.begin, span.end), span.keylen + span.begin));
  }

  /** Is it the class, or derived from it as far as the file says? */
  isA(className: string, wanted: string, depth = 0): boolean {
    if (className === wanted) return true;
    if (depth > DEEPEST_CLASS) return false;
    const bases = (this.elements(className) ?? []).filter((element) => element.className === 'TStreamerBase');
    return bases.some((base) => this.isA(base.name, wanted, depth + 1));
  }

  /** The members of a class in a version, or with a checksum, or any; undefined where the file does not say. */
  elements(className: string, version?: number, checksum?: number): readonly StreamerElement[] | undefined {
    const info =
      (checksum !== undefined && checksum !== 0 ? this.#file.findStreamerInfo(className, undefined, checksum) : null) ??
      this.#file.findStreamerInfo(className, version) ??
      this.#file.findStreamerInfo(className);
    const list = (info?.['fElements'] as { arr?: unknown } | undefined)?.arr;
    return Array.isArray(list) ? list.map((element) => toElement(element as StreamedObject)) : undefined;
  }

  #buffer(bytes: Buffer, keylen: number): BoundedBuffer {
    const buffer = new BoundedBuffer(viewOf(bytes), 0, this.#file);
    buffer.fTagOffset = keylen;
    return buffer;
  }

  #guarded<T>(place: Place, read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw new CorruptFileError(place, error instanceof Error ? error.message : String(error), { cause: error });
    }
  }
}

function toElement(raw: StreamedObject): StreamerElement {
  return {
    name: String(raw['fName']),
    title: String(raw['fTitle']),
    type: Number(raw['fType']),
    typeName: String(raw['fTypeName']),
    className: String(raw['_typename']),
    raw,
  };
}
