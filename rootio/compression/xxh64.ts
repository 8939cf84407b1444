/**
 * xxHash64, seed 0: the checksum in front of each LZ4 block. Fallback where the system has no libxxhash.
 * Source: the xxHash specification (doc/xxhash_spec.md of its repository), "XXH64 algorithm description".
 */
const PRIME1 = 0x9e3779b185ebca87n;
const PRIME2 = 0xc2b2ae3d27d4eb4fn;
const PRIME3 = 0x165667b19e3779f9n;
const PRIME4 = 0x85ebca77c2b2ae63n;
const PRIME5 = 0x27d4eb2f165667c5n;

const u64 = (x: bigint): bigint => BigInt.asUintN(64, x);
const rotl = (x: bigint, r: bigint): bigint => u64((x << r) | (x >> (64n - r)));
const round = (acc: bigint, lane: bigint): bigint => u64(rotl(u64(acc + lane * PRIME2), 31n) * PRIME1);
const mergeLane = (hash: bigint, lane: bigint): bigint => u64((hash ^ round(0n, lane)) * PRIME1 + PRIME4);

export function xxh64(input: Uint8Array): bigint {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const n = input.byteLength;
  let at = 0;
  let hash: bigint;
  if (n >= 32) {
    let a = u64(PRIME1 + PRIME2);
    let b = PRIME2;
    let c = 0n;
    let d = u64(-PRIME1);
    for (; at + 32 <= n; at += 32) {
      a = round(a, view.getBigUint64(at, true));
      b = round(b, view.getBigUint64(at + 8, true));
      c = round(c, view.getBigUint64(at + 16, true));
      d = round(d, view.getBigUint64(at + 24, true));
    }
    hash = u64(rotl(a, 1n) + rotl(b, 7n) + rotl(c, 12n) + rotl(d, 18n));
    for (const lane of [a, b, c, d]) hash = mergeLane(hash, lane);
  } else hash = PRIME5;
  hash = u64(hash + BigInt(n));
  for (; at + 8 <= n; at += 8) hash = u64(rotl(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * PRIME1 + PRIME4);
  if (at + 4 <= n) {
    hash = u64(rotl(hash ^ u64(BigInt(view.getUint32(at, true)) * PRIME1), 23n) * PRIME2 + PRIME3);
    at += 4;
  }
  for (; at < n; at++) hash = u64(rotl(hash ^ u64(BigInt(view.getUint8(at)) * PRIME5), 11n) * PRIME1);
  hash = u64((hash ^ (hash >> 33n)) * PRIME2);
  hash = u64((hash ^ (hash >> 29n)) * PRIME3);
  return hash ^ (hash >> 32n);
}
