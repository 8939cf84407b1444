/**
 * LZMA with the system's liblzma, as a stream: in one call the library writes sizes into the header of the xz block, which
 * ROOT never does and JSROOT cannot read. There is no portable packer: the npm package wraps the bytes unpacked, and
 * from release 1.5 on, where it packs, wants Node 22.20.
 *
 * Source: lzma/base.h (lzma_stream, lzma_code) and lzma/container.h (lzma_easy_encoder) of XZ Utils.
 */
import { koffi, NAMES, withLibrary } from '../compression/system.js';
import type { Pack } from './packers.js';

const CHECK_CRC32 = 1;
const OK = 0;
const STREAM_END = 1;
const FINISH = 3;

/** lzma_stream: what is to be read, where to write, and the library's own state. */
interface Stream {
  next_in: Buffer | null;
  avail_in: number;
  next_out: Buffer | null;
  avail_out: number;
  total_out: number | bigint;
}
const emptyStream = () => ({
  next_in: null,
  avail_in: 0,
  total_in: 0,
  next_out: null,
  avail_out: 0,
  total_out: 0,
  allocator: null,
  internal: null,
  reserved: new Array<number>(9).fill(0),
});

export function lzmaPacker(level: number): Pack | undefined {
  return withLibrary(NAMES.lzma, ({ name }) => {
    const { array, inout, load, pointer: pointerTo, struct } = koffi();
    const library = load(name);
    const type = struct({
      next_in: 'const void *',
      avail_in: 'size_t',
      total_in: 'uint64_t',
      next_out: 'void *',
      avail_out: 'size_t',
      total_out: 'uint64_t',
      allocator: 'void *',
      internal: 'void *',
      reserved: array('uint64_t', 9),
    });
    const pointer = inout(pointerTo(type));
    const begin = library.func('lzma_easy_encoder', 'int', [pointer, 'uint32_t', 'int']);
    const code = library.func('lzma_code', 'int', [pointer, 'int']);
    const end = library.func('lzma_end', 'void', [pointer]);
    return (block, out) => {
      const stream: Stream = emptyStream();
      if (begin(stream, level, CHECK_CRC32) !== OK) return 0;
      Object.assign(stream, { next_in: block, avail_in: block.length, next_out: out, avail_out: out.length });
      const status = code(stream, FINISH);
      end(stream);
      return status === STREAM_END ? Number(stream.total_out) : 0;
    };
  });
}
