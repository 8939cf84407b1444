/** A two-dimensional histogram as shades in the terminal: darker is more. Pure. */
import { oddSign, type ShownAxis, shortNumber } from './terminal-histogram.js';

export interface ShownH2 {
  readonly name: string;
  readonly title: string;
  readonly axes: readonly ShownAxis[];
  /** (nx + 2) * (ny + 2), x fastest, underflows first. */
  readonly contents: ArrayLike<number>;
  readonly entries: number;
}

const SHADES = ' ░▒▓█';
const MARGIN = 10;

export function formatH2(h: ShownH2, options: { width: number; height: number }): string[] {
  const [x, y] = [h.axes[0]!, h.axes[1]!];
  const columns = Math.min(x.nbins, Math.max(10, options.width - MARGIN - 2));
  const rows = Math.min(y.nbins, options.height);
  const cells = rebin(h, columns, rows);
  const top = Math.max(...cells.filter(Number.isFinite), 0);
  const lines = [h.title === '' ? h.name : h.title];
  for (let row = rows - 1; row >= 0; row--) {
    const label = row === rows - 1 ? shortNumber(y.max) : row === 0 ? shortNumber(y.min) : '';
    const shades = Array.from({ length: columns }, (_, column) => shade(cells[row * columns + column]!, top)).join('');
    lines.push(`${label.padStart(MARGIN - 1)} │${shades}`);
  }
  lines.push(`${' '.repeat(MARGIN)}└${'─'.repeat(columns)}`);
  const right = shortNumber(x.max);
  lines.push(`${' '.repeat(MARGIN + 1)}${shortNumber(x.min).padEnd(Math.max(1, columns - right.length))}${right}`);
  lines.push(`${' '.repeat(MARGIN + 1)}entries ${h.entries}  █ = ${shortNumber(top)}${signsOf(cells)}`);
  return lines;
}

/** Sums of neighbouring bins, in range only, x fastest. */
function rebin({ axes, contents }: ShownH2, columns: number, rows: number): number[] {
  const [nx, ny] = [axes[0]!.nbins, axes[1]!.nbins];
  const cells = Array.from({ length: columns * rows }, () => 0);
  for (let j = 0; j < ny; j++)
    for (let i = 0; i < nx; i++) {
      const cell = Math.floor((j * rows) / ny) * columns + Math.floor((i * columns) / nx);
      cells[cell]! += contents[(j + 1) * (nx + 2) + i + 1]!;
    }
  return cells;
}

/** What the signs that are no shades mean, where there are any. */
function signsOf(cells: readonly number[]): string {
  const below = cells.some((value) => value < 0) ? '  - = below 0' : '';
  return cells.every(Number.isFinite) ? below : `${below}  ? = NaN  ∞ = infinite`;
}

function shade(value: number, top: number): string {
  if (!Number.isFinite(value)) return oddSign(value);
  if (!(value > 0)) return value < 0 ? '-' : ' ';
  return SHADES[Math.max(1, Math.min(4, Math.ceil((value / top) * 4)))]!;
}
