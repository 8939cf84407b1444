/** From the text of a draw program to a selector that fills its one histogram. */
import { ProgramError } from '../errors.js';
import type { Selector, SelectorContext } from '../selector.js';

export function loadDraw(_code: string): (context: SelectorContext) => Selector {
  throw new ProgramError('Draw programs cannot be run yet.');
}
