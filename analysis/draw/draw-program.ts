/** `proof draw` as a program: the expressions as text, checked before they are sent. */
import { makeProgram, type Program } from '../program.js';
import { parseCut, parseDraw } from './draw-parser.js';

/** @throws {DrawExpressionError} for an expression or cut that cannot be meant */
export function drawProgram(expression: string, cut = ''): Program {
  parseDraw(expression);
  if (cut.trim() !== '') parseCut(cut);
  return makeProgram('draw', expression, JSON.stringify({ expression, cut: cut.trim() }));
}
