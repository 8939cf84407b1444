/** Text that has to fit into its place: smaller at first, then shorter with an ellipsis. */
import { textWidth } from './svg-text.js';

/** Of the wanted size. */
const SMALLEST = 0.65;
/** Bold letters are that much wider. */
const BOLD = 1.12;
/** An index, a symbol or a letter: what an ellipsis may follow. */
const PIECES = /[_^]\{[^{}]*\}|#[A-Za-z]+|./gsu;

export interface Fitted {
  readonly text: string;
  readonly size: number;
  readonly width: number;
}

export function fitted(text: string, wanted: number, room: number, isBold = false): Fitted {
  const widthOf = (shown: string, size: number): number => textWidth(shown, size) * (isBold ? BOLD : 1);
  const size = Math.max(SMALLEST * wanted, Math.min(wanted, (wanted * room) / Math.max(1e-9, widthOf(text, wanted))));
  const width = widthOf(text, size);
  if (width <= room * (1 + 1e-9)) return { text, size, width };
  const pieces = (text.match(PIECES) ?? []).slice(0, Math.max(0, Math.ceil((3 * room) / size)));
  const cut = (): string => `${pieces.join('').trimEnd()}…`;
  while (pieces.length > 0 && widthOf(cut(), size) > room) pieces.pop();
  return { text: cut(), size, width: widthOf(cut(), size) };
}
