/**
 * Accessors behind `this.columns.x`: values of one branch by entry number, straight from the typed arrays that were loaded.
 *
 * Each element type and kind has a class of its own, made from one template: V8 keeps its knowledge of types with a function's
 * text, so that one class for all would slow every branch down once a selector reads three types (measured in bench/analysis).
 * A read outside the loaded entries gives `undefined` from the typed array, which costs nothing to notice.
 */
import type { ColumnData, ColumnInfo, NumberType } from '../rootio/table.js';
import { ColumnUseError } from './errors.js';

/** A branch in `process`. Entry numbers are those in the file. */
export interface Column {
  readonly name: string;
  /** The number of an entry; of a list or fixed array its element i (of a nested list, element j of list i). 64-bit integers come as numbers. */
  at(entry: number, i?: number, j?: number): number;
  /** How many elements the entry has (a nested list: how many list i has). */
  count(entry: number, i?: number): number;
  /** Of a branch of text. */
  text(entry: number, i?: number): string;
  /** Of a branch of objects: whatever was stored. */
  value(entry: number): unknown;
}

/** A column that can be pointed at what was loaded. */
export interface BoundColumn extends Column {
  bind(data: ColumnData, first: number): void;
}

export function makeColumn(name: string, info: ColumnInfo): BoundColumn {
  if (info.kind === 'flat' || info.kind === 'list' || info.kind === 'nested')
    return new (numberClass(info.kind, info.type ?? 'float64', (info.length ?? 1) === 1))(name);
  return new TextColumn(name, info.kind);
}

abstract class AnyColumn implements BoundColumn {
  protected first = 0;
  constructor(readonly name: string) {}
  abstract bind(data: ColumnData, first: number): void;
  at(_entry: number, _i?: number, _j?: number): number {
    throw new ColumnUseError(`${this.name} holds no numbers: use text(entry) or value(entry).`);
  }
  count(_entry: number, _i?: number): number {
    return 1;
  }
  text(_entry: number, _i?: number): string {
    throw new ColumnUseError(`${this.name} holds no text: use at(entry).`);
  }
  value(entry: number): unknown {
    return this.at(entry);
  }
  protected outside(entry: number, i = 0, j?: number): never {
    const element = j === undefined ? `${i}` : `${i}, ${j}`;
    throw new ColumnUseError(
      `${this.name} has no element ${element} in entry ${entry} (or that entry is not being processed).`,
    );
  }
  protected unsafe(entry: number): never {
    throw new ColumnUseError(
      `${this.name} in entry ${entry} is beyond 2^53: a number cannot hold it exactly. Use processBatch, whose arrays are 64-bit.`,
    );
  }
}

type Stringy = Extract<ColumnInfo['kind'], 'string' | 'strings' | 'object' | 'unreadable'>;

class TextColumn extends AnyColumn {
  #data: ColumnData | undefined;
  constructor(
    name: string,
    readonly kind: Stringy,
  ) {
    super(name);
  }
  override bind(data: ColumnData, first: number): void {
    this.#data = data;
    this.first = first;
  }
  override count(entry: number): number {
    if (this.#data?.kind !== 'strings') return 1;
    const k = entry - this.first;
    return this.#data.offsets[k + 1]! - this.#data.offsets[k]!;
  }
  override text(entry: number, i = 0): string {
    const data = this.#data;
    if (data?.kind === 'string') return data.values[entry - this.first] ?? this.outside(entry, i);
    if (data?.kind === 'strings' && i < this.count(entry)) return data.values[data.offsets[entry - this.first]! + i]!;
    return data?.kind === 'strings' ? this.outside(entry, i) : super.text(entry, i);
  }
  override value(entry: number): unknown {
    const data = this.#data;
    if (data?.kind === 'strings') return Array.from({ length: this.count(entry) }, (_, i) => this.text(entry, i));
    return data?.kind === 'string' || data?.kind === 'object' ? data.values[entry - this.first] : undefined;
  }
}

const WORDS = { int64: 'Int32Array', uint64: 'Uint32Array' } as const;
type NumberKind = 'flat' | 'list' | 'nested';
type ColumnClass = new (name: string) => BoundColumn;
const classes = new Map<string, ColumnClass>(); // text made once per kind and type; no state of a query

function numberClass(kind: NumberKind, type: NumberType, isScalar: boolean): ColumnClass {
  const key = `${kind} ${type} ${isScalar}`;
  let found = classes.get(key);
  if (found === undefined) {
    const body = kind === 'nested' ? NESTED : kind === 'list' ? LIST : isScalar ? SCALAR : FIXED;
    const text = `return class extends AnyColumn {
      constructor(name) { super(name); this.values = []; this.offsets = []; this.inner = []; this.length = 1; }
      bind(data, first) {
        this.first = first;
        this.values = ${type in WORDS ? 'new Int32Array(data.values.buffer, data.values.byteOffset, data.values.length * 2)' : 'data.values'};
        ${kind === 'flat' ? 'this.length = data.length;' : 'this.offsets = data.offsets;'}
        ${kind === 'nested' ? 'this.inner = data.inner;' : ''}
      }
      ${body.replaceAll('LOAD', type in WORDS ? loadWords(type === 'int64') : LOAD)}
    }`;
    found = new Function('AnyColumn', text)(AnyColumn) as ColumnClass;
    classes.set(key, found);
  }
  return found;
}

/** Of index `k`; falls through to a return. */
const LOAD = `const v = this.values[k]; if (v === undefined) return this.outside(entry, i, j); return v;`;
const loadWords = (isSigned: boolean): string => `
  const low = this.values[2 * k], high = this.values[2 * k + 1]${isSigned ? '' : ' >>> 0'};
  if (low === undefined) return this.outside(entry, i, j);
  if (high >= 0x200000 || high < -0x200000) {
    if (high === 0x200000 && low === 0) return 9007199254740992;
    return this.unsafe(entry);
  }
  return high * 4294967296 + (low >>> 0);`;

const SCALAR = `
  at(entry, i, j) {
    if (i !== undefined && i !== 0) return this.outside(entry, i, j);
    const k = entry - this.first;
    LOAD
  }`;
const FIXED = `
  count() { return this.length; }
  at(entry, i = 0, j) {
    if (!(i >= 0 && i < this.length)) return this.outside(entry, i, j);
    const k = (entry - this.first) * this.length + i;
    LOAD
  }`;
const LIST = `
  count(entry) {
    const e = entry - this.first;
    const n = this.offsets[e + 1] - this.offsets[e];
    if (n !== n) return this.outside(entry);
    return n;
  }
  at(entry, i = 0, j) {
    const e = entry - this.first;
    const k = this.offsets[e] + i;
    if (!(i >= 0 && k < this.offsets[e + 1])) return this.outside(entry, i, j);
    LOAD
  }`;
const NESTED = `
  count(entry, i) {
    const e = entry - this.first;
    if (i === undefined) return this.offsets[e + 1] - this.offsets[e];
    const l = this.offsets[e] + i;
    if (!(i >= 0 && l < this.offsets[e + 1])) return this.outside(entry, i);
    return this.inner[l + 1] - this.inner[l];
  }
  at(entry, i = 0, j = 0) {
    const e = entry - this.first;
    const l = this.offsets[e] + i;
    if (!(i >= 0 && l < this.offsets[e + 1])) return this.outside(entry, i, j);
    const k = this.inner[l] + j;
    if (!(j >= 0 && k < this.inner[l + 1])) return this.outside(entry, i, j);
    LOAD
  }`;
