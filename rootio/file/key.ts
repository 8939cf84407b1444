/** TKey: the header of each record of a file, and the entry of a directory. Source: ROOT, io/doc/TFile/datarecord.md. */
import type { Cursor } from './cursor.js';

export interface Key {
  /** Bytes of the record, its header included. */
  readonly nbytes: number;
  /** Bytes of the object once decompressed. */
  readonly objlen: number;
  readonly keylen: number;
  readonly cycle: number;
  readonly seek: number;
  readonly className: string;
  readonly name: string;
  readonly title: string;
  /** Seconds of the year etc. packed as TDatime does. */
  readonly datime: number;
}

export function parseKey(c: Cursor): Key {
  const nbytes = c.i32();
  const version = c.i16();
  const objlen = c.i32();
  const datime = c.u32();
  const keylen = c.u16();
  const cycle = c.u16();
  const wide = version > 1000;
  const seek = wide ? c.u64() : c.u32();
  c.skip(wide ? 8 : 4); // fSeekPdir
  const className = c.string();
  const name = c.string();
  const title = c.string();
  if (nbytes < keylen || objlen < 0)
    c.fail(`the key of "${name}" states ${nbytes} bytes, ${keylen} of them header, for ${objlen}`);
  return { nbytes, objlen, keylen, cycle, seek, className, name, title, datime };
}
