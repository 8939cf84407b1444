/**
 * From checked trees to one JavaScript function that fills a histogram from a batch of columns.
 *
 * The text is put together from fixed pieces, numbers and counters of our own: no character of the user's expression gets into it.
 * What depends on the file, the shapes of the columns, is in it; so it is generated once for each set of shapes.
 *
 * Loops, as in TTree::Draw: all branches of several elements an entry that stand without index run together, over as many elements
 * as the shortest has; an element asked for by index that is not there skips that turn.
 */
import type { ColumnData } from '../../rootio/table.js';
import { DrawExpressionError } from './draw-error.js';
import { type DrawFunction, functionOf } from './draw-functions.js';
import type { BinaryOperator, DrawNode, OverName } from './draw-tree.js';

export interface Fillable {
  fill(...values: number[]): void;
}
/** Fills one batch: columns in the order of the branches, entries [first, first + length) of a file of `entries`. */
export type DrawLoop = (
  columns: readonly ColumnData[],
  place: { first: number; length: number; entries: number },
  into: Fillable,
) => void;

export interface DrawTrees {
  readonly text: string;
  /** x first. */
  readonly values: readonly DrawNode[];
  readonly cut: DrawNode | undefined;
  readonly branches: readonly string[];
}

/** @throws {DrawExpressionError} for a branch whose contents cannot be drawn */
export function compileDraw(trees: DrawTrees, columns: readonly ColumnData[]): DrawLoop {
  const text = new LoopText(trees, columns).whole();
  return new Function('functions', 'helpers', `"use strict"; ${text}`)(functionOf, HELPERS) as DrawLoop;
}

/** What makes two sets of columns need different loops. */
export function shapesOf(columns: readonly ColumnData[]): string {
  return columns
    .map((data) => {
      const is64 = 'values' in data && (data.values instanceof BigInt64Array || data.values instanceof BigUint64Array);
      return `${data.kind}${data.kind === 'flat' ? data.length : ''}${is64 ? '!' : ''}`;
    })
    .join(' ');
}

/** Branches that run, in one loop; and whether this is inside `Alt$`, where they do not decide how far it runs. */
interface Scope {
  readonly loops: Map<string, string>; // text of a count -> its variable
  readonly set: string[]; // statements before the loop
  readonly isOptional: boolean;
}

const COMPARISONS: ReadonlySet<BinaryOperator> = new Set(['<', '<=', '>', '>=']);

class LoopText {
  readonly #trees: DrawTrees;
  readonly #columns: readonly ColumnData[];
  readonly #functions = new Map<string, string>();
  readonly #overs: string[] = [];
  #variables = 0;

  constructor(trees: DrawTrees, columns: readonly ColumnData[]) {
    this.#trees = trees;
    this.#columns = columns;
  }

  whole(): string {
    const scope = newScope();
    const cut = this.#trees.cut === undefined ? '1' : this.#node(this.#trees.cut, scope);
    const values = this.#trees.values.map((tree) => this.#node(tree, scope));
    const turn = `
      missing = false;
      const w = ${cut};
      if (w === 0 || missing) continue;
      ${values.map((value, k) => `const x${k} = ${value};`).join(' ')}
      if (missing) continue;
      into.fill(${values.map((_, k) => `x${k}`).join(', ')}, w);`;
    return `
    ${[...this.#functions].map(([name, variable]) => `const ${variable} = functions(${JSON.stringify(name)}).evaluate;`).join('\n')}
    const { remainder, and, or, not, shift } = helpers;
    return (columns, { first, length, entries }, into) => {
      let missing = false, k = 0, t = 0;
      ${this.#columns.map((data, c) => unpack(data, c)).join('\n')}
      ${this.#overs.join('\n')}
      for (let e = 0; e < length; e++) {
        ${loopText(scope, turn)}
      }
    };`;
  }

  #node(node: DrawNode, scope: Scope): string {
    switch (node.kind) {
      case 'number':
        return `${node.value}`;
      case 'special':
        return { Entry$: '(first + e)', Iteration$: 'i', Entries$: 'entries' }[node.name];
      case 'branch':
        return this.#branch(node, scope);
      case 'unary':
        return this.#unary(node.operator, this.#node(node.operand, scope));
      case 'binary':
        return binaryText(node.operator, this.#node(node.left, scope), this.#node(node.right, scope));
      case 'choice':
        return `((${this.#node(node.condition, scope)}) !== 0 ? ${this.#node(node.yes, scope)} : ${this.#node(node.no, scope)})`;
      case 'call':
        return `${this.#function(node.name, functionOf(node.name))}(${node.args.map((arg) => this.#node(arg, scope)).join(', ')})`;
      case 'over':
        return node.name === 'Alt$' ? this.#alternative(node.args, scope) : this.#over(node.name, node.args);
    }
  }

  #unary(operator: '-' | '+' | '!' | '~', operand: string): string {
    if (operator === '!') return `(${operand} === 0 ? 1 : 0)`;
    if (operator === '~') return `not(${operand})`;
    return operator === '-' ? `(-(${operand}))` : operand;
  }

  #function(name: string, _known: DrawFunction): string {
    const variable = this.#functions.get(name) ?? `f${this.#functions.size}`;
    this.#functions.set(name, variable);
    return variable;
  }

  /** `Alt$(element, otherwise)`. */
  #alternative(args: readonly DrawNode[], scope: Scope): string {
    const own = this.#node(args[0]!, { ...scope, isOptional: true });
    const other = this.#node(args[1]!, scope);
    return `(t = ${own}, missing ? (missing = false, ${other}) : t)`;
  }

  /** A function of the entry that runs a loop of its own. */
  #over(name: Exclude<OverName, 'Alt$'>, args: readonly DrawNode[]): string {
    const scope = newScope();
    const value = this.#node(args[0]!, scope);
    const condition = args[1] === undefined ? undefined : this.#node(args[1], scope);
    const skip = condition === undefined ? '' : `if (${condition} === 0 || missing) continue;`;
    const step: Record<typeof name, string> = {
      Length$: 'result++;',
      Sum$: 'result += x;',
      Min$: 'if (count++ === 0 || x < result) result = x;',
      Max$: 'if (count++ === 0 || x > result) result = x;',
      MinIf$: 'if (count++ === 0 || x < result) result = x;',
      MaxIf$: 'if (count++ === 0 || x > result) result = x;',
    };
    const variable = `over${this.#overs.length}`;
    const turn = `missing = false; ${skip} const x = ${value}; if (missing) continue; ${step[name]}`;
    this.#overs.push(`const ${variable} = (e) => {
        const before = missing; let result = 0, count = 0, k = 0, t = 0;
        ${loopText(scope, turn)}
        missing = before;
        return result;
      };`);
    return `${variable}(e)`;
  }

  #branch(node: Extract<DrawNode, { kind: 'branch' }>, scope: Scope): string {
    const c = this.#trees.branches.indexOf(node.name);
    const data = this.#columns[c]!;
    const fail = (problem: string): never => {
      throw new DrawExpressionError(`${node.name} ${problem}`, this.#trees.text, node.position);
    };
    const read = (index: string): string => (isBig(data) ? `Number(v${c}[${index}])` : `v${c}[${index}]`);
    const depth = { flat: data.kind === 'flat' && data.length === 1 ? 0 : 1, list: 1, nested: 2 }[data.kind as string];
    if (depth === undefined)
      return fail(
        data.kind === 'object'
          ? `holds objects, not numbers (one in them is named with dots, as ${node.name}.PART),`
          : 'holds text, not numbers,',
      );
    if (node.indices.length > depth && !(depth === 0 && isZero(node.indices)))
      return fail(
        depth === 0
          ? 'is one number an entry and takes no index'
          : `takes at most ${depth} ${depth === 1 ? 'index' : 'indices'}`,
      );
    if (depth === 0) return read('e');
    if (data.kind === 'nested') return this.#nested(node, { c, scope, read, fail });
    const [start, count] =
      data.kind === 'flat' ? [`e * ${data.length}`, `${data.length}`] : [`o${c}[e]`, `o${c}[e + 1] - o${c}[e]`];
    const index = node.indices[0] ?? null;
    return index === null
      ? this.#running(scope, start, count, read)
      : this.#element(this.#node(index, scope), start, count, read);
  }

  /** One element a turn. */
  #running(scope: Scope, start: string, count: string, read: (index: string) => string): string {
    const key = `${start} ${count}`;
    let variable = scope.loops.get(key);
    if (variable === undefined) {
      variable = `${this.#variables++}`;
      scope.set.push(`const s${variable} = ${start}, n${variable} = ${count};`);
      scope.loops.set(key, variable);
    }
    if (scope.isOptional) return `(i < n${variable} ? ${read(`s${variable} + i`)} : (missing = true, 0))`;
    scope.loops.set(`${key} counts`, variable);
    return read(`s${variable} + i`);
  }

  /** The element of that index; without it this turn is skipped. */
  #element(index: string, start: string, count: string, read: (index: string) => string): string {
    return `(k = Math.trunc(${index}), k >= 0 && k < ${count} ? ${read(`${start} + k`)} : (missing = true, 0))`;
  }

  #nested(
    node: Extract<DrawNode, { kind: 'branch' }>,
    {
      c,
      scope,
      read,
      fail,
    }: { c: number; scope: Scope; read: (index: string) => string; fail: (problem: string) => never },
  ): string {
    const [outer = null, inner = null] = node.indices;
    const list = (l: string): [start: string, count: string] => [`i${c}[${l}]`, `i${c}[${l} + 1] - i${c}[${l}]`];
    if (outer === null && inner === null)
      return this.#running(scope, `i${c}[o${c}[e]]`, `i${c}[o${c}[e + 1]] - i${c}[o${c}[e]]`, read);
    if (outer === null) {
      // element `inner` of each list in turn
      const l = this.#running(scope, `o${c}[e]`, `o${c}[e + 1] - o${c}[e]`, (index) => index);
      const [start, count] = list(`(${l})`);
      return this.#element(this.#node(inner!, scope), start, count, read);
    }
    if (inner === null && !isConstant(outer))
      return fail('needs a plain number as first index where the second is left out');
    const which = this.#node(outer, scope);
    const [start, count] = list(`(o${c}[e] + Math.trunc(${which}))`);
    const exists = `${which} >= 0 && ${which} < o${c}[e + 1] - o${c}[e]`;
    if (inner === null) return this.#running(scope, `${exists} ? ${start} : 0`, `${exists} ? ${count} : 0`, read);
    return `(${exists} ? ${this.#element(this.#node(inner, scope), start, count, read)} : (missing = true, 0))`;
  }
}

const newScope = (): Scope => ({ loops: new Map(), set: [], isOptional: false });

/** The statements before, and `turn` once for each element of the shortest list; once where nothing runs. */
function loopText({ loops, set }: Scope, turn: string): string {
  const counts = [...loops].filter(([key]) => key.endsWith(' counts')).map(([, variable]) => `n${variable}`);
  const turns = counts.length === 0 ? '1' : counts.length === 1 ? counts[0]! : `Math.min(${counts.join(', ')})`;
  return `${set.join(' ')} const turns = ${turns}; for (let i = 0; i < turns; i++) { ${turn} }`;
}

function unpack(data: ColumnData, c: number): string {
  const offsets = data.kind === 'list' || data.kind === 'nested' ? `, o${c} = columns[${c}].offsets` : '';
  const inner = data.kind === 'nested' ? `, i${c} = columns[${c}].inner` : '';
  return `const v${c} = columns[${c}].values${offsets}${inner};`;
}

function binaryText(operator: BinaryOperator, left: string, right: string): string {
  if (COMPARISONS.has(operator)) return `(${left} ${operator} ${right} ? 1 : 0)`;
  switch (operator) {
    case '==':
    case '!=':
      return `(${left} ${operator}= ${right} ? 1 : 0)`;
    case '&&':
    case '||':
      return `((${left}) !== 0 ${operator} (${right}) !== 0 ? 1 : 0)`;
    case '^':
      return `((${left}) ** (${right}))`;
    case '%':
      return `remainder(${left}, ${right})`;
    case '&':
      return `and(${left}, ${right})`;
    case '|':
      return `or(${left}, ${right})`;
    case '<<':
      return `shift(${left}, ${right})`;
    default:
      return `(${left} ${operator} ${right})`;
  }
}

const isBig = (data: ColumnData): boolean =>
  'values' in data && (data.values instanceof BigInt64Array || data.values instanceof BigUint64Array);
const isConstant = (node: DrawNode): boolean => node.kind === 'number';
const isZero = (indices: readonly (DrawNode | null)[]): boolean =>
  indices.length === 1 && indices[0]?.kind === 'number' && indices[0].value === 0;

/** Whole-number operators work on 64-bit integers, as in C++. */
const HELPERS = {
  remainder: (a: number, b: number): number => Math.trunc(a) % Math.trunc(b),
  and: (a: number, b: number): number => bitwise(a, b, (x, y) => x & y),
  or: (a: number, b: number): number => bitwise(a, b, (x, y) => x | y),
  not: (a: number): number => -Math.trunc(a) - 1,
  shift: (a: number, b: number): number => Math.trunc(a) * 2 ** Math.trunc(b),
};

function bitwise(a: number, b: number, operate: (x: bigint, y: bigint) => bigint): number {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return Number.NaN;
  return Number(BigInt.asIntN(64, operate(BigInt(Math.trunc(a)), BigInt(Math.trunc(b)))));
}
