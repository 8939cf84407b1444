/** absTime("…") and relTime("…") of a string are literals: they are read when the text is parsed. */
import { type Expr, Literal } from './expression.js';
import { parseAbsTime, parseRelTime, type ZoneOffset } from './times.js';

/** @returns undefined where the call is not one of the two, or its argument is no string literal */
export function timeLiteral(
  name: string,
  args: readonly Expr[],
  zoneOffset: ZoneOffset = () => 0,
): Literal | undefined {
  const key = name.toLowerCase();
  const [only] = args;
  if (args.length !== 1 || only?.kind !== 'literal' || typeof only.value !== 'string') return undefined;
  if (key === 'abstime') return new Literal(parseAbsTime(only.value, zoneOffset), only.at);
  if (key === 'reltime') return new Literal(parseRelTime(only.value), only.at);
  return undefined;
}
