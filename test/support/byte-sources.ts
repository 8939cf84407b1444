/** Byte sources for tests: a local file, synchronously; bytes in memory, as if from a network. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ByteSource } from '../../storage/byte-source.js';

export function fileSource(path: string): ByteSource {
  const fd = openSync(path, 'r');
  const read = (offset: number, length: number, into: Buffer = Buffer.allocUnsafe(length)): Buffer => {
    if (readSync(fd, into, 0, length, offset) !== length)
      throw new Error(`${path} ends before byte ${offset + length}`);
    return into.subarray(0, length);
  };
  return {
    url: `file:${path}`,
    size: fstatSync(fd).size,
    read: async (offset, length) => read(offset, length),
    readMany: async (ranges) => ranges.map(({ offset, length }) => read(offset, length)),
    readSync: read,
    close: async () => closeSync(fd),
  };
}

export function bytesSource(bytes: Buffer, url = 'memory:test'): ByteSource {
  const read = async (offset: number, length: number): Promise<Buffer> => {
    if (offset + length > bytes.length) throw new Error(`${url} ends before byte ${offset + length}`);
    return Buffer.from(bytes.subarray(offset, offset + length));
  };
  return {
    url,
    size: bytes.length,
    read,
    readMany: (ranges) => Promise.all(ranges.map(({ offset, length }) => read(offset, length))),
    close: async () => {},
  };
}
