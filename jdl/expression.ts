/**
 * The tree of a ClassAd expression, and the ad itself.
 *
 * Ads know the ad around them (`parent`), lists the ad in which they stand (`scope`): names are looked up outwards along these.
 * Every node keeps the offset in the text at which it began, for messages. A tree is not changed once it is parsed.
 */
import type { Program } from './compiler.js';
import { AbsTime, RelTime, type Value } from './value.js';

export type UnaryOperator = '+' | '-' | '!' | '~';
export type BinaryOperator =
  | '||'
  | '&&'
  | '|'
  | '^'
  | '&'
  | '=='
  | '!='
  | 'is'
  | 'isnt'
  | '<'
  | '<='
  | '>='
  | '>'
  | '<<'
  | '>>'
  | '>>>'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '[]';

export type Expr = Literal | AttributeRef | Unary | Binary | Conditional | Parens | Call | ListExpr | ClassAd;

export class Literal {
  readonly kind = 'literal';
  constructor(
    readonly value: Value,
    readonly at = -1,
  ) {}
}

/** `name`, `.name` (from the outermost ad) or `scope.name`. */
export class AttributeRef {
  readonly kind = 'ref';
  readonly key: string;
  constructor(
    readonly name: string,
    readonly scope: Expr | undefined,
    readonly isAbsolute: boolean,
    readonly at = -1,
  ) {
    this.key = name.toLowerCase();
  }
}

export class Unary {
  readonly kind = 'unary';
  constructor(
    readonly operator: UnaryOperator,
    readonly operand: Expr,
    readonly at = -1,
  ) {}
}

export class Binary {
  readonly kind = 'binary';
  constructor(
    readonly operator: BinaryOperator,
    readonly left: Expr,
    readonly right: Expr,
    readonly at = -1,
  ) {}
}

/** `test ? yes : no`; without `yes` it is `test ?: no`, the value of test unless that is undefined. */
export class Conditional {
  readonly kind = 'conditional';
  constructor(
    readonly test: Expr,
    readonly yes: Expr | undefined,
    readonly no: Expr,
    readonly at = -1,
  ) {}
}

/** Kept in the tree so that printing gives back what was written. */
export class Parens {
  readonly kind = 'parens';
  constructor(
    readonly inner: Expr,
    readonly at = -1,
  ) {}
}

export class Call {
  readonly kind = 'call';
  readonly key: string;
  constructor(
    readonly name: string,
    readonly args: readonly Expr[],
    readonly at = -1,
  ) {
    this.key = name.toLowerCase();
  }
}

export class ListExpr {
  readonly kind = 'list';
  constructor(
    readonly items: readonly Expr[],
    /** The ad in which the list stands; a list made by a function stands nowhere. */
    readonly scope: ClassAd | undefined = undefined,
    readonly at = -1,
  ) {}
}

export class Attribute {
  /** What needs no evaluation: the value of a literal, a list, an ad. */
  readonly constant: Value | undefined;
  /** Filled by the evaluator on first use. */
  program: Program | undefined = undefined;
  constructor(
    readonly name: string,
    readonly expr: Expr,
    readonly at = -1,
  ) {
    this.constant =
      expr.kind === 'literal' ? expr.value : expr.kind === 'list' || expr.kind === 'ad' ? expr : undefined;
  }
}

/** Attributes in the order written; names ignore letter case, the last one given counts. */
export class ClassAd {
  readonly kind = 'ad';
  readonly #attributes = new Map<string, Attribute>();
  constructor(
    readonly parent: ClassAd | undefined = undefined,
    readonly at = -1,
  ) {}

  get size(): number {
    return this.#attributes.size;
  }

  /** @returns the attribute that it replaces */
  set(name: string, expr: Expr, at = -1): Attribute | undefined {
    const key = name.toLowerCase();
    const replaced = this.#attributes.get(key);
    this.#attributes.set(key, new Attribute(name, expr, at));
    return replaced;
  }

  /** By name, whatever its letter case. */
  get(name: string): Expr | undefined {
    return this.#attributes.get(name.toLowerCase())?.expr;
  }

  has(name: string): boolean {
    return this.#attributes.has(name.toLowerCase());
  }

  /** Makes an attribute known under a name that may differ from its own. */
  alias(name: string, attribute: Attribute): void {
    this.#attributes.set(name.toLowerCase(), attribute);
  }

  /** How a name is spelled in this ad. */
  nameOf(name: string): string | undefined {
    return this.#attributes.get(name.toLowerCase())?.name;
  }

  /** For the evaluator: the key is already lower case. */
  lookup(key: string): Attribute | undefined {
    return this.#attributes.get(key);
  }

  [Symbol.iterator](): IterableIterator<Attribute> {
    return this.#attributes.values();
  }
}

/** A value as a member of a list or an ad that is made, not parsed. */
export function asItem(value: Value): Expr {
  if (typeof value !== 'object' || value instanceof AbsTime || value instanceof RelTime) return new Literal(value);
  return value;
}

/** The expressions directly inside one. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'literal':
      return [];
    case 'ref':
      return expr.scope === undefined ? [] : [expr.scope];
    case 'unary':
      return [expr.operand];
    case 'binary':
      return [expr.left, expr.right];
    case 'conditional':
      return expr.yes === undefined ? [expr.test, expr.no] : [expr.test, expr.yes, expr.no];
    case 'parens':
      return [expr.inner];
    case 'call':
      return expr.args;
    case 'list':
      return expr.items;
    case 'ad':
      return [...expr].map((attribute) => attribute.expr);
  }
}
