/**
 * From the text of `proof draw` to checked trees: `y:x>>name(nx,x1,x2,ny,y1,y2)` and the cut.
 *
 * Operators bind as in C++; `^` and `**` are powers, as in ROOT's formulas, and bind tighter than the signs. `>>` is always the
 * histogram's, never a shift.
 */
import { didYouMean } from '../../protocol/nearest.js';
import { tooManyBins } from '../outputs/declaration.js';
import { DrawExpressionError } from './draw-error.js';
import { FUNCTION_NAMES, functionName, functionOf } from './draw-functions.js';
import { type DrawToken, drawTokens } from './draw-lexer.js';
import {
  type BinaryOperator,
  type DrawNode,
  OVER_NAMES,
  type OverName,
  SPECIAL_NAMES,
  type SpecialName,
} from './draw-tree.js';

export interface DrawExpression {
  /** One to three, as written: the last is x. */
  readonly values: readonly DrawNode[];
  /** Their texts, for titles. */
  readonly texts: readonly string[];
  /** Behind `>>`; undefined where nothing is said. */
  readonly name: string | undefined;
  /** For each axis from x on; empty: automatic. */
  readonly bins: readonly { readonly nbins: number; readonly min: number; readonly max: number }[];
}

/** From loosest to tightest; all to the left. */
const LEVELS: readonly (readonly BinaryOperator[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['&'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['<<'],
  ['+', '-'],
  ['*', '/', '%'],
];
const OVER_ARITY: Readonly<Record<OverName, number>> = {
  Sum$: 1,
  Min$: 1,
  Max$: 1,
  Length$: 1,
  MinIf$: 2,
  MaxIf$: 2,
  Alt$: 2,
};
const MAX_DEPTH = 200;

/** @throws {DrawExpressionError} */
export function parseDraw(text: string): DrawExpression {
  return new DrawParser(text).whole();
}

/** One expression alone: a cut. @throws {DrawExpressionError} */
export function parseCut(text: string): DrawNode {
  return new DrawParser(text).single();
}

class DrawParser {
  readonly #tokens: readonly DrawToken[];
  #at = 0;
  #depth = 0;
  constructor(readonly text: string) {
    this.#tokens = drawTokens(text);
  }

  whole(): DrawExpression {
    const values: DrawNode[] = [];
    const texts: string[] = [];
    do {
      const start = this.#next.position;
      values.push(this.#choice());
      texts.push(this.text.slice(start, this.#next.position).trim());
    } while (this.#take(':'));
    if (values.length > 3) this.#failAt('More than three expressions,', this.#tokens[0]!);
    const target = this.#take('>>') ? this.#target(values.length) : { name: undefined, bins: [] };
    this.#expectEnd('":" and a further expression, ">>" and a histogram, or the end');
    return { values, texts, ...target };
  }

  single(): DrawNode {
    const node = this.#choice();
    this.#expectEnd('an operator or the end');
    return node;
  }

  #target(dimensions: number): Pick<DrawExpression, 'name' | 'bins'> {
    const name = this.#next;
    if (name.kind !== 'name' || name.text.endsWith('$')) this.#fail('A histogram needs a name behind ">>"');
    this.#at++;
    if (!this.#take('(')) return { name: name.text, bins: [] };
    const numbers: number[] = [];
    do numbers.push(this.#signedNumber());
    while (this.#take(','));
    if (!this.#take(')')) this.#fail('")" or "," is missing');
    if (numbers.length !== 3 * dimensions)
      this.#fail(
        `${name.text} needs ${3 * dimensions} numbers (bins, lower and upper end of each axis), not ${numbers.length},`,
      );
    const bins = Array.from({ length: dimensions }, (_, i) => {
      const [nbins, min, max] = numbers.slice(3 * i, 3 * i + 3) as [number, number, number];
      if (!Number.isSafeInteger(nbins) || nbins < 1) this.#failAt(`${nbins} is no number of bins,`, name);
      if (!(min < max)) this.#failAt(`An axis from ${min} to ${max} has no width,`, name);
      return { nbins, min, max };
    });
    const tooMany = tooManyBins(bins);
    if (tooMany !== undefined) this.#failAt(`${name.text} ${tooMany},`, name);
    return { name: name.text, bins };
  }

  #signedNumber(): number {
    const sign = this.#take('-') ? -1 : 1;
    if (sign === 1) this.#take('+');
    const token = this.#next;
    if (token.kind !== 'number') this.#fail('A number is missing');
    this.#at++;
    return sign * Number(token.text);
  }

  #choice(): DrawNode {
    if (++this.#depth > MAX_DEPTH) this.#fail('Brackets are nested too deeply');
    const condition = this.#binary(0);
    let node = condition;
    if (this.#take('?')) {
      const yes = this.#choice();
      if (!this.#take(':')) this.#fail('":" of "? :" is missing');
      node = { kind: 'choice', condition, yes, no: this.#choice() };
    }
    this.#depth--;
    return node;
  }

  #binary(level: number): DrawNode {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#signed();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = operators.find((candidate) => this.#isNext(candidate));
      if (operator === undefined) return left;
      this.#at++;
      left = { kind: 'binary', operator, left, right: this.#binary(level + 1) };
    }
  }

  #signed(): DrawNode {
    const operator = (['-', '+', '!', '~'] as const).find((sign) => this.#isNext(sign));
    if (operator === undefined) return this.#power();
    if (++this.#depth > MAX_DEPTH) this.#fail('Too many signs in a row');
    this.#at++;
    const operand = this.#signed();
    this.#depth--;
    return { kind: 'unary', operator, operand };
  }

  #power(): DrawNode {
    const left = this.#primary();
    if (!this.#take('^') && !this.#take('**')) return left;
    return { kind: 'binary', operator: '^', left, right: this.#signed() };
  }

  #primary(): DrawNode {
    const token = this.#next;
    if (this.#take('(')) {
      const inside = this.#choice();
      if (!this.#take(')')) this.#fail('")" is missing');
      return inside;
    }
    if (token.kind === 'number') {
      this.#at++;
      return { kind: 'number', value: Number(token.text) };
    }
    if (token.kind !== 'name') this.#fail('A branch, a number, a function or "(" is missing');
    this.#at++;
    if (token.text.endsWith('$')) return this.#dollar(token);
    if (this.#isNext('(')) return this.#call(token);
    if (token.text === 'true' || token.text === 'false')
      return { kind: 'number', value: token.text === 'true' ? 1 : 0 };
    if (token.text.includes('::')) this.#failAt(`${token.text} is known only with "()" behind it, if at all`, token);
    return this.#branch(token);
  }

  #branch(token: DrawToken): DrawNode {
    const indices: (DrawNode | null)[] = [];
    while (this.#take('[')) {
      indices.push(this.#isNext(']') ? null : this.#choice());
      if (!this.#take(']')) this.#fail('"]" is missing');
    }
    return { kind: 'branch', name: token.text, indices, position: token.position };
  }

  #call(token: DrawToken): DrawNode {
    const name = functionName(token.text);
    if (name === undefined)
      this.#failAt(`There is no function ${token.text}.${didYouMean(token.text, FUNCTION_NAMES)} It stands`, token);
    const args = this.#arguments();
    const { arity } = functionOf(name);
    if (args.length !== arity)
      this.#failAt(`${token.text} takes ${arity} argument${arity === 1 ? '' : 's'}, not ${args.length},`, token);
    return { kind: 'call', name, args };
  }

  #dollar(token: DrawToken): DrawNode {
    const special = SPECIAL_NAMES.find((name) => name === token.text);
    if (special !== undefined) return { kind: 'special', name: special satisfies SpecialName };
    const over = OVER_NAMES.find((name) => name === token.text);
    if (over === undefined)
      this.#failAt(
        `${token.text} is not supported (there are ${[...SPECIAL_NAMES, ...OVER_NAMES].join(', ')});`,
        token,
      );
    if (!this.#isNext('(')) this.#fail(`"(" of ${over} is missing`);
    const args = this.#arguments();
    if (args.length !== OVER_ARITY[over])
      this.#failAt(`${over} takes ${OVER_ARITY[over]} arguments, not ${args.length},`, token);
    return { kind: 'over', name: over, args };
  }

  #arguments(): DrawNode[] {
    this.#at++; // "("
    const args: DrawNode[] = [];
    if (this.#take(')')) return args;
    do args.push(this.#choice());
    while (this.#take(','));
    if (!this.#take(')')) this.#fail('")" or "," is missing');
    return args;
  }

  get #next(): DrawToken {
    return this.#tokens[this.#at]!;
  }
  #isNext(operator: string): boolean {
    return this.#next.kind === 'operator' && this.#next.text === operator;
  }
  #take(operator: string): boolean {
    if (!this.#isNext(operator)) return false;
    this.#at++;
    return true;
  }
  #expectEnd(what: string): void {
    if (this.#next.kind !== 'end') this.#fail(`Expected ${what}`);
  }
  #fail(problem: string): never {
    this.#failAt(problem, this.#next);
  }
  #failAt(problem: string, token: DrawToken): never {
    throw new DrawExpressionError(problem, this.text, token.position);
  }
}
