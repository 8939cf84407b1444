/** What a crash may leave of a file's blocks: kinds of tears that begin at a byte. */

const SECTOR = 512;
const PAGE = 4096;

type Tear = (whole: Buffer, at: number, old: Buffer) => Buffer;

/** `old` is what lay in the same blocks before; zeros where it ends. */
export const TEARS: Readonly<Record<string, Tear>> = {
  cut: (whole, at) => whole.subarray(0, at),
  'zeros to the end of the sector': (whole, at) => filled(whole, at, blockEnd(at, SECTOR)),
  'zeros to the end of the page': (whole, at) => filled(whole, at, blockEnd(at, PAGE)),
  'zeros to the end': (whole, at) => filled(whole, at, whole.length),
  'one bit turned over': (whole, at) => {
    const torn = Buffer.from(whole);
    torn[at]! ^= 1 << (at % 8);
    return torn;
  },
  'old bytes to the end of the sector': (whole, at, old) => filled(whole, at, blockEnd(at, SECTOR), old),
  'old bytes to the end of the page': (whole, at, old) => filled(whole, at, blockEnd(at, PAGE), old),
  'old bytes to the end': (whole, at, old) => filled(whole, at, whole.length, old),
};

/** Of the first byte that is not what it was; the length where one is the beginning of the other. */
export function firstDifference(torn: Buffer, whole: Buffer): number {
  const n = Math.min(torn.length, whole.length);
  if (torn.compare(whole, 0, n, 0, n) === 0) return n;
  let at = 0;
  while (torn[at] === whole[at]) at++;
  return at;
}

const blockEnd = (at: number, size: number): number => (Math.floor(at / size) + 1) * size;

function filled(whole: Buffer, first: number, end: number, old: Buffer = Buffer.alloc(0)): Buffer {
  const torn = Buffer.from(whole);
  const last = Math.min(end, torn.length);
  torn.fill(0, first, last);
  old.subarray(first, last).copy(torn, first);
  return torn;
}
