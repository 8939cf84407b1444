/**
 * Values as JSON, for programs of other languages: every value says its type, integers are digits in a string.
 * Members of lists and ads are evaluated in the scope in which they stand; a member that holds itself is undefined in itself.
 * No recursion: any depth can be written.
 */
import { type Attribute, asItem, ClassAd, type Expr, ListExpr } from './expression.js';
import { type Enclosure, Machine } from './machine.js';
import type { Surroundings } from './surroundings.js';
import { AbsTime, UNDEFINED, type Value } from './value.js';

/** How many lists and ads are written of one value, which may name the same member over and over. */
const MEMBER_LIMIT = 1_000_000;

function realJson(real: number): string {
  if (Number.isNaN(real)) return '"NaN"';
  if (!Number.isFinite(real)) return real > 0 ? '"INF"' : '"-INF"';
  return Object.is(real, -0) ? '-0.0' : String(real);
}

function scalarJson(value: Exclude<Value, ListExpr | ClassAd>): string {
  switch (typeof value) {
    case 'boolean':
      return `{"type":"boolean","value":${value}}`;
    case 'bigint':
      return `{"type":"integer","value":"${value}"}`;
    case 'number':
      return `{"type":"real","value":${realJson(value)}}`;
    case 'string':
      return `{"type":"string","value":${JSON.stringify(value.replace(/(?<![\ud800-\udbff])[\udc80-\udcff]/g, '\ufffd'))}}`;
    case 'symbol':
      return value === UNDEFINED ? '{"type":"undefined"}' : '{"type":"error"}';
    default:
      if (value instanceof AbsTime) return `{"type":"abstime","secs":${value.secs},"offset":${value.offset}}`;
      return `{"type":"reltime","secs":${realJson(value.secs)}}`;
  }
}

export interface ValueScope {
  /** The ad in which the value was asked for. */
  readonly ad: ClassAd | undefined;
  readonly surroundings: Surroundings;
  readonly enclosure?: Enclosure;
}

type Step = string | { readonly leave: readonly Expr[] } | { readonly expr: Expr; readonly scope: ClassAd | undefined };

/** One line of JSON. */
export function valueJson(value: Value, { ad: start, surroundings, enclosure }: ValueScope): string {
  const out: string[] = [];
  const open = new Set<Expr>();
  const steps: Step[] = [{ expr: asItem(value), scope: start }];
  let members = 0;
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    if (typeof step === 'string') out.push(step);
    else if ('leave' in step) for (const expr of step.leave) open.delete(expr);
    else {
      const result = new Machine(step.scope, surroundings, enclosure).evaluate(step.expr);
      if (!(result instanceof ListExpr || result instanceof ClassAd)) out.push(scalarJson(result));
      else if (++members > MEMBER_LIMIT || open.has(result) || open.has(step.expr)) out.push('{"type":"undefined"}');
      else {
        open.add(result).add(step.expr);
        steps.push({ leave: [result, step.expr] });
        if (result instanceof ListExpr) pushList(result, step.scope, steps);
        else pushAd(result, steps);
      }
    }
  }
  return out.join('');
}

function pushList(list: ListExpr, around: ClassAd | undefined, steps: Step[]): void {
  steps.push(']}');
  const scope = list.scope ?? around;
  for (let i = list.items.length - 1; i >= 0; i--) {
    steps.push({ expr: list.items[i]!, scope });
    if (i > 0) steps.push(',');
  }
  steps.push('{"type":"list","value":[');
}

function pushAd(ad: ClassAd, steps: Step[]): void {
  steps.push('}}');
  const attributes: Attribute[] = [...ad];
  for (let i = attributes.length - 1; i >= 0; i--) {
    const { name, expr } = attributes[i]!;
    steps.push({ expr, scope: ad }, `${i > 0 ? ',' : ''}${JSON.stringify(name)}:`);
  }
  steps.push('{"type":"ad","value":{');
}
