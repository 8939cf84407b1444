/** What the parser has begun and not ended, and what it says of where it is. */
import type { BinaryOperator, ClassAd, Expr, UnaryOperator } from './expression.js';
import type { Token } from './lexer.js';

/** What waits to be applied or closed. */
export type Pending =
  | { kind: 'binary'; operator: BinaryOperator; precedence: number; at: number }
  | { kind: 'unary'; operator: UnaryOperator; precedence: number; at: number }
  | { kind: 'choice'; hasYes: boolean; precedence: number; at: number } // behind the colon of a ternary
  | { kind: '?'; isFresh: boolean; at: number }
  | { kind: '('; at: number }
  | { kind: '['; at: number } // subscript
  | { kind: 'call'; name: string; args: Expr[]; at: number }
  | { kind: 'list'; items: Expr[]; isLoose: boolean; at: number }
  | { kind: 'ad'; ad: ClassAd; isBare: boolean; name: string; nameAt: number; at: number };

export type State = 'statement' | 'operand' | 'operator' | 'done';

const OPERAND = 'a value, a name, "(", "{" or "["';

/** What could stand where the parser is, for messages. */
export function expectation(state: State, pending: readonly Pending[]): string {
  const frame = pending.findLast((each) => !('precedence' in each));
  if (state === 'statement')
    return frame?.kind === 'ad' && frame.isBare
      ? 'an attribute (Name = value;)'
      : 'an attribute (Name = value;) or "]"';
  if (state === 'operand') {
    if (frame?.kind === 'call') return `${OPERAND}, or ")"`;
    return frame?.kind === 'list' ? `${OPERAND}, or "}"` : OPERAND;
  }
  if (frame === undefined) return 'an operator or the end';
  if (frame.kind === 'ad' && frame.isBare) return 'an operator or ";"';
  return BEHIND_OPERAND[frame.kind] ?? 'an operator';
}

const BEHIND_OPERAND: Readonly<Partial<Record<Pending['kind'], string>>> = {
  '?': 'an operator or the ":" of the "?"',
  '(': 'an operator or ")"',
  '[': 'an operator or "]"',
  call: 'an operator, "," or ")"',
  list: 'an operator, "," or "}"',
  ad: 'an operator, ";" or "]"',
};

/** What stood there, for messages. */
export function describeToken(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'the end of the text';
    case 'bad':
      return token.text;
    case 'string':
      return `the string "${shortened(token.text)}"`;
    case 'identifier':
      return `the name ${shortened(token.text)}`;
    case 'integer':
    case 'real':
      return `the number ${shortened(token.text)}`;
    default:
      return `"${token.text}"`;
  }
}

const shortened = (text: string): string => (text.length <= 40 ? text : `${text.slice(0, 37)}...`);
