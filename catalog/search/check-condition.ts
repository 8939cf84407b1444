/** What a condition compares must be there to be compared: a name that nothing has, or a value that its type cannot have, is a slip of the pen. */
import { didYouMean } from '../../protocol/nearest.js';
import { BadTagError, NoSuchTagError } from '../operations/tags.js';
import { type Caller, mayAccess } from '../permissions.js';
import type { Stores } from '../store/stores.js';
import { TAG_TYPES, type TagType } from '../store/tag-store.js';
import { FIELDS, parseTime } from './condition.js';
import type { Condition, Operator, Value } from './query-language.js';

type Compare = Extract<Condition, { kind: 'compare' }>;

/** Fields that are no text. */
const FIELD_TYPES: Readonly<Record<string, TagType>> = {
  size: 'int',
  mode: 'int',
  entries: 'int',
  created: 'time',
  modified: 'time',
};
const SAID: Readonly<Record<TagType, string>> = {
  int: 'a whole number (int)',
  float: 'a number (float)',
  string: 'a text (string)',
  bool: 'true or false (bool)',
  time: 'a time as 2009-11-23T10:00 (time)',
};
/** Directories that are looked at for whether a caller may know of a tag. */
const LOOKED_AT = 100;

/** @throws {NoSuchTagError} a name that is none of a field or tag, {BadTagError} a value that the type cannot have */
export function checkCondition(stores: Stores, caller: Caller, condition: Condition): void {
  for (const compare of comparisons(condition)) {
    const { field } = compare;
    if (Object.hasOwn(FIELDS, field)) {
      const type = FIELD_TYPES[field] ?? 'string';
      if (!fits(compare, type)) throw badValue(compare, [type]);
      continue;
    }
    if (!stores.tags.isKnown(field))
      throw new NoSuchTagError(
        `"${field}" is neither a field of every entry nor a tag that any directory defines.${didYouMean(field, knownNames(stores, caller))}`,
      );
    if (TAG_TYPES.every((type) => fits(compare, type))) continue;
    // A tag may be defined here as one and there as another; one without a definition has any value.
    const types = stores.tags.types(field);
    if (types.length > 0 && !types.some((type) => fits(compare, type))) throw badValue(compare, types);
  }
}

/** What values of are compared; a name that nothing has is asked for by `has` alone. */
function comparisons(condition: Condition): Compare[] {
  if (condition.kind === 'compare') return [condition];
  if (condition.kind === 'has') return [];
  return (condition.kind === 'not' ? [condition.part] : condition.parts).flatMap(comparisons);
}

function fits({ operator, value }: { operator: Operator; value: Value }, type: TagType): boolean {
  if (type === 'string' || operator === '~' || operator === 'like') return true;
  const number = numberOf(value);
  switch (type) {
    case 'int':
      // An order with 1.5 has a meaning; no whole number equals it.
      return number !== undefined && (Number.isInteger(number) || (operator !== '=' && operator !== '!='));
    case 'float':
      return number !== undefined;
    case 'bool':
      return typeof value === 'boolean' || value === 'true' || value === 'false' || number === 0 || number === 1;
    case 'time':
      return number !== undefined || (typeof value === 'string' && parseTime(value) !== undefined);
  }
}

function numberOf(value: Value): number | undefined {
  if (typeof value === 'boolean' || (typeof value === 'string' && value.trim() === '')) return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function badValue({ field, value }: Compare, types: readonly TagType[]): BadTagError {
  const given = typeof value === 'string' ? `"${value.slice(0, 100)}"` : String(value);
  return new BadTagError(`${field} is ${types.map((type) => SAID[type]).join(' or ')}: ${given} is none.`);
}

/** Fields, and the tags of directories that the caller may read. */
function knownNames({ tags, directories }: Stores, caller: Caller): string[] {
  const isSeen = (id: number): boolean => {
    const directory = directories.get(id);
    return !directory.isRemoved && mayAccess(caller, directory, 'read') && directories.mayEnter(caller, directory);
  };
  return [...Object.keys(FIELDS), ...tags.names().filter((name) => tags.definedAt(name, LOOKED_AT).some(isSeen))];
}
