/** The fields of an RNTuple as columns: each top field, and the members of records that numbers can be read from. */
import type { ColumnData, ColumnInfo } from '../table.js';
import {
  cardinalityType,
  type FieldNode,
  isBase,
  isCardinality,
  isTextNode,
  numberTypeOfNode,
  unwrapped,
} from './field-reader.js';
import { type FieldValues, valueAt } from './field-values.js';

export interface NtupleColumn {
  readonly info: ColumnInfo;
  /** The field and those inside it that lead to the column's values: all of a top field, or one member of its records. */
  readonly node: FieldNode;
  /** Numbers, lists of numbers or text just as they are: for `proof root inspect`. */
  readonly plain: boolean;
}

type Shape = Pick<ColumnInfo, 'kind' | 'type' | 'length' | 'dims' | 'why'> & { readonly plain?: boolean };

export function ntupleColumns(fields: readonly FieldNode[]): NtupleColumn[] {
  return fields.flatMap((node) => [
    column(node.field.name, node, node),
    ...memberColumns(node.field.name, node, (member) => member),
  ]);
}

function column(name: string, node: FieldNode, shown: FieldNode): NtupleColumn {
  const { plain = false, ...shape } = shapeOf(node);
  const { typeName, description } = shown.field;
  return { info: { name, title: description, typeName, ...shape }, node, plain };
}

/** Members of a record, or of the records in a collection: the same structure with one member left in it. */
function memberColumns(path: string, node: FieldNode, within: (member: FieldNode) => FieldNode): NtupleColumn[] {
  const { field, children } = node;
  const keep = (child: FieldNode): FieldNode => within({ ...node, children: [child] });
  if (field.role === 'record')
    return children.flatMap((child) => {
      // The members of a base class are members of the class.
      const name = isBase(child) ? path : `${path}/${child.field.name}`;
      // A record with one member is that member, as far as its values go.
      const flattened = (member: FieldNode): FieldNode => within(member);
      return [
        ...(isBase(child) ? [] : simple(name, flattened(child), child)),
        ...memberColumns(name, child, flattened),
      ];
    });
  if (field.role === 'collection' && children.length > 1)
    return children.flatMap((child) => simple(`${path}/${child.field.name}`, keep(child), child));
  const [only] = children;
  if (field.role === 'collection' && only !== undefined) return memberColumns(path, only, keep);
  return [];
}

/** Members that only an object could show are left to the object of the whole field. */
function simple(name: string, node: FieldNode, shown: FieldNode): NtupleColumn[] {
  const found = column(name, node, shown);
  return found.info.kind === 'object' || found.info.kind === 'unreadable' ? [] : [found];
}

function shapeOf(wrapped: FieldNode): Shape {
  const node = unwrapped(wrapped);
  const { field, children } = node;
  const [item] = children;
  if (containsStreamed(node))
    return { kind: 'unreadable', why: 'its objects were streamed whole, which this version cannot read' };
  if (field.role === 'leaf' && field.repetition > 0) {
    const inner: Shape = item === undefined ? { kind: 'flat', type: 'bool', length: 1 } : shapeOf(item);
    if (inner.kind !== 'flat' || inner.type === undefined) return { kind: 'object' };
    const dims = [field.repetition, ...(inner.dims ?? [])];
    return { kind: 'flat', type: inner.type, dims, length: dims.reduce((product, dim) => product * dim, 1) };
  }
  if (field.role === 'leaf') return leafShape(node);
  if (field.role !== 'collection' || item === undefined || children.length > 1) return { kind: 'object' };
  const inner = shapeOf(item);
  const plain = inner.plain === true && !field.typeName.startsWith('std::optional');
  if (inner.kind === 'flat' && inner.type !== undefined)
    return {
      kind: 'list',
      type: inner.type,
      ...(inner.dims ? { dims: inner.dims, length: inner.length! } : { length: 1 }),
      plain,
    };
  if (inner.kind === 'string') return { kind: 'strings' };
  if (inner.kind === 'list' && inner.type !== undefined && inner.dims === undefined)
    return { kind: 'nested', type: inner.type };
  return { kind: 'object' };
}

function leafShape(node: FieldNode): Shape {
  if (isCardinality(node)) return { kind: 'flat', type: cardinalityType(node), length: 1, plain: true };
  if (isTextNode(node)) return { kind: 'string', plain: true };
  const type = numberTypeOfNode(node);
  if (type === undefined) return { kind: 'unreadable', why: 'its type is not known to this version' };
  return { kind: 'flat', type, length: 1, plain: true };
}

function containsStreamed({ field, children }: FieldNode): boolean {
  return field.role === 'streamer' || children.some(containsStreamed);
}

/** What was read, in the form that its column promises. */
export function toColumnData({ kind, length = 1 }: ColumnInfo, values: FieldValues): ColumnData {
  if (kind === 'flat') return { kind, values: innermostNumbers(values), length };
  if (kind === 'string' && values.kind === 'texts') return { kind, values: values.values };
  if (kind === 'list' && values.kind === 'lists')
    return {
      kind,
      offsets: length === 1 ? values.offsets : values.offsets.map((at) => at * length),
      values: innermostNumbers(values.items),
    };
  if (kind === 'strings' && values.kind === 'lists' && values.items.kind === 'texts')
    return { kind, offsets: values.offsets, values: values.items.values };
  if (kind === 'nested' && values.kind === 'lists' && values.items.kind === 'lists')
    return { kind, offsets: values.offsets, inner: values.items.offsets, values: innermostNumbers(values.items.items) };
  return { kind: 'object', values: Array.from({ length: values.count }, (_, i) => valueAt(values, i)) };
}

function innermostNumbers(values: FieldValues) {
  if (values.kind === 'numbers') return values.values;
  if (values.kind === 'arrays') return innermostNumbers(values.items);
  throw new TypeError(`${values.kind} are no numbers`);
}
