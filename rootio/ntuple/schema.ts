/** Fields and columns of an RNTuple, from its header and its footer. Source: BinaryFormatSpecification.md, "Header Envelope", "Footer Envelope". */
import { type EnvelopeLink, readEnvelopeLink } from './envelope.js';
import type { FrameCursor } from './frame-cursor.js';

export type FieldRole = 'leaf' | 'collection' | 'record' | 'variant' | 'streamer';
const ROLES: readonly FieldRole[] = ['leaf', 'collection', 'record', 'variant', 'streamer'];

export interface Field {
  readonly id: number;
  readonly parent: number;
  readonly role: FieldRole;
  readonly name: string;
  readonly typeName: string;
  readonly description: string;
  /** Values an element, of a std::array or std::bitset; 0 for anything else. */
  readonly repetition: number;
  /** The field whose columns this one shows another way. */
  readonly source: number | undefined;
}

export interface Column {
  readonly id: number;
  readonly type: number;
  readonly bits: number;
  readonly field: number;
  readonly representation: number;
  readonly min: number;
  readonly max: number;
}

export interface Schema {
  readonly fields: Field[];
  readonly columns: Column[];
}

export interface Header extends Schema {
  readonly name: string;
  readonly description: string;
  readonly writer: string;
}

export interface Footer {
  readonly headerChecksum: bigint;
  readonly groups: readonly { readonly clusters: number; readonly pages: EnvelopeLink }[];
}

const REPETITIVE = 1;
const PROJECTED = 2;
const HAS_CHECKSUM = 4;
const DEFERRED = 1;
const HAS_RANGE = 2;

export function readHeader(frame: FrameCursor): Header {
  readFeatureFlags(frame);
  const [name, description, writer] = [frame.text(), frame.text(), frame.text()];
  const schema: Schema = { fields: [], columns: [] };
  readSchema(frame, schema);
  return { ...schema, name, description, writer };
}

/** Adds the fields and columns that the footer adds to the header's. */
export function readFooter(frame: FrameCursor, schema: Schema): Footer {
  readFeatureFlags(frame);
  const headerChecksum = frame.u64big();
  frame.record((extension) => readSchema(extension, schema));
  const groups = frame.list((item) =>
    item.record((group) => {
      group.u64(); // first entry
      group.u64(); // entries
      return { clusters: group.u32(), pages: readEnvelopeLink(group) };
    }),
  );
  return { headerChecksum, groups };
}

/** Each word of flags says in its highest bit that another one follows; a set flag is a feature that readers must know. */
function readFeatureFlags(frame: FrameCursor): void {
  let more = true;
  while (more) {
    const flags = frame.u64big();
    more = flags >> 63n === 1n;
    if ((flags & ~(1n << 63n)) !== 0n)
      frame.fail(`it needs features (flags ${flags.toString(16)}) that this version does not know`);
  }
}

function readSchema(frame: FrameCursor, { fields, columns }: Schema): void {
  frame.list((item) => item.record((record) => fields.push(readField(record, fields.length))));
  frame.list((item) => item.record((record) => columns.push(readColumn(record, columns.length))));
  // Alias columns say nothing that projected fields do not say.
}

function readField(record: FrameCursor, id: number): Field {
  record.u32(); // field version
  record.u32(); // type version
  const parent = record.u32();
  const role = ROLES[record.u16()];
  if (role === undefined) record.fail(`field ${id} has an unknown role`);
  const flags = record.u16();
  const [name, typeName, , description] = [record.text(), record.text(), record.text(), record.text()];
  const repetition = (flags & REPETITIVE) !== 0 ? record.u64() : 0;
  const source = (flags & PROJECTED) !== 0 ? record.u32() : undefined;
  if ((flags & HAS_CHECKSUM) !== 0) record.u32();
  if (parent > id) record.fail(`field "${name}" comes before the one that it is in`);
  return { id, parent, role: role!, name, typeName, description, repetition, source };
}

function readColumn(record: FrameCursor, id: number): Column {
  const [type, bits, field, flags, representation] = [
    record.u16(),
    record.u16(),
    record.u32(),
    record.u16(),
    record.u16(),
  ];
  if ((flags & DEFERRED) !== 0) record.i64();
  const ranged = (flags & HAS_RANGE) !== 0;
  const [min, max] = ranged ? [record.f64(), record.f64()] : [0, 0];
  return { id, type, bits, field, representation, min, max };
}
