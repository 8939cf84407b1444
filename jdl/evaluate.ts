/** Expressions to values, in an ad or in none; and values to what a program can use. */
import type { ClassAd, Expr } from './expression.js';
import { Machine } from './machine.js';
import { type Surroundings, TIMELESS } from './surroundings.js';
import { UNDEFINED, type Value } from './value.js';

/** The value of an expression in the scope of an ad. Ends in bounded time, whatever the expression. */
export function evaluate(expr: Expr, ad?: ClassAd, surroundings: Surroundings = TIMELESS): Value {
  return new Machine(ad, surroundings).evaluate(expr);
}

/** The value of an attribute in its ad; undefined where the ad has none of that name. */
export function evaluateAttribute(ad: ClassAd, name: string, surroundings: Surroundings = TIMELESS): Value {
  const expr = ad.get(name);
  return expr === undefined ? UNDEFINED : evaluate(expr, ad, surroundings);
}
