/** What is doubtful in an ad although it parses: functions that do not exist, and regular expressions that cannot be had. */
import { didYouMean } from '../protocol/nearest.js';
import { type Call, type ClassAd, childrenOf, type Expr } from './expression.js';
import { FUNCTION_NAMES, findFunction } from './functions/library.js';
import { Pattern, PatternError } from './regular-expression.js';

export interface Doubt {
  /** The attribute in which it stands. */
  readonly attribute: string;
  readonly message: string;
}

const WITH_PATTERN = new Set(['regexp', 'regexpmember', 'regexps', 'replace', 'replaceall', 'stringlist_regexpmember']);

export function reviewAd(ad: ClassAd): Doubt[] {
  return [...ad].flatMap(({ name, expr }) =>
    callsIn(expr).flatMap((call) =>
      doubtsOf(call).map((message) => ({ attribute: name, message: `${name}: ${message}` })),
    ),
  );
}

function doubtsOf(call: Call): string[] {
  const found = findFunction(call.key);
  if (found === undefined)
    return [`there is no function ${call.name}, so that its value is error.${didYouMean(call.name, FUNCTION_NAMES)}`];
  const count = call.args.length;
  if (count < found.min || count > found.max) {
    const wanted =
      found.min === found.max
        ? `${found.min}`
        : Number.isFinite(found.max)
          ? `${found.min} to ${found.max}`
          : `at least ${found.min}`;
    return [`${call.name} takes ${wanted} arguments, not ${count}; its value is error.`];
  }
  const [pattern] = call.args;
  if (!WITH_PATTERN.has(call.key) || pattern?.kind !== 'literal' || typeof pattern.value !== 'string') return [];
  try {
    new Pattern(pattern.value);
    return [];
  } catch (error) {
    if (error instanceof PatternError) return [error.message];
    throw error;
  }
}

function callsIn(expr: Expr): Call[] {
  const calls: Call[] = [];
  const rest: Expr[] = [expr];
  for (let node = rest.pop(); node !== undefined; node = rest.pop()) {
    if (node.kind === 'call') calls.push(node);
    for (const child of childrenOf(node)) rest.push(child);
  }
  return calls;
}
