/**
 * Trees to straight programs for the machine: operands first, jumps where `&&`, `||`, `?:` and ifThenElse skip a part.
 * No recursion, so that any depth can be compiled; a tree is compiled once and its program kept beside it.
 */
import type { Attribute, BinaryOperator, Call, Expr, UnaryOperator } from './expression.js';
import { findFunction, type LazyFunction, type StrictFunction } from './functions/library.js';
import { applyAnd, applyOr, binaryFunction } from './operators.js';
import { ERROR, type Value } from './value.js';

export type Instruction =
  | { readonly op: 'push'; readonly value: Value }
  | { readonly op: 'name'; readonly key: string }
  | { readonly op: 'rootName'; readonly key: string }
  | { readonly op: 'select'; readonly key: string; readonly name: string }
  | { readonly op: 'subscript' }
  | { readonly op: 'unary'; readonly operator: UnaryOperator }
  | { readonly op: 'binary'; readonly apply: (left: Value, right: Value) => Value }
  /** Leave the value and jump where it settles `&&` or `||`. */
  | { readonly op: 'unlessTrue' | 'unlessFalse'; to: number }
  /** Take the test: true goes on, false jumps to `no`, anything else is the answer: jump to `end`. */
  | { readonly op: 'test'; no: number; end: number }
  | { readonly op: 'elvis'; to: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'call'; readonly run: StrictFunction; readonly count: number }
  | { readonly op: 'callLazily'; readonly run: LazyFunction; readonly args: readonly Expr[] };

export type Program = readonly Instruction[];

type Step = Expr | (() => void);

export function compile(expr: Expr): Program {
  const program: Instruction[] = [];
  const emit = (instruction: Instruction): void => void program.push(instruction);
  const rest: Step[] = [expr];
  for (let step = rest.pop(); step !== undefined; step = rest.pop()) {
    if (typeof step === 'function') step();
    else for (const part of steps(step, emit, program).reverse()) rest.push(part);
  }
  return program.map(inOneShape);
}

/** All instructions with the same fields in the same order: the machine reads objects of one shape faster than of many. */
function inOneShape(instruction: Instruction): Instruction {
  const shape = {
    op: '',
    key: '',
    name: '',
    value: undefined,
    apply: undefined,
    operator: undefined,
    to: 0,
    no: 0,
    end: 0,
    run: undefined,
    count: 0,
    args: undefined,
  };
  return Object.assign(shape, instruction) as Instruction;
}

export function programOf(attribute: Attribute): Program {
  attribute.program ??= compile(attribute.expr);
  return attribute.program;
}

type Emit = (instruction: Instruction) => void;

/** What to do for one node, in order; nodes below it among the steps. */
function steps(expr: Expr, emit: Emit, program: readonly Instruction[]): Step[] {
  switch (expr.kind) {
    case 'literal':
      emit({ op: 'push', value: expr.value });
      return [];
    case 'list':
    case 'ad':
      emit({ op: 'push', value: expr });
      return [];
    case 'parens':
      return [expr.inner];
    case 'ref':
      if (expr.scope !== undefined) return [expr.scope, () => emit({ op: 'select', key: expr.key, name: expr.name })];
      emit({ op: expr.isAbsolute ? 'rootName' : 'name', key: expr.key });
      return [];
    case 'unary':
      return [expr.operand, () => emit({ op: 'unary', operator: expr.operator })];
    case 'binary':
      return binarySteps(expr.operator, expr.left, expr.right, emit, program);
    case 'conditional': {
      if (expr.yes !== undefined) return choiceSteps(expr.test, expr.yes, expr.no, emit, program);
      const skip: Instruction = { op: 'elvis', to: 0 };
      const end = (): void => {
        skip.to = program.length;
      };
      return [expr.test, () => emit(skip), expr.no, end];
    }
    case 'call':
      return callSteps(expr, emit, program);
  }
}

function binarySteps(
  operator: BinaryOperator,
  left: Expr,
  right: Expr,
  emit: Emit,
  program: readonly Instruction[],
): Step[] {
  if (operator === '&&' || operator === '||') {
    const skip: Instruction = { op: operator === '&&' ? 'unlessTrue' : 'unlessFalse', to: 0 };
    const join = (): void => {
      emit({ op: 'binary', apply: operator === '&&' ? applyAnd : applyOr });
      skip.to = program.length;
    };
    return [left, () => emit(skip), right, join];
  }
  return [
    left,
    right,
    () => emit(operator === '[]' ? { op: 'subscript' } : { op: 'binary', apply: binaryFunction(operator) }),
  ];
}

function choiceSteps(test: Expr, yes: Expr, no: Expr, emit: Emit, program: readonly Instruction[]): Step[] {
  const branch: Instruction = { op: 'test', no: 0, end: 0 };
  const skip: Instruction = { op: 'jump', to: 0 };
  const otherwise = (): void => {
    emit(skip);
    branch.no = program.length;
  };
  const end = (): void => {
    branch.end = program.length;
    skip.to = program.length;
  };
  return [test, () => emit(branch), yes, otherwise, no, end];
}

/** Unknown functions, and known ones with too few or too many arguments, are error; their arguments are not evaluated. */
function callSteps(call: Call, emit: Emit, program: readonly Instruction[]): Step[] {
  const found = findFunction(call.key);
  const count = call.args.length;
  if (found === undefined || count < found.min || count > found.max) {
    emit({ op: 'push', value: ERROR });
    return [];
  }
  const [test, yes, no] = call.args;
  if (found.how === 'choice') return choiceSteps(test!, yes!, no!, emit, program);
  if (found.how === 'lazy') {
    emit({ op: 'callLazily', run: found.run, args: call.args });
    return [];
  }
  const run = found.how === 'perCall' ? found.make() : found.run;
  return [...call.args, () => emit({ op: 'call', run, count })];
}
