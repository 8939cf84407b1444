/**
 * The parts of an RNTuple outside its pages: the anchor, which a key of the file holds, and the envelopes that it leads to.
 * Checksums (XXH3, 64 bits) are verified before anything is believed. Source: BinaryFormatSpecification.md, "Anchor Schema", "Envelopes".
 */
import { CorruptFileError, type Place, UnsupportedFileError } from '../errors.js';
import { checkInFile } from '../file/header.js';
import { type FileAccess, unpack } from '../file/record.js';
import { FrameCursor } from './frame-cursor.js';

export interface Anchor {
  readonly version: readonly [epoch: number, major: number, minor: number, patch: number];
  readonly header: EnvelopeLink;
  readonly footer: EnvelopeLink;
  readonly maxKeySize: number;
}

export interface Locator {
  readonly offset: number;
  readonly nbytes: number;
}

export interface EnvelopeLink extends Locator {
  /** Bytes once decompressed. */
  readonly length: number;
}

const ANCHOR_BYTES = 64;
const CHECKSUM_BYTES = 8;

/** @throws {CorruptFileError} {UnsupportedFileError} for another epoch of the format */
export function parseAnchor(object: Buffer, file: FileAccess, place: Place): Anchor {
  // A byte count and a version come first; later versions may add members behind those we know.
  const begin = 6;
  if (object.length < begin + ANCHOR_BYTES + CHECKSUM_BYTES)
    throw new CorruptFileError(place, 'the anchor is too short');
  const members = object.subarray(begin, object.length - CHECKSUM_BYTES);
  if (file.codecs.xxh3(members) !== object.readBigUInt64BE(object.length - CHECKSUM_BYTES))
    throw new CorruptFileError(place, "the anchor's checksum is wrong");
  const u64 = (at: number): number => Number(members.readBigUInt64BE(at));
  const version = [0, 2, 4, 6].map((at) => members.readUInt16BE(at)) as [number, number, number, number];
  if (version[0] !== 1)
    throw new UnsupportedFileError(place, `its format is of epoch ${version.join('.')}, and only epoch 1 can be read`);
  return {
    version,
    header: { offset: u64(8), nbytes: u64(16), length: u64(24) },
    footer: { offset: u64(32), nbytes: u64(40), length: u64(48) },
    maxKeySize: u64(56),
  };
}

export type EnvelopeType = 'header' | 'footer' | 'page list';
const TYPES: Readonly<Record<EnvelopeType, number>> = { header: 1, footer: 2, 'page list': 3 };

/**
 * An envelope's contents, behind its type and length and before its checksum.
 * @throws {CorruptFileError} {UnsupportedFileError} for one of more than `maxKeySize` bytes, which ROOT splits over several keys
 */
export async function readEnvelope(
  file: FileAccess,
  link: EnvelopeLink,
  type: EnvelopeType,
  maxKeySize: number,
): Promise<{ cursor: FrameCursor; checksum: bigint }> {
  const place: Place = { url: file.source.url, offset: link.offset, length: link.nbytes, what: `an RNTuple's ${type}` };
  checkInFile(place, file.source.size);
  if (maxKeySize > 0 && link.nbytes > maxKeySize)
    throw new UnsupportedFileError(
      place,
      `its ${link.nbytes} bytes are split over several keys of at most ${maxKeySize} bytes, which this version cannot read`,
    );
  const bytes = unpack(file.codecs, await file.source.read(link.offset, link.nbytes), link.length, place);
  if (bytes.length < 8 + CHECKSUM_BYTES) throw new CorruptFileError(place, 'it is too short for an envelope');
  const end = bytes.length - CHECKSUM_BYTES;
  const checksum = bytes.readBigUInt64LE(end);
  if (file.codecs.xxh3(bytes.subarray(0, end)) !== checksum) throw new CorruptFileError(place, 'its checksum is wrong');
  const preamble = bytes.readBigUInt64LE(0);
  if (Number(preamble & 0xffffn) !== TYPES[type] || Number(preamble >> 16n) !== bytes.length)
    throw new CorruptFileError(place, `its envelope is of type ${preamble & 0xffffn} and ${preamble >> 16n} bytes`);
  return { cursor: new FrameCursor(bytes, place, 8, end), checksum };
}

/** @throws {UnsupportedFileError} for places that are not in this file */
export function readLocator(frame: FrameCursor): Locator {
  const size = frame.i32();
  if (size >= 0) return { nbytes: size, offset: frame.u64() };
  const type = (-size >> 24) & 0x7f;
  if (type !== 1)
    throw new UnsupportedFileError(frame.place, `pages lie where locator type ${type} says, which is not in this file`);
  return { nbytes: frame.u64(), offset: frame.u64() };
}

export function readEnvelopeLink(frame: FrameCursor): EnvelopeLink {
  const length = frame.u64();
  return { length, ...readLocator(frame) };
}
