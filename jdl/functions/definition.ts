/**
 * How a function of the library is given: how many arguments it takes, and whether they are evaluated before it runs.
 * A call with another number of arguments is error, and so is an unknown function.
 */
import type { Expr } from '../expression.js';
import type { Machine } from '../machine.js';
import { ERROR, UNDEFINED, type Value } from '../value.js';

export type StrictFunction = (args: readonly Value[], machine: Machine) => Value;
export type LazyFunction = (args: readonly Expr[], machine: Machine) => Value;

interface Arity {
  readonly min: number;
  readonly max: number;
}
export type FunctionDefinition = Arity &
  (
    | { readonly how: 'strict'; readonly run: StrictFunction }
    /** A function that each call in a text gets made anew, to keep something of its own. */
    | { readonly how: 'perCall'; readonly make: () => StrictFunction }
    | { readonly how: 'lazy'; readonly run: LazyFunction }
    /** ifThenElse: compiled to jumps. */
    | { readonly how: 'choice' }
  );

/** Names as the manual writes them; they are found in any letter case. */
export type FunctionTable = Readonly<Record<string, FunctionDefinition>>;

export const strict = (min: number, max: number, run: StrictFunction): FunctionDefinition => ({
  how: 'strict',
  min,
  max,
  run,
});
export const lazy = (min: number, max: number, run: LazyFunction): FunctionDefinition => ({
  how: 'lazy',
  min,
  max,
  run,
});

/** Error if any argument is error, undefined if any is undefined; nothing if all are proper values. */
export function exceptional(args: readonly Value[]): typeof ERROR | typeof UNDEFINED | undefined {
  if (args.includes(ERROR)) return ERROR;
  return args.includes(UNDEFINED) ? UNDEFINED : undefined;
}

/** Longer texts are not built: an evaluation must not exhaust the memory. */
export const LONGEST_TEXT = 2 ** 26;
