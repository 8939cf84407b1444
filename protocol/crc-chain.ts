/**
 * Runs of bytes in a file that can be taken for no others: each stands behind a head, its length (u32, little endian) and a CRC-32 which runs on
 * from that of the run before, the first from the beginning of the file and the name of its owner. Pure; runs in browsers too.
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
  headOf(body: Uint8Array): Uint8Array {
    const head = new Uint8Array(RUN_HEAD_BYTES);
    const view = viewOf(head);
    view.setUint32(0, body.length, true);
    this.#crc = this.#next(head, body);
    view.setUint32(4, this.#crc, true);
    return head;
  }

  /** Goes on behind it where it is the next run. @returns whether it is */
  follows(head: Uint8Array, body: Uint8Array): boolean {
    const crc = this.#next(head, body);
    if (crc !== viewOf(head).getUint32(4, true)) return false;
    this.#crc = crc;
    return true;
  }

  #next(head: Uint8Array, body: Uint8Array): number {
    return crc32(body, crc32(head.subarray(0, 4), this.#crc));
  }
}

/** Of the run behind this head, in bytes. @returns undefined for a length that cannot be */
export function lengthOfRun(head: Uint8Array): number | undefined {
  const length = viewOf(head).getUint32(0, true);
  return length > LONGEST_RUN ? undefined : length;
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
