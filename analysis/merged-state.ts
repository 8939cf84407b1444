/**
 * A merged state as one run of bytes: the increments of OutputMerger.encode(), each behind its length (u32, little endian).
 * Master -> client in `outputs` and `result` messages, and in a kept result's file. One with rows can be longer than any memory: it is
 * written and read increment by increment.
 */
import { WireError } from '../protocol/check.js';

export function packState(increments: Iterable<Uint8Array>): Uint8Array {
  return Buffer.concat([...packedState(increments)]);
}
/** The same, piece by piece. */
export function* packedState(increments: Iterable<Uint8Array>): Iterable<Uint8Array> {
  for (const increment of increments) {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(increment.length);
    yield head;
    yield increment;
  }
}

/** The increments again; they share the bytes. @throws {WireError} where a length does not fit */
export function* unpackState(state: Uint8Array): Iterable<Uint8Array> {
  const view = new DataView(state.buffer, state.byteOffset, state.byteLength);
  for (let at = 0; at < state.length; ) {
    const end = at + 4 <= state.length ? at + 4 + view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (end > state.length) throw new WireError(`The merged state is cut off: ${state.length} bytes, ${end} expected.`);
    yield state.subarray(at + 4, end);
    at = end;
  }
}

/** Of a state that comes in pieces cut anywhere. @throws {WireError} where it ends too early */
export async function* unpackStream(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let parts: Uint8Array[] = [];
  let nbytes = 0;
  let wanted = 4;
  let isHead = true;
  for await (const piece of pieces) {
    parts.push(piece);
    nbytes += piece.length;
    if (nbytes < wanted) continue;
    let bytes = Buffer.concat(parts);
    while (bytes.length >= wanted) {
      if (!isHead) yield bytes.subarray(0, wanted);
      const rest = bytes.subarray(wanted);
      wanted = isHead ? bytes.readUInt32LE() : 4;
      isHead = !isHead;
      bytes = rest;
    }
    parts = [bytes];
    nbytes = bytes.length;
  }
  if (nbytes > 0 || !isHead)
    throw new WireError('The merged state is cut off: the connection or the file ended early.');
}
