/**
 * Conditions of a query, compiled to a predicate over an entry and the tags in force for it. Pure.
 *
 * What an entry does not have compares as false, whatever the operator; `not` turns that into true.
 */
import { RE2JS } from 're2js';
import { BadValueError } from '../errors.js';
import { type Entry, pathOf } from '../operations/paths.js';
import { wildcard } from './pattern.js';
import type { Condition, Operator, Value } from './query-language.js';

export type TagValue = string | number;
/** Tags in force for an entry: its own, else those of the nearest directory above that has them. */
export type TagLookup = (name: string) => TagValue | undefined;
export type Predicate = (entry: Entry, tags: TagLookup) => boolean;

type Field = (entry: Entry) => string | number | null;

/** Fields that every entry has by itself; tags cannot have these names. */
export const FIELDS: Readonly<Record<string, Field>> = {
  name: ({ file, directory }) => file?.name ?? directory.name,
  path: pathOf,
  kind: ({ file }) => file?.kind ?? 'directory',
  size: ({ file }) => file?.size ?? null,
  owner: ({ file, directory }) => (file ?? directory).owner,
  group: ({ file, directory }) => (file ?? directory).group,
  mode: ({ file, directory }) => (file ?? directory).mode,
  checksum: ({ file }) => file?.checksum ?? null,
  guid: ({ file }) => file?.guid ?? null,
  entries: ({ file }) => file?.entries ?? null,
  tree: ({ file }) => file?.tree ?? null,
  created: ({ file, directory }) => (file ?? directory).created,
  modified: ({ file, directory }) => (file ?? directory).modified,
};

/** @throws {BadValueError} a regular expression that means nothing */
export function compileCondition(condition: Condition): Predicate {
  switch (condition.kind) {
    case 'and': {
      // Fields of the entry itself cost nothing to look at: they are tested before tags.
      const parts = condition.parts.toSorted((a, b) => cost(a) - cost(b)).map(compileCondition);
      return (entry, tags) => parts.every((part) => part(entry, tags));
    }
    case 'or': {
      const parts = condition.parts.map(compileCondition);
      return (entry, tags) => parts.some((part) => part(entry, tags));
    }
    case 'not': {
      const part = compileCondition(condition.part);
      return (entry, tags) => !part(entry, tags);
    }
    case 'has': {
      const get = getter(condition.field);
      return (entry, tags) => get(entry, tags) !== undefined;
    }
    case 'compare': {
      const get = getter(condition.field);
      const isName = condition.field === 'name' || condition.field === 'path';
      const test = tester(condition.operator, condition.value, isName);
      return (entry, tags) => {
        const value = get(entry, tags);
        return value !== undefined && test(value);
      };
    }
  }
}

function cost(condition: Condition): number {
  switch (condition.kind) {
    case 'compare':
    case 'has':
      return Object.hasOwn(FIELDS, condition.field) ? 0 : 1;
    case 'not':
      return cost(condition.part);
    default:
      return Math.max(...condition.parts.map(cost));
  }
}

function getter(field: string): (entry: Entry, tags: TagLookup) => TagValue | undefined {
  const own = Object.hasOwn(FIELDS, field) ? FIELDS[field] : undefined;
  if (own !== undefined) return (entry) => own(entry) ?? undefined;
  return (_entry, tags) => tags(field);
}

function tester(operator: Operator, value: Value, isName: boolean): (found: TagValue) => boolean {
  if (operator === '~') {
    const pattern = regularExpression(String(value));
    return (found) => pattern.matcher(String(found)).find();
  }
  if (operator === 'like') {
    const pattern = regularExpression(`^${likePattern(String(value))}$`);
    return (found) => pattern.matcher(String(found)).find();
  }
  if (isName && (operator === '=' || operator === '!=') && /[*?]/.test(String(value))) {
    const matches = wildcard(String(value));
    return (found) => matches(String(found)) === (operator === '=');
  }
  const passes = PASSES[operator];
  return (found) => {
    const order = compare(found, value);
    return order !== undefined && passes(order);
  };
}

const PASSES: Record<Exclude<Operator, '~' | 'like'>, (order: number) => boolean> = {
  '=': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

/** undefined: the two cannot be compared. */
function compare(found: TagValue, value: Value): number | undefined {
  const [text, number] = bothWays(value);
  if (typeof found === 'number') return number === undefined ? undefined : found - number;
  return found < text ? -1 : found > text ? 1 : 0;
}

/** A value as text and, where it can be, as number: truth is 1 or 0, a date its ms since 1970. */
export function bothWays(value: Value): [text: string, number: number | undefined] {
  if (typeof value === 'number') return [String(value), value];
  if (value === true || value === 'true') return ['true', 1];
  if (value === false || value === 'false') return ['false', 0];
  if (value.trim() !== '' && Number.isFinite(Number(value))) return [value, Number(value)];
  return [value, parseTime(value)];
}

/** ISO 8601 -> ms since 1970; without a zone it is UTC. */
export function parseTime(text: string): number | undefined {
  const match = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.exec(text);
  if (match === null) return undefined;
  const ms = Date.parse(
    text.length > 10 && match[1] === undefined ? `${text.replace(' ', 'T')}Z` : text.replace(' ', 'T'),
  );
  return Number.isNaN(ms) ? undefined : ms;
}

function regularExpression(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern, RE2JS.DOTALL);
  } catch (cause) {
    // The library names the whole expression again, with the flags that it was given.
    const why = (cause as Error).message.replace(/^error parsing regexp: /, '').replace(/: `\(\?s\).*`$/s, '');
    throw new BadValueError(pattern, 'regular expression', why);
  }
}

/** % any text, _ any character, \ takes the meaning from the next. */
function likePattern(like: string): string {
  return like.replace(/\\(.)|(%)|(_)|([^\\%_]+)|\\$/gs, (all, escaped?: string, many?: string, one?: string) => {
    if (escaped !== undefined) return RE2JS.quote(escaped);
    if (many !== undefined) return '.*';
    return one !== undefined ? '.' : RE2JS.quote(all);
  });
}
