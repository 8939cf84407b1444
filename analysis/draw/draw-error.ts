/** An expression of `proof draw` that cannot be meant: where it goes wrong and what would be right there. */
import { GridError } from '../../protocol/errors.js';

export class DrawExpressionError extends GridError {
  readonly code = 'ANALYSIS_DRAW_EXPRESSION';
  constructor(
    problem: string,
    readonly text: string,
    /** Index into the text. */
    readonly position: number,
  ) {
    super(`${problem} at character ${position + 1} of "${text}"${pointer(text, position)}`);
  }
}

/** What follows the place, for texts too long to count in. */
function pointer(text: string, position: number): string {
  const rest = text.slice(position, position + 20);
  return rest === '' ? ': it ends there.' : `: …${rest}${position + 20 < text.length ? '…' : ''}`;
}
