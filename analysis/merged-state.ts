/**
 * A merged state as one run of bytes: the increments of OutputMerger.encode(), each behind its length (u32, little endian).
 * Master -> client in `outputs` and `result` messages, and in a journal's checkpoints. As it is kept of a query that is over: kept-state.ts.
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
