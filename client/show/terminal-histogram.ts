/** Outputs as text: histograms in block characters with mean, RMS and integral; everything else as a short value. Pure. */

/** The parts of an output's JSON (cli.md, "The result as JSON") that are drawn. */
export interface ShownAxis {
  readonly nbins: number;
  readonly min: number;
  readonly max: number;
  readonly edges: readonly number[] | null;
  readonly title: string;
}
export interface ShownH1 {
  readonly name: string;
  readonly title: string;
  readonly axes: readonly ShownAxis[];
  /** nbins + 2, underflow first. */
  readonly contents: readonly number[];
  readonly entries: number;
  readonly stats: { readonly sumw: number; readonly sumwx: number; readonly sumwx2: number };
}

const CYAN = '\u001b[36m';
const PLAIN = '\u001b[39m';

/** What `plain` makes of a line but for the colours of bars, which are ours. */
export const inColour = (line: string, plain: (text: string) => string): string =>
  line
    .split(CYAN)
    .map((part) => part.split(PLAIN).map(plain).join(PLAIN))
    .join(CYAN);

const BLOCKS = ' ▁▂▃▄▅▆▇█';

/** Lines of a one-dimensional histogram, `width` columns at most, `height` rows of bars: up from zero, and down for what is below it. */
export function formatH1(h: ShownH1, options: { width: number; height: number; colour: boolean }): string[] {
  const axis = h.axes[0]!;
  const margin = 10;
  const bars = barHeights(h.contents.slice(1, axis.nbins + 1), Math.max(10, options.width - margin - 2));
  const { up, down, unit } = rowsFor(bars, options.height);
  const paint = (text: string): string => (options.colour ? `${CYAN}${text}${PLAIN}` : text);
  const line = (label: string, bar: (value: number) => string): string =>
    `${label.padStart(margin - 1)} │${paint(bars.map(bar).join(''))}`;
  const lines = [`${h.title === '' ? h.name : h.title}`];
  for (let row = up; row > 0; row--) {
    const isLabelled = row === up || row === Math.ceil(up / 2);
    lines.push(line(isLabelled ? shortNumber(unit * row) : '', (value) => block(value, unit, row)));
  }
  const corner = down === 0 ? '└' : up === 0 ? '┌' : '├';
  lines.push(`${'0'.padStart(margin - 1)} ${corner}${'─'.repeat(bars.length)}`);
  for (let row = 1; row <= down; row++) {
    const isLabelled = row === down || row === Math.ceil(down / 2);
    lines.push(line(isLabelled ? shortNumber(-unit * row) : '', (value) => hangingBlock(value, unit, row)));
  }
  lines.push(`${' '.repeat(margin + 1)}${axisLabels(axis, bars.length)}`);
  if (axis.title !== '') lines.push(`${' '.repeat(margin + 1)}${axis.title.padStart(bars.length)}`);
  for (const line of folded(summary(h), options.width - margin - 1)) lines.push(`${' '.repeat(margin + 1)}${line}`);
  return lines;
}

/** Cut between two blanks, where figures are parted. */
function folded(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const part of text.split('  ')) {
    const longer = `${lines.at(-1)}  ${part}`;
    if (lines.length > 0 && longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines;
}

/** Mean, RMS (ROOT's: the standard deviation of what was filled in range) and integral. */
export function summary(h: ShownH1): string {
  const { sumw, sumwx, sumwx2 } = h.stats;
  const mean = sumwx / sumw;
  const rms = Math.sqrt(Math.abs(sumwx2 / sumw - mean * mean));
  const nbins = h.axes[0]!.nbins;
  const inRange = h.contents.slice(1, nbins + 1);
  const integral = inRange.reduce((sum, c) => sum + c, 0);
  const odd = inRange.filter((c) => !Number.isFinite(c)).length;
  return (
    `entries ${h.entries}  mean ${shortNumber(mean)}  RMS ${shortNumber(rms)}  integral ${shortNumber(integral)}` +
    `  under ${shortNumber(h.contents[0]!)}  over ${shortNumber(h.contents[nbins + 1]!)}` +
    (odd === 0 ? '' : `  NaN (?) or infinite (∞): ${odd}`)
  );
}

/** Neighbouring bins are added (or one is repeated) so that the bars fill at most `width` columns. */
function barHeights(contents: readonly number[], width: number): number[] {
  const together = Math.ceil(contents.length / width);
  const repeat = Math.max(1, Math.floor(width / contents.length));
  const bars: number[] = [];
  for (let first = 0; first < contents.length; first += together) {
    let sum = 0;
    for (const c of contents.slice(first, first + together)) sum += c;
    for (let k = 0; k < repeat; k++) bars.push(sum);
  }
  return bars;
}

/** Rows above and below zero in the ratio of the highest to the lowest bar, and what one row stands for. */
function rowsFor(bars: readonly number[], height: number): { up: number; down: number; unit: number } {
  const finite = bars.filter(Number.isFinite);
  const high = Math.max(0, ...finite);
  const depth = -Math.min(0, ...finite);
  if (depth === 0) return { up: height, down: 0, unit: high / height };
  if (high === 0) return { up: 0, down: height, unit: depth / height };
  const up = Math.max(1, Math.min(height - 1, Math.round(height / (1 + depth / high))));
  return { up, down: height - up, unit: Math.max(high / up, depth / (height - up)) };
}

function block(value: number, unit: number, row: number): string {
  if (!Number.isFinite(value) && row === 1) return oddSign(value);
  if (!(value > 0)) return ' ';
  const eighths = Math.round((value / unit) * 8) - (row - 1) * 8;
  const least = row === 1 ? 1 : 0; // what is not empty shall be seen
  return BLOCKS[Math.max(least, Math.min(8, eighths))]!;
}

/** Hanging down from the row's upper edge, for which there are fewer characters. */
function hangingBlock(value: number, unit: number, row: number): string {
  if (!Number.isFinite(value) && row === 1) return oddSign(value);
  if (!(value < 0)) return ' ';
  const eighths = Math.round((-value / unit) * 8) - (row - 1) * 8;
  if (eighths >= 6) return '█';
  if (eighths >= 3) return '▀';
  return eighths > 0 || row === 1 ? '▔' : ' ';
}

/** So that such a bin is not taken for an empty one. */
export const oddSign = (value: number): string => (Number.isNaN(value) ? '?' : '∞');

function axisLabels(axis: ShownAxis, width: number): string {
  const labels = [axis.min, (axis.min + axis.max) / 2, axis.max].map(shortNumber);
  const line = Array.from({ length: width + 1 }, () => ' ');
  const put = (text: string, at: number): void => {
    for (let i = 0; i < text.length; i++) line[Math.max(0, Math.min(width, at + i))] = text[i]!;
  };
  put(labels[0]!, 0);
  put(labels[1]!, Math.round(width / 2 - labels[1]!.length / 2));
  put(labels[2]!, width - labels[2]!.length);
  return line.join('').trimEnd();
}

/** Five digits at most, as people read them. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e7 || size < 1e-3) return value.toExponential(3);
  if (Number.isInteger(value)) return String(value);
  return size >= 1e5 ? value.toFixed(0) : String(Number(value.toPrecision(5)));
}
