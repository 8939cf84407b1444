/**
 * Trees back to text.
 *
 * `printExpression` and `printAd` give canonical text that parses to the same tree; `unparse` is the reference library's form, which
 * string() and its kin return. No recursion: any depth can be printed.
 */
import type { ClassAd, Expr } from './expression.js';
import { POSTFIX_PRECEDENCE, PRECEDENCE, TERNARY_PRECEDENCE, UNARY_PRECEDENCE } from './precedence.js';
import { formatAbsTime, formatRelTime } from './times.js';
import { AbsTime, RelTime, UNDEFINED, type Value } from './value.js';

const RESERVED = new Set(['true', 'false', 'undefined', 'error', 'is', 'isnt']);
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const NAMED_ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

interface Style {
  /** Reals: shortest form that reads back to the same bits, or 16 digits as the reference prints. */
  readonly real: (real: number) => string;
  /** Characters beyond ASCII as octal bytes. */
  readonly isAscii: boolean;
  readonly unaryPrefix: '' | ' ';
}

const octal = (byte: number): string => `\\${byte.toString(8).padStart(3, '0')}`;

function escaped(text: string, quote: '"' | "'", isAscii: boolean): string {
  return text.replace(/[\0-\x1f\\"'\x7f-\uffff]/g, (c, offset: number) => {
    if (c === '"' || c === "'") return c === quote ? `\\${c}` : c;
    const code = c.charCodeAt(0);
    if (code >= 0xdc80 && code <= 0xdcff && !isSecondHalf(text, offset)) return octal(code & 0xff); // a byte that was no UTF-8
    if (code > 0x7f && !isAscii) return c;
    if (code > 0x7f)
      return isSecondHalf(text, offset)
        ? ''
        : [...Buffer.from(String.fromCodePoint(text.codePointAt(offset)!))].map(octal).join('');
    return NAMED_ESCAPES[c] ?? octal(code);
  });
}

function isSecondHalf(text: string, offset: number): boolean {
  const before = text.charCodeAt(offset - 1);
  const here = text.charCodeAt(offset);
  return here >= 0xdc00 && here <= 0xdfff && before >= 0xd800 && before <= 0xdbff;
}

export function quoted(text: string): string {
  return `"${escaped(text, '"', false)}"`;
}

/** A name as it stands in text: quoted where it holds more than letters, digits and underscores. */
export function printName(name: string): string {
  return PLAIN_NAME.test(name) && !RESERVED.has(name.toLowerCase()) ? name : `'${escaped(name, "'", false)}'`;
}

function specialReal(real: number): string | undefined {
  if (Number.isNaN(real)) return 'real("NaN")';
  if (!Number.isFinite(real)) return real > 0 ? 'real("INF")' : 'real("-INF")';
  if (real === 0) return Object.is(real, -0) ? '-0.0' : '0.0';
  return undefined;
}

function shortestReal(real: number): string {
  const text = specialReal(real) ?? String(real);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** 1.500000000000000E+00 */
function sixteenDigits(real: number): string {
  return (
    specialReal(real) ??
    real
      .toExponential(15)
      .replace(/e([+-])(\d+)$/, (_, sign: string, digits: string) => `E${sign}${digits.padStart(2, '0')}`)
  );
}

const CANONICAL: Style = { real: shortestReal, isAscii: false, unaryPrefix: '' };
const REFERENCE: Style = { real: sixteenDigits, isAscii: true, unaryPrefix: ' ' };

function printScalar(value: Exclude<Value, object>, style: Style): string {
  switch (typeof value) {
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'number':
      return style.real(value);
    case 'string':
      return `"${escaped(value, '"', style.isAscii)}"`;
    default:
      return value === UNDEFINED ? 'undefined' : 'error';
  }
}

function printTime(value: AbsTime | RelTime, style: Style): string {
  if (value instanceof AbsTime) return `absTime("${formatAbsTime(value)}")`;
  const isExact = Number.isInteger(value.secs) || style === REFERENCE;
  return isExact ? `relTime("${formatRelTime(value.secs)}")` : `relTime(${style.real(value.secs)})`;
}

/** How tightly the outermost operator of an expression binds; built trees get parentheses where they need some. */
function binding(expr: Expr): number {
  switch (expr.kind) {
    case 'conditional':
      return TERNARY_PRECEDENCE;
    case 'binary':
      return expr.operator === '[]' ? POSTFIX_PRECEDENCE : PRECEDENCE[expr.operator];
    case 'unary':
      return UNARY_PRECEDENCE;
    default:
      return POSTFIX_PRECEDENCE + 1;
  }
}

type Piece = string | Expr;
const inParens = (expr: Expr, needed: number): Piece[] => (binding(expr) < needed ? ['(', expr, ')'] : [expr]);

function pieces(expr: Exclude<Expr, { kind: 'literal' }>, style: Style): Piece[] {
  switch (expr.kind) {
    case 'ref':
      if (expr.scope !== undefined) return [...inParens(expr.scope, POSTFIX_PRECEDENCE), `.${printName(expr.name)}`];
      return [expr.isAbsolute ? `.${printName(expr.name)}` : printName(expr.name)];
    case 'unary': {
      const isNumber =
        expr.operand.kind === 'literal' &&
        (typeof expr.operand.value === 'bigint' || typeof expr.operand.value === 'number');
      return [
        style.unaryPrefix + expr.operator,
        isNumber && style === CANONICAL ? ' ' : '',
        ...inParens(expr.operand, UNARY_PRECEDENCE),
      ];
    }
    case 'binary':
      if (expr.operator === '[]') return [...inParens(expr.left, POSTFIX_PRECEDENCE), '[', expr.right, ']'];
      return [
        ...inParens(expr.left, PRECEDENCE[expr.operator]),
        ` ${expr.operator} `,
        ...inParens(expr.right, PRECEDENCE[expr.operator] + 1),
      ];
    case 'conditional':
      return [
        ...inParens(expr.test, TERNARY_PRECEDENCE + 1),
        ...(expr.yes === undefined ? [' ?: '] : [' ? ', expr.yes, ' : ']),
        expr.no,
      ];
    case 'parens':
      return ['(', expr.inner, ')'];
    case 'call':
      return [`${printName(expr.name)}(`, ...separated(expr.args, ','), ')'];
    case 'list':
      return ['{ ', ...separated(expr.items, ','), ' }'];
    case 'ad':
      return [
        '[ ',
        ...[...expr].flatMap(({ name, expr: value }, i) => [`${i === 0 ? '' : '; '}${printName(name)} = `, value]),
        ' ]',
      ];
  }
}

const separated = (items: readonly Expr[], separator: string): Piece[] =>
  items.flatMap((item, i) => (i === 0 ? [item] : [separator, item]));

function print(expr: Expr, style: Style): string {
  const out: string[] = [];
  const rest: Piece[] = [expr];
  for (let piece = rest.pop(); piece !== undefined; piece = rest.pop()) {
    if (typeof piece === 'string') out.push(piece);
    else if (piece.kind !== 'literal') for (const part of pieces(piece, style).reverse()) rest.push(part);
    else if (typeof piece.value !== 'object') out.push(printScalar(piece.value, style));
    else if (piece.value instanceof AbsTime || piece.value instanceof RelTime) out.push(printTime(piece.value, style));
    else rest.push(piece.value);
  }
  return out.join('');
}

/** One line that parses to the same tree. */
export function printExpression(expr: Expr): string {
  return print(expr, CANONICAL);
}

/** An ad with one attribute a line; nested ads and lists stay on theirs. */
export function printAd(ad: ClassAd): string {
  const lines = [...ad].map(({ name, expr }) => `  ${printName(name)} = ${printExpression(expr)};\n`);
  return lines.length === 0 ? '[ ]\n' : `[\n${lines.join('')}]\n`;
}

/** The text that string() makes of a value, as the reference library prints it. */
export function unparse(value: Value): string {
  if (typeof value !== 'object') return printScalar(value, REFERENCE);
  if (value instanceof AbsTime || value instanceof RelTime) return printTime(value, REFERENCE);
  return print(value, REFERENCE);
}

export const unparseExpression = (expr: Expr): string => print(expr, REFERENCE);
