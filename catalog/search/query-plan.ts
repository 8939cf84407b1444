/**
 * Which index ranges hold all that a condition can be true for: a query over tags then reads those, not the tree. Pure.
 * Ranges may hold more than the answer; the whole condition is tested again on what they give.
 */
import type { TagRange } from '../store/tag-store.js';
import { bothWays, FIELDS } from './condition.js';
import type { Condition } from './query-language.js';

/** Any one of these sets of ranges is enough; within a set all are needed. Empty: only the tree itself will do. */
export type Plan = readonly (readonly TagRange[])[];

export function planCondition(condition: Condition): Plan {
  switch (condition.kind) {
    case 'compare': {
      const ranges = rangesOf(condition);
      return ranges === null ? [] : [ranges];
    }
    case 'and':
      return [...mergedRanges(condition.parts), ...condition.parts.flatMap(planCondition)];
    case 'or': {
      // Every branch must have a plan; the first of each is taken.
      const plans = condition.parts.map(planCondition);
      if (plans.some((plan) => plan.length === 0)) return [];
      return [plans.flatMap((plan) => plan[0]!)];
    }
    default:
      return [];
  }
}

/** The one name that whatever fulfils the condition must have; null: there may be several. */
export function onlyName(condition: Condition): string | null {
  if (condition.kind === 'and') return condition.parts.map(onlyName).find((name) => name !== null) ?? null;
  if (condition.kind !== 'compare' || condition.field !== 'name' || condition.operator !== '=') return null;
  return typeof condition.value === 'string' && !/[*?\\]/.test(condition.value) ? condition.value : null;
}

type Compare = Extract<Condition, { kind: 'compare' }>;

/** null: no index can help. A text that is also a number or a date may stand for either. */
function rangesOf({ field, operator, value }: Compare): TagRange[] | null {
  if (Object.hasOwn(FIELDS, field) || operator === '~' || operator === 'like' || operator === '!=') return null;
  const [text, number] = bothWays(value);
  const ends = <T>(at: T): { low: T | null; high: T | null } => ({
    low: operator.startsWith('<') ? null : at,
    high: operator.startsWith('>') ? null : at,
  });
  const ranges: TagRange[] = [{ name: field, kind: 'text', ...ends<string | number>(text) }];
  if (number !== undefined) ranges.push({ name: field, kind: 'number', ...ends<string | number>(number) });
  return ranges;
}

/** `run >= a and run < b` is one range, not two. */
function mergedRanges(parts: readonly Condition[]): TagRange[][] {
  const byTag = new Map<string, TagRange[][]>();
  for (const part of parts) {
    if (part.kind !== 'compare') continue;
    const ranges = rangesOf(part);
    if (ranges !== null) byTag.set(part.field, [...(byTag.get(part.field) ?? []), ranges]);
  }
  return [...byTag.values()].filter((all) => all.length > 1).map((all) => all.reduce(intersect));
}

function intersect(a: readonly TagRange[], b: readonly TagRange[]): TagRange[] {
  const common: TagRange[] = [];
  for (const x of a) {
    const y = b.find(({ kind }) => kind === x.kind);
    if (y === undefined) continue;
    const low = x.low === null ? y.low : y.low === null || x.low >= y.low ? x.low : y.low;
    const high = x.high === null ? y.high : y.high === null || x.high <= y.high ? x.high : y.high;
    if (low === null || high === null || low <= high) common.push({ name: x.name, kind: x.kind, low, high });
  }
  return common;
}
