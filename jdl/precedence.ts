/** How tightly operators bind: the larger, the tighter. Source: HTCondor, src/classad/source.cpp. */
import type { BinaryOperator, UnaryOperator } from './expression.js';

export const PRECEDENCE: Readonly<Record<Exclude<BinaryOperator, '[]'>, number>> = {
  '||': 2,
  '&&': 3,
  '|': 4,
  '^': 5,
  '&': 6,
  '==': 7,
  '!=': 7,
  is: 7,
  isnt: 7,
  '<': 8,
  '<=': 8,
  '>=': 8,
  '>': 8,
  '<<': 9,
  '>>': 9,
  '>>>': 9,
  '+': 10,
  '-': 10,
  '*': 11,
  '/': 11,
  '%': 11,
};
export const TERNARY_PRECEDENCE = 1;
export const UNARY_PRECEDENCE = 12;
/** Selection and subscript. */
export const POSTFIX_PRECEDENCE = 13;

export const isBinary = (text: string): text is keyof typeof PRECEDENCE => Object.hasOwn(PRECEDENCE, text);
export const isUnary = (text: string): text is UnaryOperator =>
  text === '+' || text === '-' || text === '!' || text === '~';
