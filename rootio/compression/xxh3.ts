/**
 * XXH3, 64 bits, seed 0: the checksum of RNTuples, where the system has no libxxhash.
 *
 * Short inputs are hashed with BigInt. The loop over long ones works on halves of 32 bits, because BigInt would be many times slower.
 * Source: the xxHash specification and xxhash.h of Cyan4973/xxHash (XXH3_64bits).
 */
const PRIME32_1 = 0x9e3779b1n;
const PRIME32_2 = 0x85ebca77n;
const PRIME32_3 = 0xc2b2ae3dn;
const PRIME64_1 = 0x9e3779b185ebca87n;
const PRIME64_2 = 0xc2b2ae3d27d4eb4fn;
const PRIME64_3 = 0x165667b19e3779f9n;
const PRIME64_4 = 0x85ebca77c2b2ae63n;
const PRIME64_5 = 0x27d4eb2f165667c5n;
const PRIME_MX1 = 0x165667919e3779f9n;
const PRIME_MX2 = 0x9fb21c651e98df25n;

const SECRET = Buffer.from(
  'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c' +
    '3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364' +
    'eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e',
  'hex',
);
const STRIPE = 64;
/** Stripes between two scrambles: the secret moves by 8 bytes a stripe. */
const STRIPES_OF_BLOCK = (SECRET.length - STRIPE) / 8;

const u64 = (x: bigint): bigint => BigInt.asUintN(64, x);
const secret = (at: number): bigint => SECRET.readBigUInt64LE(at);
/** Both halves of the product, one XOR the other. */
function fold(a: bigint, b: bigint): bigint {
  const product = a * b;
  return u64(product) ^ (product >> 64n);
}
function avalanche(hash: bigint): bigint {
  const x = u64((hash ^ (hash >> 37n)) * PRIME_MX1);
  return x ^ (x >> 32n);
}
function avalanche64(hash: bigint): bigint {
  const x = u64((hash ^ (hash >> 33n)) * PRIME64_2);
  const y = u64((x ^ (x >> 29n)) * PRIME64_3);
  return y ^ (y >> 32n);
}
const rotl = (x: bigint, bits: bigint): bigint => u64((x << bits) | (x >> (64n - bits)));

export function xxh3(bytes: Buffer): bigint {
  const n = bytes.length;
  if (n > 240) return long(bytes);
  if (n > 128) return upTo240(bytes);
  if (n > 16) return upTo128(bytes);
  if (n > 8) {
    const low = bytes.readBigUInt64LE(0) ^ secret(24) ^ secret(32);
    const high = bytes.readBigUInt64LE(n - 8) ^ secret(40) ^ secret(48);
    return avalanche(u64(BigInt(n) + swap64(low) + high + fold(low, high)));
  }
  if (n >= 4) {
    const low = BigInt(bytes.readUInt32LE(0));
    const word = (BigInt(bytes.readUInt32LE(n - 4)) + (low << 32n)) ^ secret(8) ^ secret(16);
    const mixed = u64((word ^ rotl(word, 49n) ^ rotl(word, 24n)) * PRIME_MX2);
    const x = u64((mixed ^ u64((mixed >> 35n) + BigInt(n))) * PRIME_MX2);
    return x ^ (x >> 28n);
  }
  if (n > 0) {
    const word = (bytes[0]! << 16) | (bytes[n >> 1]! << 24) | bytes[n - 1]! | (n << 8);
    const flip = BigInt((SECRET.readUInt32LE(0) ^ SECRET.readUInt32LE(4)) >>> 0);
    return avalanche64(u64(BigInt(word >>> 0) ^ flip));
  }
  return avalanche64(secret(56) ^ secret(64));
}

function swap64(x: bigint): bigint {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(x);
  return bytes.readBigUInt64BE(0);
}

/** 16 bytes of input with 16 of the secret. */
function mix16(bytes: Buffer, at: number, key: number): bigint {
  return fold(bytes.readBigUInt64LE(at) ^ secret(key), bytes.readBigUInt64LE(at + 8) ^ secret(key + 8));
}

function upTo128(bytes: Buffer): bigint {
  const n = bytes.length;
  let hash = u64(BigInt(n) * PRIME64_1);
  for (let i = (n - 1) >> 5; i >= 0; i--)
    hash = u64(hash + mix16(bytes, 16 * i, 32 * i) + mix16(bytes, n - 16 * (i + 1), 32 * i + 16));
  return avalanche(hash);
}

function upTo240(bytes: Buffer): bigint {
  const n = bytes.length;
  let hash = u64(BigInt(n) * PRIME64_1);
  for (let i = 0; i < 8; i++) hash = u64(hash + mix16(bytes, 16 * i, 16 * i));
  hash = avalanche(hash);
  for (let i = 8; i < n >> 4; i++) hash = u64(hash + mix16(bytes, 16 * i, 16 * (i - 8) + 3));
  return avalanche(u64(hash + mix16(bytes, n - 16, 136 - 17)));
}

/** Eight sums of 64 bits, each as its low and its high half. */
type Sums = Uint32Array;

function long(bytes: Buffer): bigint {
  const start = [PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1];
  const sums = new Uint32Array(BigUint64Array.from(start).buffer);
  const n = bytes.length;
  const block = STRIPES_OF_BLOCK * STRIPE;
  const blocks = Math.floor((n - 1) / block);
  for (let b = 0; b < blocks; b++) {
    for (let s = 0; s < STRIPES_OF_BLOCK; s++) accumulate(sums, bytes, b * block + s * STRIPE, s * 8);
    scramble(sums);
  }
  const stripes = Math.floor((n - 1 - blocks * block) / STRIPE);
  for (let s = 0; s < stripes; s++) accumulate(sums, bytes, blocks * block + s * STRIPE, s * 8);
  accumulate(sums, bytes, n - STRIPE, SECRET.length - STRIPE - 7);
  const words = new BigUint64Array(sums.buffer);
  let hash = u64(BigInt(n) * PRIME64_1);
  for (let i = 0; i < 4; i++)
    hash = u64(hash + fold(words[2 * i]! ^ secret(11 + 16 * i), words[2 * i + 1]! ^ secret(11 + 16 * i + 8)));
  return avalanche(hash);
}

function accumulate(sums: Sums, bytes: Buffer, at: number, key: number): void {
  for (let lane = 0; lane < 8; lane++) {
    const low = bytes.readUInt32LE(at + 8 * lane);
    const high = bytes.readUInt32LE(at + 8 * lane + 4);
    add(sums, 2 * (lane ^ 1), low, high);
    const a = (low ^ SECRET.readUInt32LE(key + 8 * lane)) >>> 0;
    const b = (high ^ SECRET.readUInt32LE(key + 8 * lane + 4)) >>> 0;
    add(sums, 2 * lane, Math.imul(a, b) >>> 0, upperProduct(a, b));
  }
}

function add(sums: Sums, at: number, low: number, high: number): void {
  const sum = sums[at]! + low;
  sums[at] = sum;
  sums[at + 1] = sums[at + 1]! + high + (sum > 0xffffffff ? 1 : 0);
}

/** The upper 32 bits of a product of two 32-bit numbers, by pieces of 16 bits. */
function upperProduct(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  return a1 * b1 + (middle >>> 16) + ((a0 * b1 + (middle & 0xffff)) >>> 16);
}

/** Once a block: sum = (sum ^ sum >> 47 ^ secret) * prime. */
function scramble(sums: Sums): void {
  const words = new BigUint64Array(sums.buffer);
  for (let lane = 0; lane < 8; lane++) {
    const word = words[lane]!;
    words[lane] = u64((word ^ (word >> 47n) ^ secret(SECRET.length - STRIPE + 8 * lane)) * PRIME32_1);
  }
}
