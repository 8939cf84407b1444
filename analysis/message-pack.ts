/** MessagePack as increments use it: typed arrays keep their type, maps stay objects, numbers keep every bit. */
import { Packr, Unpackr } from 'msgpackr';
import { IncrementError } from './errors.js';

const FORM = { moreTypes: true, useRecords: false, mapsAsObjects: true };
const packr = new Packr(FORM);

export function encodeValue(value: unknown): Uint8Array {
  return new Uint8Array(packr.pack(value)); // a copy: that was a view into a buffer that the next call reuses
}

/** @throws {IncrementError} for bytes that are no MessagePack */
export function decodeValue(bytes: Uint8Array): unknown {
  try {
    // One of its own for each message: hostile bytes can define records, and a decoder would remember them for the next message.
    return new Unpackr(FORM).unpack(bytes);
  } catch (cause) {
    throw new IncrementError('These bytes are no increment: they are not MessagePack.', { cause });
  }
}

const MAP_KEY = '\u0000map';

/** A value of the user's: as `encodeValue`, and a Map stays a Map (MessagePack alone would make it an object). */
export function encodeUserValue(value: unknown): Uint8Array {
  return encodeValue(replaced(value, (node) => (node instanceof Map ? { [MAP_KEY]: [...node] } : node)));
}

/** @throws {IncrementError} for bytes that are no MessagePack */
export function decodeUserValue(bytes: Uint8Array): unknown {
  return replaced(decodeValue(bytes), (node) => {
    const entries = (node as { [MAP_KEY]?: unknown } | null)?.[MAP_KEY];
    return Array.isArray(entries) ? new Map(entries as [unknown, unknown][]) : node;
  });
}

/** The value with `change` made to all that it holds, outermost first; the very same where nothing changes. */
function replaced(value: unknown, change: (node: unknown) => unknown): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  const node = change(value);
  if (node instanceof Map) return new Map([...node].map(([key, field]) => [key, replaced(field, change)]));
  if (node instanceof Set) return new Set([...node].map((item) => replaced(item, change)));
  if (Array.isArray(node)) {
    const items = node.map((item) => replaced(item, change));
    return items.some((item, i) => item !== node[i]) ? items : node;
  }
  const entries = Object.entries(node as object);
  const fields = entries.map(([key, field]) => [key, replaced(field, change)] as const);
  return fields.some(([, field], i) => field !== entries[i]![1]) ? Object.fromEntries(fields) : node;
}
