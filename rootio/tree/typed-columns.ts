/** Branches whose C++ type is a sequence of numbers or text: how their entries lie in a basket. */
import type { ColumnShape } from './branch-columns.js';
import { ListLoader } from './column-loader.js';
import { type CppType, isText, isVector, itemOf, numberOf } from './cpp-type.js';
import { NestedLoader } from './nested-loader.js';
import { packedFormat, plainFormat } from './number-format.js';
import { TextsLoader } from './text-loader.js';

/** Byte count and version ahead of a collection, and its count. */
const HEADER = 6;
const COUNT = 4;

/** @returns undefined for what is no sequence of numbers or text */
export function typedColumn(
  type: CppType,
  typeName: string,
  { isPointerMember, inCollection }: { isPointerMember: boolean; inCollection: boolean },
): ColumnShape | undefined {
  if (isPointerMember && !inCollection) {
    const number = formatOf({ ...type, pointers: type.pointers - 1 });
    // One byte says whether the pointer was set.
    return (
      number && {
        kind: 'list',
        type: number.type,
        typeName,
        plain: true,
        newLoader: () => new ListLoader(number, 1, 1),
      }
    );
  }
  if (inCollection && isText(type)) {
    // A std::string member has one header for all the elements; TStrings have none.
    const header = type.name === 'string' ? HEADER : 0;
    return { kind: 'strings', typeName: `${typeName}[]`, newLoader: () => new TextsLoader(header, false) };
  }
  if (type.name === 'bitset' && !inCollection) {
    const bit = plainFormat('bool');
    return { kind: 'list', type: 'bool', typeName, newLoader: () => new ListLoader(bit, HEADER + COUNT, 1) };
  }
  const item = itemOf(type);
  if (item === undefined) return undefined;
  const number = formatOf(item);
  if (number !== undefined && inCollection)
    return {
      kind: 'nested',
      type: number.type,
      typeName: `${typeName}[]`,
      newLoader: () => new NestedLoader(number, HEADER, false),
    };
  if (inCollection) return undefined;
  if (number !== undefined) {
    const plain = isVector(type) && numberOf(item) !== undefined;
    return {
      kind: 'list',
      type: number.type,
      typeName,
      plain,
      newLoader: () => new ListLoader(number, HEADER + COUNT, 1),
    };
  }
  if (isText(item)) return { kind: 'strings', typeName, newLoader: () => new TextsLoader(HEADER, true) };
  const inner = itemOf(item);
  const innerNumber = inner === undefined ? undefined : formatOf(inner);
  if (innerNumber === undefined) return undefined;
  return {
    kind: 'nested',
    type: innerNumber.type,
    typeName,
    newLoader: () => new NestedLoader(innerNumber, HEADER, true),
  };
}

function formatOf(type: CppType) {
  if (type.pointers > 0 || type.args.length > 0) return undefined;
  if (type.name === 'Double32_t') return packedFormat('float64', undefined);
  if (type.name === 'Float16_t') return packedFormat('float32', undefined);
  const number = numberOf(type);
  return number === undefined ? undefined : plainFormat(number);
}
