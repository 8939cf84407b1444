/**
 * Functions that look at expressions, not only at values: eval, unparse, unresolved, debug, evalInEachContext, countMatches.
 * Source: HTCondor manual; src/classad/fnCall.cpp, src/condor_utils/compat_classad.cpp.
 */
import { toText } from '../conversions.js';
import { AttributeRef, asItem, ClassAd, type Expr, ListExpr } from '../expression.js';
import { externalReferences } from '../external-references.js';
import { JdlParseError } from '../jdl-errors.js';
import type { Machine } from '../machine.js';
import { parseExpression } from '../parser.js';
import { unparseExpression } from '../printer.js';
import { Pattern, PatternError } from '../regular-expression.js';
import { ERROR, truth, UNDEFINED, type Value } from '../value.js';
import { type FunctionTable, type LazyFunction, lazy, type StrictFunction, strict } from './definition.js';

/** The text of a value as an expression of the ad in which the call stands. */
const evalText: StrictFunction = ([value], machine) => {
  const text = toText(value!);
  if (typeof text !== 'string') return ERROR;
  machine.spend(text.length);
  try {
    return machine.force(parseExpression(text, { scope: machine.currentAd }));
  } catch (error) {
    if (error instanceof JdlParseError) return ERROR;
    throw error;
  }
};

/** The expression behind a name, as text; empty where the ad has none of that name. */
const unparse: LazyFunction = ([ref], machine) => {
  if (!(ref instanceof AttributeRef)) return ERROR;
  const expr = ref.scope === undefined ? machine.currentAd?.get(ref.name) : undefined;
  return expr === undefined ? '' : unparseExpression(expr);
};

/** The names that the expression behind a name needs from elsewhere; with a pattern, whether one of them matches. */
const unresolved: LazyFunction = ([ref, pattern], machine) => {
  if (!(ref instanceof AttributeRef)) return ERROR;
  const expr = machine.resolve(ref);
  if (expr === undefined) return UNDEFINED;
  const names = externalReferences(expr, machine.currentAd).map((name) => name.replace(/^target\./i, ''));
  if (pattern === undefined) return names.join(',');
  const text = machine.force(pattern);
  if (typeof text !== 'string') return ERROR;
  try {
    const compiled = new Pattern(text, 'i');
    return names.some((name) => compiled.test(name));
  } catch (error) {
    if (error instanceof PatternError) return ERROR;
    throw error;
  }
};

/** The expression behind a name, if there is one; otherwise the argument itself: so projections work as well as requirements. */
function expressionOf(arg: Expr, machine: Machine): Expr {
  return arg instanceof AttributeRef ? (machine.resolve(arg) ?? arg) : arg;
}

/** Evaluates in each ad of a list; a member that is undefined stays so, any other that is no ad is error. */
function* valuesInContexts(expr: Expr, list: ListExpr, machine: Machine): Generator<Value> {
  for (const item of list.items) {
    machine.spend(1);
    const context = machine.force(item);
    if (context instanceof ClassAd) yield machine.attemptIn(expr, context, ERROR);
    else yield context === UNDEFINED ? UNDEFINED : ERROR;
  }
}

const evalInEachContext: LazyFunction = ([arg, contexts], machine) => {
  const expr = expressionOf(arg!, machine);
  const list = machine.force(contexts!);
  if (list === UNDEFINED) return UNDEFINED;
  if (!(list instanceof ListExpr)) return ERROR;
  return new ListExpr([...valuesInContexts(expr, list, machine)].map(asItem));
};

const countMatches: LazyFunction = ([arg, contexts], machine) => {
  const expr = expressionOf(arg!, machine);
  const list = machine.force(contexts!);
  if (list === UNDEFINED) return 0n;
  if (!(list instanceof ListExpr)) return ERROR;
  let count = 0n;
  for (const value of valuesInContexts(expr, list, machine)) if (truth(value) === true) count++;
  return count;
};

export const REFERENCES: FunctionTable = {
  eval: strict(1, 1, evalText),
  unparse: lazy(1, 1, unparse),
  unresolved: lazy(1, 2, unresolved),
  debug: strict(1, 1, ([value]) => value!),
  evalInEachContext: lazy(2, 2, evalInEachContext),
  countMatches: lazy(2, 2, countMatches),
};
