/** One column in a few numbers, read range by range, so that a file of any size fits. */
import { crc32 } from 'node:zlib';
import { encodeText } from '../file/text.js';
import type { ColumnInfo, ColumnReader } from '../table.js';
import { NumberSummarizer, type NumberSummary } from './number-summary.js';

export type ColumnSummary =
  | ({ readonly kind: 'flat' } & NumberSummary)
  | ({ readonly kind: 'jagged'; readonly counts: NumberSummary } & NumberSummary)
  | { readonly kind: 'string'; readonly n: number; readonly first: readonly string[]; readonly crc32: number }
  | { readonly kind: 'other' }
  | { readonly kind: 'unreadable'; readonly why: string };

/** Entries read at once. */
const STEP = 50_000;
const FIRST_TEXTS = 3;

/** @param info kind flat, list or string; the kind for others is `other` */
export async function columnSummary(info: ColumnInfo, reader: ColumnReader, entries: number): Promise<ColumnSummary> {
  if (info.kind === 'string') return textSummary(info.name, reader, entries);
  if ((info.kind !== 'flat' && info.kind !== 'list') || info.type === undefined) return { kind: 'other' };
  const numbers = new NumberSummarizer(info.type, info.dims ?? []);
  const counts = new NumberSummarizer('int64');
  for (let first = 0; first < entries; first += STEP) {
    await reader.load(first, Math.min(entries, first + STEP));
    const data = reader.column(info.name);
    if (data.kind !== 'flat' && data.kind !== 'list') throw new Error(`${info.name} is ${data.kind}`);
    numbers.add(data.values);
    if (data.kind === 'list') counts.add(itemCounts(data.offsets, info.length ?? 1));
  }
  if (info.kind === 'flat') return { kind: 'flat', ...numbers.summary() };
  return { kind: 'jagged', counts: counts.summary(), ...numbers.summary() };
}

function itemCounts(offsets: Int32Array, length: number): BigInt64Array {
  const counts = new BigInt64Array(offsets.length - 1);
  for (let i = 0; i < counts.length; i++) counts[i] = BigInt((offsets[i + 1]! - offsets[i]!) / length);
  return counts;
}

async function textSummary(name: string, reader: ColumnReader, entries: number): Promise<ColumnSummary> {
  let crc = 0;
  const first: string[] = [];
  for (let begin = 0; begin < entries; begin += STEP) {
    await reader.load(begin, Math.min(entries, begin + STEP));
    const data = reader.column(name);
    if (data.kind !== 'string') throw new Error(`${name} is ${data.kind}`);
    for (const [i, text] of data.values.entries()) {
      if (first.length < FIRST_TEXTS) first.push(text);
      crc = crc32(encodeText(begin + i === 0 ? text : `\n${text}`), crc);
    }
  }
  return { kind: 'string', n: entries, first, crc32: crc };
}
