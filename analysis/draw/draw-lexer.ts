/** Words of a draw expression, with their places. */
import { DrawExpressionError } from './draw-error.js';

export interface DrawToken {
  readonly kind: 'number' | 'name' | 'operator' | 'end';
  readonly text: string;
  readonly position: number;
}

/** Longer operators first: the first that fits is taken. */
const OPERATORS = [
  '**', '||', '&&', '==', '!=', '<=', '>=', '<<', '>>',
  '?', ':', '|', '&', '<', '>', '+', '-', '*', '/', '%', '^', '!', '~', '(', ')', '[', ']', ',',
] as const; // biome-ignore format: one line a length

const NUMBER = /(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/y;
/** Branches may have dots in their names (`muon.pt`), functions a namespace (`TMath::Sqrt`) or a dollar (`Length$`). */
const NAME = /[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*(?:\.[A-Za-z_]\w*)*\$?/y;

/** @throws {DrawExpressionError} at a character that begins no word */
export function drawTokens(text: string): readonly DrawToken[] {
  const tokens: DrawToken[] = [];
  let position = 0;
  while (position < text.length) {
    if (/\s/.test(text[position]!)) {
      position++;
      continue;
    }
    const token = tokenAt(text, position);
    tokens.push(token);
    position += token.text.length;
  }
  tokens.push({ kind: 'end', text: '', position: text.length });
  return tokens;
}

function tokenAt(text: string, position: number): DrawToken {
  for (const [kind, pattern] of [
    ['number', NUMBER],
    ['name', NAME],
  ] as const) {
    pattern.lastIndex = position;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) return { kind, text: found, position };
  }
  const operator = OPERATORS.find((candidate) => text.startsWith(candidate, position));
  if (operator === undefined) throw new DrawExpressionError(`"${text[position]}" means nothing`, text, position);
  return { kind: 'operator', text: operator, position };
}
