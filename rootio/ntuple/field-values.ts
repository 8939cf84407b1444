/** Values of a field over a range of elements, column by column, and the same as plain JavaScript values. */
import type { NumberArray } from '../table.js';

export type FieldValues =
  | { readonly kind: 'numbers'; readonly count: number; readonly values: NumberArray }
  | { readonly kind: 'texts'; readonly count: number; readonly values: readonly string[] }
  | { readonly kind: 'lists'; readonly count: number; readonly offsets: Int32Array; readonly items: FieldValues }
  | { readonly kind: 'arrays'; readonly count: number; readonly size: number; readonly items: FieldValues }
  | { readonly kind: 'records'; readonly count: number; readonly members: readonly (readonly [string, FieldValues])[] }
  | { readonly kind: 'any'; readonly count: number; readonly values: readonly unknown[] };

export function valueAt(data: FieldValues, i: number): unknown {
  switch (data.kind) {
    case 'lists':
      return range(data.items, data.offsets[i]!, data.offsets[i + 1]!);
    case 'arrays':
      return range(data.items, i * data.size, (i + 1) * data.size);
    case 'records':
      return Object.fromEntries(data.members.map(([name, values]) => [name, valueAt(values, i)]));
    default:
      return data.values[i];
  }
}

function range(items: FieldValues, first: number, end: number): unknown[] {
  return Array.from({ length: end - first }, (_, k) => valueAt(items, first + k));
}

/** The same field over ranges that follow one another. */
export function joined(parts: readonly FieldValues[]): FieldValues {
  const [first] = parts;
  if (first === undefined) throw new RangeError('nothing to join');
  if (parts.length === 1) return first;
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const same = <K extends FieldValues['kind']>(kind: K): Extract<FieldValues, { kind: K }>[] =>
    parts.filter((part): part is Extract<FieldValues, { kind: K }> => part.kind === kind);
  switch (first.kind) {
    case 'numbers':
      return { kind: 'numbers', count, values: joinedNumbers(same('numbers').map((part) => part.values)) };
    case 'texts':
      return { kind: 'texts', count, values: same('texts').flatMap((part) => part.values) };
    case 'any':
      return { kind: 'any', count, values: same('any').flatMap((part) => part.values) };
    case 'lists':
      return joinedLists(same('lists'), count);
    case 'arrays':
      return { kind: 'arrays', count, size: first.size, items: joined(same('arrays').map((part) => part.items)) };
    case 'records': {
      const members = first.members.map(
        ([name], i) => [name, joined(same('records').map((part) => part.members[i]![1]))] as const,
      );
      return { kind: 'records', count, members };
    }
  }
}

function joinedLists(parts: readonly Extract<FieldValues, { kind: 'lists' }>[], count: number): FieldValues {
  const offsets = new Int32Array(count + 1);
  let entry = 0;
  let base = 0;
  for (const part of parts) {
    for (let i = 1; i <= part.count; i++) offsets[++entry] = base + part.offsets[i]!;
    base += part.offsets[part.count]!;
  }
  return { kind: 'lists', count, offsets, items: joined(parts.map((part) => part.items)) };
}

function joinedNumbers(parts: readonly NumberArray[]): NumberArray {
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  const out = new (parts[0]!.constructor as new (length: number) => NumberArray)(total);
  let at = 0;
  for (const part of parts) {
    (out as Float64Array).set(part as Float64Array, at);
    at += part.length;
  }
  return out;
}
