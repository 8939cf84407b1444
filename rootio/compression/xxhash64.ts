/**
 * XXH64 with seed 0: the checksum that ROOT puts before LZ4 data.
 *
 * 64-bit words are pairs of 32-bit halves, because BigInt arithmetic would be forty times slower.
 * Source: the xxHash specification (doc/xxhash_spec.md of Cyan4973/xxHash), "XXH64 algorithm description".
 */
interface Word {
  hi: number;
  lo: number;
}
const word = (value: bigint): Word => ({ hi: Number(value >> 32n) | 0, lo: Number(value & 0xffffffffn) | 0 });

const PRIME1 = word(0x9e3779b185ebca87n);
const PRIME2 = word(0xc2b2ae3d27d4eb4fn);
const PRIME3 = word(0x165667b19e3779f9n);
const PRIME4 = word(0x85ebca77c2b2ae63n);
const PRIME5 = word(0x27d4eb2f165667c5n);
/** Where the four lanes begin: prime 1 + prime 2, prime 2, 0, -prime 1. */
const LANES = [0x60ea27eeadc0b5d6n, 0xc2b2ae3d27d4eb4fn, 0n, 0x61c8864e7a143579n];

/** The hash as its canonical eight bytes, big-endian. */
export function xxhash64(bytes: Buffer): Buffer {
  const hash: Word = { hi: 0, lo: 0 };
  let at = 0;
  if (bytes.length >= 32) {
    const lanes = LANES.map(word) as [Word, Word, Word, Word];
    for (; at + 32 <= bytes.length; at += 32) {
      round(lanes[0], bytes.readInt32LE(at + 4), bytes.readInt32LE(at));
      round(lanes[1], bytes.readInt32LE(at + 12), bytes.readInt32LE(at + 8));
      round(lanes[2], bytes.readInt32LE(at + 20), bytes.readInt32LE(at + 16));
      round(lanes[3], bytes.readInt32LE(at + 28), bytes.readInt32LE(at + 24));
    }
    [1, 7, 12, 18].forEach((bits, i) => {
      const turned = { ...lanes[i]! };
      rotate(turned, bits);
      add(hash, turned.hi, turned.lo);
    });
    for (const lane of lanes) merge(hash, lane);
  } else Object.assign(hash, PRIME5);
  add(hash, 0, bytes.length);
  finishTail(hash, bytes, at);
  return avalanche(hash);
}

/** lane = rotate(lane + input * prime 2, 31) * prime 1 */
function round(lane: Word, hi: number, lo: number): void {
  const input = { hi, lo };
  multiply(input, PRIME2);
  add(lane, input.hi, input.lo);
  rotate(lane, 31);
  multiply(lane, PRIME1);
}

function merge(hash: Word, lane: Word): void {
  const folded = { hi: 0, lo: 0 };
  round(folded, lane.hi, lane.lo);
  xor(hash, folded.hi, folded.lo);
  multiply(hash, PRIME1);
  add(hash, PRIME4.hi, PRIME4.lo);
}

/** The last bytes: by eight, by four, one by one. */
function finishTail(hash: Word, bytes: Buffer, first: number): void {
  let at = first;
  for (; at + 8 <= bytes.length; at += 8) {
    const folded = { hi: 0, lo: 0 };
    round(folded, bytes.readInt32LE(at + 4), bytes.readInt32LE(at));
    xor(hash, folded.hi, folded.lo);
    rotate(hash, 27);
    multiply(hash, PRIME1);
    add(hash, PRIME4.hi, PRIME4.lo);
  }
  for (; at + 4 <= bytes.length; at += 4) {
    const part = { hi: 0, lo: bytes.readInt32LE(at) };
    multiply(part, PRIME1);
    xor(hash, part.hi, part.lo);
    rotate(hash, 23);
    multiply(hash, PRIME2);
    add(hash, PRIME3.hi, PRIME3.lo);
  }
  for (; at < bytes.length; at++) {
    const part = { hi: 0, lo: bytes[at]! };
    multiply(part, PRIME5);
    xor(hash, part.hi, part.lo);
    rotate(hash, 11);
    multiply(hash, PRIME1);
  }
}

function avalanche(hash: Word): Buffer {
  xor(hash, 0, hash.hi >>> 1); // h ^= h >> 33
  multiply(hash, PRIME2);
  xor(hash, hash.hi >>> 29, (hash.hi << 3) | (hash.lo >>> 29));
  multiply(hash, PRIME3);
  xor(hash, 0, hash.hi); // h ^= h >> 32
  const canonical = Buffer.allocUnsafe(8);
  canonical.writeInt32BE(hash.hi, 0);
  canonical.writeInt32BE(hash.lo, 4);
  return canonical;
}

function xor(word: Word, hi: number, lo: number): void {
  word.hi ^= hi;
  word.lo ^= lo;
}
function add(word: Word, hi: number, lo: number): void {
  const low = (word.lo >>> 0) + (lo >>> 0);
  word.hi = (word.hi + hi + (low > 0xffffffff ? 1 : 0)) | 0;
  word.lo = low | 0;
}
function rotate(word: Word, bits: number): void {
  const { hi, lo } = word;
  word.hi = (hi << bits) | (lo >>> (32 - bits));
  word.lo = (lo << bits) | (hi >>> (32 - bits));
}
/** word *= factor, modulo 2^64; the upper half of lo * lo by 16-bit pieces. */
function multiply(word: Word, factor: Word): void {
  const a0 = word.lo & 0xffff;
  const a1 = word.lo >>> 16;
  const b0 = factor.lo & 0xffff;
  const b1 = factor.lo >>> 16;
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const upper = a1 * b1 + (middle >>> 16) + ((a0 * b1 + (middle & 0xffff)) >>> 16);
  word.hi = (upper + Math.imul(word.hi, factor.lo) + Math.imul(word.lo, factor.hi)) | 0;
  word.lo = Math.imul(word.lo, factor.lo);
}
