/**
 * CRC-32C (Castagnoli, reflected polynomial 0x82f63b78; RFC 7143 section 13.1), the checksum of XRootD's pages.
 * Sixteen tables, so that sixteen bytes are folded at once: Node's zlib has CRC-32 only.
 */
const SLICES = 16;
let tables: Uint32Array | undefined;

/** Table k at [256 k, 256 (k + 1)): the CRC of a byte with k zero bytes behind it. */
function sliceTables(): Uint32Array {
  if (tables !== undefined) return tables;
  const made = new Uint32Array(256 * SLICES);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    made[byte] = crc;
  }
  for (let i = 256; i < made.length; i++) made[i] = (made[i - 256]! >>> 8) ^ made[made[i - 256]! & 255]!;
  tables = made;
  return made;
}

/** @param before the CRC of what comes before, to go on with it */
export function crc32c(bytes: Uint8Array, before = 0): number {
  const t = sliceTables();
  let crc = ~before;
  let at = 0;
  for (const end = bytes.length - SLICES; at <= end; at += SLICES) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      t[3840 + (crc & 255)]! ^
      t[3584 + ((crc >>> 8) & 255)]! ^
      t[3328 + ((crc >>> 16) & 255)]! ^
      t[3072 + (crc >>> 24)]! ^
      t[2816 + bytes[at + 4]!]! ^
      t[2560 + bytes[at + 5]!]! ^
      t[2304 + bytes[at + 6]!]! ^
      t[2048 + bytes[at + 7]!]! ^
      t[1792 + bytes[at + 8]!]! ^
      t[1536 + bytes[at + 9]!]! ^
      t[1280 + bytes[at + 10]!]! ^
      t[1024 + bytes[at + 11]!]! ^
      t[768 + bytes[at + 12]!]! ^
      t[512 + bytes[at + 13]!]! ^
      t[256 + bytes[at + 14]!]! ^
      t[bytes[at + 15]!]!;
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ t[(crc ^ bytes[at]!) & 255]!;
  return ~crc >>> 0;
}
