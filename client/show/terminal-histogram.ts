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

const BLOCKS = ' ▁▂▃▄▅▆▇█';

/** Lines of a one-dimensional histogram, `width` columns at most, `height` rows of bars. */
export function formatH1(h: ShownH1, options: { width: number; height: number; colour: boolean }): string[] {
  const axis = h.axes[0]!;
  const margin = 10;
  const bars = barHeights(h.contents.slice(1, axis.nbins + 1), Math.max(10, options.width - margin - 2));
  const top = Math.max(...bars.map((b) => (Number.isFinite(b) ? b : 0)), 0);
  const paint = (text: string): string => (options.colour ? `\u001b[36m${text}\u001b[39m` : text);
  const lines = [`${h.title === '' ? h.name : h.title}`];
  for (let row = options.height; row > 0; row--) {
    const isLabelled = row === options.height || row === Math.ceil(options.height / 2);
    const label = isLabelled ? shortNumber((top * row) / options.height) : '';
    lines.push(`${label.padStart(margin - 1)} │${paint(bars.map((b) => block(b, top, row, options.height)).join(''))}`);
  }
  lines.push(`${'0'.padStart(margin - 1)} └${'─'.repeat(bars.length)}`);
  lines.push(`${' '.repeat(margin + 1)}${axisLabels(axis, bars.length)}`);
  if (axis.title !== '') lines.push(`${' '.repeat(margin + 1)}${axis.title.padStart(bars.length)}`);
  lines.push(`${' '.repeat(margin + 1)}${summary(h)}`);
  return lines;
}

/** Mean, RMS (ROOT's: the standard deviation of what was filled in range) and integral. */
export function summary(h: ShownH1): string {
  const { sumw, sumwx, sumwx2 } = h.stats;
  const mean = sumwx / sumw;
  const rms = Math.sqrt(Math.abs(sumwx2 / sumw - mean * mean));
  const nbins = h.axes[0]!.nbins;
  const integral = h.contents.slice(1, nbins + 1).reduce((sum, c) => sum + c, 0);
  return (
    `entries ${h.entries}  mean ${shortNumber(mean)}  RMS ${shortNumber(rms)}  integral ${shortNumber(integral)}` +
    `  under ${shortNumber(h.contents[0]!)}  over ${shortNumber(h.contents[nbins + 1]!)}`
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

function block(value: number, top: number, row: number, rows: number): string {
  if (!(value > 0) || top === 0) return ' ';
  const eighths = Math.round((value / top) * rows * 8) - (row - 1) * 8;
  const least = row === 1 ? 1 : 0; // what is not empty shall be seen
  return BLOCKS[Math.max(least, Math.min(8, eighths))]!;
}

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
