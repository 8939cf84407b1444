/** Attributes of an ad as plain values of a program: evaluated, converted as AliEn users write them, or refused with a sentence. */
import { evaluate, evaluateAttribute } from './evaluate.js';
import { asItem, ClassAd, type Expr, ListExpr } from './expression.js';
import { JdlAttributeError } from './jdl-errors.js';
import { printExpression } from './printer.js';
import { UNDEFINED, type Value } from './value.js';

/** A word for the type of a value, for messages. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case 'boolean':
      return 'a boolean';
    case 'bigint':
      return 'an integer';
    case 'number':
      return 'a real';
    case 'string':
      return 'a string';
    case 'symbol':
      return value === UNDEFINED ? 'undefined' : 'an error';
    default:
      return value instanceof ListExpr ? 'a list' : value instanceof ClassAd ? 'an ad' : 'a time';
  }
}

const refuse = (ad: ClassAd, name: string, wanted: string, value: Value): never => {
  const expr = ad.get(name);
  const written = expr === undefined ? '' : ` (${shortened(printExpression(expr))})`;
  throw new JdlAttributeError(name, `expected ${wanted}, found ${typeName(value)}${written}.`);
};
const shortened = (text: string): string => (text.length <= 60 ? text : `${text.slice(0, 57)}...`);

/** A string; undefined where the ad has none. @throws {JdlAttributeError} another type */
export function stringOf(ad: ClassAd, name: string): string | undefined {
  const value = evaluateAttribute(ad, name);
  if (value === UNDEFINED) return undefined;
  return typeof value === 'string' ? value : refuse(ad, name, 'a string', value);
}

/** A number, or a string that holds one and nothing else: AliEn's users write TTL = "7200". @throws {JdlAttributeError} */
export function numberOf(ad: ClassAd, name: string): number | undefined {
  const value = evaluateAttribute(ad, name);
  if (value === UNDEFINED) return undefined;
  if (typeof value === 'bigint' || typeof value === 'number') return Number(value);
  if (typeof value === 'string' && /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(value)) return Number(value);
  return refuse(ad, name, 'a number', value);
}

/** A truth: boolean, number, or one of the strings true, false, yes, no, 1, 0. @throws {JdlAttributeError} */
export function booleanOf(ad: ClassAd, name: string): boolean | undefined {
  const value = evaluateAttribute(ad, name);
  if (value === UNDEFINED) return undefined;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'bigint' || typeof value === 'number') return Number(value) !== 0;
  if (typeof value === 'string' && /^\s*(true|yes|1)\s*$/i.test(value)) return true;
  if (typeof value === 'string' && /^\s*(false|no|0)\s*$/i.test(value)) return false;
  return refuse(ad, name, 'true or false', value);
}

/** A list of strings; one string counts as a list of one. Undefined where the ad has none. @throws {JdlAttributeError} */
export function stringsOf(ad: ClassAd, name: string): string[] | undefined {
  const value = evaluateAttribute(ad, name);
  if (value === UNDEFINED) return undefined;
  if (typeof value === 'string') return [value];
  if (!(value instanceof ListExpr)) return refuse(ad, name, 'a list of strings', value);
  return value.items.map((item) => {
    const member = evaluate(item, ad);
    return typeof member === 'string' ? member : refuse(ad, name, 'a list of strings', member);
  });
}

/** Plain JavaScript to an expression: integers become integers, other numbers reals, arrays lists, objects ads. */
export type Plain = string | number | bigint | boolean | readonly Plain[] | { readonly [name: string]: Plain | Expr };

export function toExpr(plain: Plain | Expr, scope?: ClassAd): Expr {
  if (typeof plain === 'number') return asItem(Number.isInteger(plain) ? BigInt(plain) : plain);
  if (typeof plain !== 'object') return asItem(plain);
  if (Array.isArray(plain))
    return new ListExpr(
      (plain as readonly Plain[]).map((item) => toExpr(item, scope)),
      scope,
    );
  if ('kind' in plain && typeof plain.kind === 'string') return plain as Expr;
  return makeAd(plain as { readonly [name: string]: Plain | Expr }, scope);
}

/** An ad from plain values; expressions (parseExpression) may stand among them. */
export function makeAd(attributes: { readonly [name: string]: Plain | Expr | undefined }, parent?: ClassAd): ClassAd {
  const ad = new ClassAd(parent);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) ad.set(name, toExpr(value, ad));
  return ad;
}
