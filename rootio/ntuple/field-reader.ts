/**
 * Reads a field, and what is inside it, from the columns of one cluster. Positions count from the cluster's first element of the
 * field. Source: BinaryFormatSpecification.md, "Mapping of C++ Types to Fields and Columns".
 */
import { CorruptFileError, UnsupportedFileError } from '../errors.js';
import { decodeText } from '../file/text.js';
import { numberArray } from '../number-type.js';
import type { NumberType } from '../table.js';
import type { Cluster } from './clusters.js';
import { type FieldValues, valueAt } from './field-values.js';
import { numberTypeOf } from './page-format.js';
import type { PageStore } from './page-store.js';
import type { Column, Field } from './schema.js';

/** A field with what is in it and its columns: those of its source, where it is projected. */
export interface FieldNode {
  readonly field: Field;
  readonly children: readonly FieldNode[];
  /** By representation; in each cluster one of them was written. */
  readonly representations: readonly (readonly Column[])[];
}

/** The widest type of a field's numbers over its representations. */
export function numberTypeOfNode({ representations }: FieldNode): NumberType | undefined {
  const types = representations.map((columns) => (columns.length === 1 ? numberTypeOf(columns[0]!) : undefined));
  const [first] = types;
  if (types.every((type) => type === first)) return first;
  if (types.includes(undefined)) return undefined;
  return types.includes('float64') ? 'float64' : types.includes('float32') ? 'float32' : 'int64';
}

export function isCardinality({ field }: FieldNode): boolean {
  return field.typeName.startsWith('ROOT::RNTupleCardinality<');
}

/** Base classes are fields called `:_0`, `:_1`. */
export function isBase({ field }: FieldNode): boolean {
  return field.name.startsWith(':');
}

/** Text is two columns: the ends, and the characters. */
export function isTextNode({ field, representations }: FieldNode): boolean {
  return field.role === 'leaf' && representations[0]?.length === 2;
}

/** Fields that only wrap another: std::atomic, enumerations. */
export function unwrapped(node: FieldNode): FieldNode {
  const [only] = node.children;
  const wraps = node.field.role === 'leaf' && node.field.repetition === 0 && node.representations.length === 0;
  return wraps && node.children.length === 1 && only !== undefined ? unwrapped(only) : node;
}

/** Elements that a collection may claim in one cluster. */
const MOST_ITEMS = 2 ** 31 - 1;

export class FieldReader {
  constructor(
    readonly pages: PageStore,
    readonly cluster: Cluster,
  ) {}

  /** Elements [first, end) of a field. @param missing elements at the cluster's begin that were never written: zeros stand for them */
  read(wrapped: FieldNode, first: number, end: number, missing: number): FieldValues {
    const node = unwrapped(wrapped);
    const { field } = node;
    const count = end - first;
    switch (field.role) {
      case 'leaf':
        return this.#leaf(node, first, end, missing);
      case 'record': {
        const members = node.children.flatMap((child) => this.#members(child, first, end, missing));
        return { kind: 'records', count, members };
      }
      case 'collection': {
        const { offsets, begin } = this.#offsets(node, first, end, missing);
        return { kind: 'lists', count, offsets, items: this.#items(node, begin, begin + offsets[count]!) };
      }
      case 'variant':
        return this.#variant(node, first, end, missing);
      default:
        throw new UnsupportedFileError(
          this.#place(field),
          'its objects were streamed whole, which this version cannot read',
        );
    }
  }

  /** One member; those of a base class count as the class's own. */
  #members(child: FieldNode, first: number, end: number, missing: number): (readonly [string, FieldValues])[] {
    const values = this.read(child, first, end, missing);
    return isBase(child) && values.kind === 'records' ? [...values.members] : [[child.field.name, values]];
  }

  /** A collection holds one field, or, where it is untyped, several side by side. */
  #items(node: FieldNode, first: number, end: number): FieldValues {
    const [only] = node.children;
    if (node.children.length === 1 && only !== undefined) return this.read(only, first, end, 0);
    const members = node.children.map((child) => [child.field.name, this.read(child, first, end, 0)] as const);
    return { kind: 'records', count: end - first, members };
  }

  #leaf(node: FieldNode, first: number, end: number, missing: number): FieldValues {
    const { field } = node;
    if (field.repetition > 0) return this.#array(node, first, end, missing);
    if (isCardinality(node)) {
      const { offsets } = this.#offsets(node, first, end, missing);
      const type = cardinalityType(node);
      const values = numberArray(type, end - first);
      for (let i = 0; i < end - first; i++) {
        const length = offsets[i + 1]! - offsets[i]!;
        if (values instanceof BigInt64Array) values[i] = BigInt(length);
        else (values as Int32Array)[i] = length;
      }
      return { kind: 'numbers', count: end - first, values };
    }
    if (isTextNode(node)) return this.#texts(node, first, end, missing);
    const type = numberTypeOfNode(node);
    if (type === undefined)
      throw new UnsupportedFileError(this.#place(field), `its type ${field.typeName} is not known to this version`);
    return { kind: 'numbers', count: end - first, values: this.#numbers(node, type, first, end, missing) };
  }

  #numbers(node: FieldNode, type: NumberType, first: number, end: number, missing: number) {
    const [column] = this.#written(node);
    if (first >= missing && column !== undefined)
      return this.pages.numbers(this.cluster, column, first - missing, end - missing, type);
    const values = numberArray(type, end - first);
    if (end > missing && column !== undefined)
      (values as Float64Array).set(
        this.pages.numbers(this.cluster, column, 0, end - missing, type) as Float64Array,
        missing - first,
      );
    return values;
  }

  #array(node: FieldNode, first: number, end: number, missing: number): FieldValues {
    const { field } = node;
    const size = field.repetition;
    const [item] = node.children;
    if (size * (end - first) > MOST_ITEMS)
      throw new CorruptFileError(this.#place(field), `it claims arrays of ${size} values`);
    const items: FieldValues =
      item === undefined
        ? // std::bitset has its bits as a column of its own.
          {
            kind: 'numbers',
            count: (end - first) * size,
            values: this.#numbers(node, 'bool', first * size, end * size, missing * size),
          }
        : this.read(item, first * size, end * size, missing * size);
    return { kind: 'arrays', count: end - first, size, items };
  }

  #texts(node: FieldNode, first: number, end: number, missing: number): FieldValues {
    const { offsets, begin } = this.#offsets(node, first, end, missing);
    const [, characters] = this.#written(node);
    const bytes =
      characters === undefined
        ? new Uint8Array(0)
        : this.pages.numbers(this.cluster, characters, begin, begin + offsets[end - first]!, 'uint8');
    const buffer = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
    const values = Array.from({ length: end - first }, (_, i) =>
      decodeText(buffer.subarray(offsets[i], offsets[i + 1])),
    );
    return { kind: 'texts', count: end - first, values };
  }

  /** Offsets of elements [first, end) from 0, and where the first of their items stands. */
  #offsets(node: FieldNode, first: number, end: number, missing: number): { offsets: Int32Array; begin: number } {
    const count = end - first;
    const offsets = new Int32Array(count + 1);
    const [column] = this.#written(node);
    const from = Math.max(0, first - missing);
    const to = Math.max(0, end - missing);
    if (column === undefined || to === 0) return { offsets, begin: 0 };
    const ends = this.pages.numbers(this.cluster, column, Math.max(0, from - 1), to, 'int64') as BigInt64Array;
    const begin = from === 0 ? 0 : Number(ends[0]!);
    let previous = begin;
    let at = count - (to - from);
    for (let i = from === 0 ? 0 : 1; i < ends.length; i++) {
      const item = Number(ends[i]!);
      if (item < previous || item - begin > MOST_ITEMS)
        throw new CorruptFileError(
          this.#place(node.field),
          `a collection ends at item ${item}, before or far behind item ${previous}`,
        );
      previous = item;
      offsets[++at] = item - begin;
    }
    return { offsets, begin };
  }

  #variant(node: FieldNode, first: number, end: number, missing: number): FieldValues {
    const [column] = this.#written(node);
    const values: unknown[] = new Array(Math.min(end - first, Math.max(0, missing - first))).fill(null);
    if (column === undefined || end <= missing) return { kind: 'any', count: end - first, values };
    const { tags, positions } = this.pages.switches(this.cluster, column, Math.max(0, first - missing), end - missing);
    for (let i = 0; i < tags.length; i++) {
      const alternative = node.children[tags[i]! - 1];
      if (alternative === undefined && tags[i] !== 0)
        throw new CorruptFileError(
          this.#place(node.field),
          `it chooses alternative ${tags[i]} of ${node.children.length}`,
        );
      const at = positions[i]!;
      values.push(alternative === undefined ? null : valueAt(this.read(alternative, at, at + 1, 0), 0));
    }
    return { kind: 'any', count: end - first, values };
  }

  /** The columns of the representation that was written in this cluster; none where the field came later. */
  #written({ representations }: FieldNode): readonly Column[] {
    const isWritten = (columns: readonly Column[]): boolean => {
      const pages = this.cluster.columns[columns[0]!.id];
      return pages !== undefined && !pages.suppressed;
    };
    return representations.find(isWritten) ?? [];
  }

  #place(field: Field) {
    const { source } = this.pages.file;
    return {
      url: source.url,
      offset: 0,
      length: 0,
      what: `field "${field.name}", entries ${this.cluster.first} to ${this.cluster.end}`,
    };
  }
}

/** As wide as the ends that it is made from. */
export function cardinalityType({ representations }: FieldNode): 'int32' | 'int64' {
  return numberTypeOf(representations[0]![0]!) === 'int32' ? 'int32' : 'int64';
}
