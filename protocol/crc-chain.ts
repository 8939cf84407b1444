/**
 * Runs of bytes in a file that can be taken for no others: each stands behind a head, its length (u32, little endian) and a CRC-32 which runs on
 * from that of the run before, the first from the beginning of the file and the name of its owner. Pure.
 *
 * So a run is whole only where it was written: blocks that a crash leaves with what another file held there before do not match, though they be
 * whole runs of another file.
 */
import { crc32 } from 'node:zlib';

export const RUN_HEAD_BYTES = 8;
/** A length over this is damage: nothing of ours is ever that long. */
const LONGEST_RUN = 512 * 1024 * 1024;

export class CrcChain {
  /** What the next CRC goes on from. */
  #crc: number;
  /** @param owner nobody else's file is taken for it. @param beginning of the file, before the first run */
  constructor(owner: string, beginning: Uint8Array) {
    this.#crc = crc32(beginning, crc32(owner));
  }

  /** What stands before `body`, which is the next run. */
  headOf(body: Uint8Array): Buffer {
    const head = Buffer.alloc(RUN_HEAD_BYTES);
    head.writeUInt32LE(body.length, 0);
    this.#crc = this.#next(head, body);
    head.writeUInt32LE(this.#crc, 4);
    return head;
  }

  /** Goes on behind it where it is the next run. @returns whether it is */
  follows(head: Buffer, body: Uint8Array): boolean {
    const crc = this.#next(head, body);
    if (crc !== head.readUInt32LE(4)) return false;
    this.#crc = crc;
    return true;
  }

  #next(head: Buffer, body: Uint8Array): number {
    return crc32(body, crc32(head.subarray(0, 4), this.#crc));
  }
}

/** Of the run behind this head, in bytes. @returns undefined for a length that cannot be */
export function lengthOfRun(head: Buffer): number | undefined {
  const length = head.readUInt32LE(0);
  return length > LONGEST_RUN ? undefined : length;
}
