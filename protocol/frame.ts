/**
 * Messages as WebSocket frames: JSON text, or MessagePack where bytes are inside (increments, program code, results).
 * A frame over MAX_FRAME_BYTES closes the connection that sent it.
 */
import { Packr, Unpackr } from 'msgpackr';
import { parseJson, WireError } from './check.js';

export const MAX_FRAME_BYTES = 256 * 1024 * 1024;

const FORM = { useRecords: false, int64AsType: 'number', moreTypes: false } as const;
const packr = new Packr(FORM);

/** Any field that is a Uint8Array, at the top level, makes the frame binary. */
export function encodeFrame(message: object): string | Buffer {
  return Object.values(message).some((value) => value instanceof Uint8Array)
    ? packr.pack(message)
    : JSON.stringify(message);
}

/** The frame as an unchecked value; `checked` gives it its type. @throws {WireError} */
export function decodeFrame(data: Buffer, isBinary: boolean): unknown {
  return isBinary ? decodeBytes(data) : parseJson(data.toString('utf8'));
}

/** A binary frame, or a body of the same form. @throws {WireError} */
export function decodeBytes(data: Uint8Array): unknown {
  try {
    // One of its own for each message: hostile bytes can define records, and a decoder would remember them for the next.
    return new Unpackr(FORM).unpack(data);
  } catch (cause) {
    throw new WireError(`Bad message: ${data.length} bytes that are no MessagePack.`, { cause });
  }
}
