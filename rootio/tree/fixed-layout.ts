/**
 * Classes whose objects always take the same bytes, such as TLorentzVector: where each number lies. They are read as columns.
 * Source: ROOT, io/io/src/TStreamerInfoReadBuffer.cxx; TObject::Streamer for the ten bytes of a TObject.
 */
import type { StreamerElement } from '../jsroot/structure.js';
import { type NumberFormat, packedFormat, plainFormat } from './number-format.js';
import { packingOf } from './packing.js';
import { TYPE_OF_CODE } from './type-codes.js';

export interface FixedField {
  /** Members from the outside in, joined by `/`; bases have no name of their own. */
  readonly path: string;
  readonly format: NumberFormat;
  readonly length: number;
  readonly offset: number;
  /** The outermost member that it is in: where vectors are streamed member by member, that is what is kept together. */
  readonly member: { readonly offset: number; readonly bytes: number };
}

export interface FixedLayout {
  readonly bytes: number;
  readonly fields: readonly FixedField[];
}

/** Byte count and version that an object inside another begins with. */
const OBJECT_HEADER = 6;
/** Version, unique id and bits. One that is referenced by a TRef has two more: it is then not of fixed layout after all. */
const TOBJECT_BYTES = 10;
const DEEPEST = 32;

/** @returns undefined where the class is not known or its objects vary in length */
export function fixedLayout(
  className: string,
  elementsOf: (className: string) => readonly StreamerElement[] | undefined,
): FixedLayout | undefined {
  const fields: Omit<FixedField, 'member'>[] = [];
  const members: { offset: number; bytes: number }[] = [];
  const lay = (name: string, prefix: string, begin: number, depth: number): number | undefined => {
    if (name === 'TObject') return begin + TOBJECT_BYTES;
    const elements = depth > DEEPEST ? undefined : elementsOf(name);
    if (elements === undefined) return undefined;
    let at = begin;
    let previous = begin;
    const endMember = (): void => {
      if (depth === 0) members.push({ offset: previous, bytes: at - previous });
      previous = at;
    };
    for (const element of elements) {
      if (element.className === 'TStreamerBase') {
        const inside = element.name === 'TObject' ? at : at + OBJECT_HEADER;
        const end = lay(element.name, prefix, inside, depth + 1);
        if (end === undefined) return undefined;
        at = end;
        endMember();
        continue;
      }
      const number = numberElement(element);
      if (number !== undefined) {
        fields.push({ path: prefix + element.name, ...number, offset: at });
        at += number.format.itemBytes * number.length;
        endMember();
        continue;
      }
      if (element.type !== 61 && element.type !== 62) return undefined; // kObject, kAny
      const end = lay(element.typeName, `${prefix}${element.name}/`, at + OBJECT_HEADER, depth + 1);
      if (end === undefined) return undefined;
      at = end;
      endMember();
    }
    return at;
  };
  const bytes = lay(className, '', 0, 0);
  if (bytes === undefined || bytes === 0) return undefined;
  const memberOf = (offset: number) => members.findLast((member) => member.offset <= offset)!;
  return { bytes, fields: fields.map((field) => ({ ...field, member: memberOf(field.offset) })) };
}

/** A member that is a number or a fixed array of them. */
export function numberElement(element: StreamerElement): { format: NumberFormat; length: number } | undefined {
  const isArray = element.type > 20 && element.type < 40;
  const code = isArray ? element.type - 20 : element.type;
  const length = isArray ? Number(element.raw['fArrayLength']) : 1;
  if (!(length >= 1)) return undefined;
  if (code === 9) return { format: packedFormat('float64', packingOf(element.title)), length };
  if (code === 19) return { format: packedFormat('float32', packingOf(element.title)), length };
  const type = TYPE_OF_CODE[code];
  return type === undefined ? undefined : { format: plainFormat(type), length };
}
