/**
 * The frame of a plot: where the data go, axes with ticks on all four sides, titles. What is inside is drawn by the plots.
 */
import { fixed, svgText, textWidth } from './svg-text.js';
import { linearTicks, logTicks, type Ticks } from './ticks.js';

export interface PlotSize {
  readonly width: number;
  readonly height: number;
}
export interface Range {
  readonly min: number;
  readonly max: number;
}
export interface FrameOptions extends PlotSize {
  readonly title: string;
  readonly x: Range & { readonly title: string };
  /** `isLog`: of a logarithmic scale; then `min` is above 0, and what is below it stands at the bottom. */
  readonly y: Range & { readonly title: string; readonly isLog?: boolean };
  /** Room kept free on the right, for a colour scale. */
  readonly right?: number;
}

const INK = '#1a1a1a';

export class Frame {
  /** Size of ordinary text. */
  readonly text: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly #options: FrameOptions;
  readonly #xTicks: Ticks;
  readonly #yTicks: Ticks;

  constructor(options: FrameOptions) {
    const { width, height, x, y } = options;
    this.#options = options;
    this.text = Math.max(9, Math.min(width / 42, height / 28));
    this.#xTicks = linearTicks(x.min, x.max, Math.min(10, width / (7 * this.text)));
    const ticks = y.isLog === true ? logTicks : linearTicks;
    this.#yTicks = ticks(y.min, y.max, Math.min(8, height / (4.5 * this.text)));
    const widest = Math.max(...this.#yTicks.labels.map((label) => textWidth(label, this.text)), 2 * this.text);
    this.left = widest + this.text * 3;
    this.right = width - this.text * 1.6 - (options.right ?? 0);
    this.top = this.text * (options.title === '' ? 2 : 3);
    this.bottom = height - this.text * 3.7;
  }

  x(value: number): number {
    const { min, max } = this.#options.x;
    return this.left + ((value - min) / (max - min)) * (this.right - this.left);
  }
  y(value: number): number {
    const { min, max, isLog } = this.#options.y;
    const part =
      isLog === true ? Math.log(Math.max(value, min) / min) / Math.log(max / min) : (value - min) / (max - min);
    return this.bottom - part * (this.bottom - this.top);
  }

  /** Everything but the data: to be drawn above them. */
  svg(): string {
    const { title, x, y } = this.#options;
    const { left, right, top, bottom, text } = this;
    const parts = [
      `<rect x="${fixed(left)}" y="${fixed(top)}" width="${fixed(right - left)}" height="${fixed(bottom - top)}" fill="none" stroke="${INK}" stroke-width="${fixed(text / 11)}"/>`,
      this.#ticks(),
      this.#title(title),
      svgText(right, bottom + 2.95 * text, x.title + powerOf(this.#xTicks, x.title), {
        size: 1.1 * text,
        anchor: 'end',
      }),
      svgText(1.35 * text, top, y.title, { size: 1.1 * text, anchor: 'end', rotate: -90 }),
    ];
    const { exponent } = this.#yTicks;
    if (exponent !== 0)
      parts.push(
        svgText(left - 0.4 * text, top - 0.55 * text, `×10^{${exponent}}`.replace('-', '−'), {
          size: 0.9 * text,
          anchor: 'end',
        }),
      );
    return parts.join('\n');
  }

  /** Long titles become smaller, and in the end shorter. */
  #title(title: string): string {
    const room = this.#options.width - this.left - 0.5 * this.text;
    const wanted = 1.15 * this.text;
    const size = Math.max(0.65 * wanted, Math.min(wanted, (wanted * room) / (1.12 * textWidth(title, wanted))));
    const letters = Math.floor(room / (0.68 * size));
    const shown = [...title].length > letters ? `${[...title].slice(0, letters - 1).join('')}…` : title;
    return svgText(this.left, this.top - 0.8 * this.text, shown, { size, isBold: true });
  }

  #ticks(): string {
    const { left, right, top, bottom, text } = this;
    const lines: string[] = [];
    const labels: string[] = [];
    const draw = (ticks: readonly number[], length: number): void => {
      for (const at of ticks.map((tick) => this.x(tick)))
        lines.push(
          `M${fixed(at)} ${fixed(bottom)}V${fixed(bottom - length)}M${fixed(at)} ${fixed(top)}V${fixed(top + length)}`,
        );
    };
    const drawY = (ticks: readonly number[], length: number): void => {
      for (const at of ticks.map((tick) => this.y(tick)))
        lines.push(
          `M${fixed(left)} ${fixed(at)}H${fixed(left + length)}M${fixed(right)} ${fixed(at)}H${fixed(right - length)}`,
        );
    };
    draw(this.#xTicks.major, 0.8 * text);
    draw(this.#xTicks.minor, 0.4 * text);
    drawY(this.#yTicks.major, 0.8 * text);
    drawY(this.#yTicks.minor, 0.4 * text);
    this.#xTicks.major.forEach((tick, i) => {
      labels.push(
        svgText(this.x(tick), bottom + 1.4 * text, this.#xTicks.labels[i]!, { size: text, anchor: 'middle' }),
      );
    });
    this.#yTicks.major.forEach((tick, i) => {
      labels.push(
        svgText(left - 0.5 * text, this.y(tick) + 0.36 * text, this.#yTicks.labels[i]!, { size: text, anchor: 'end' }),
      );
    });
    return `<path d="${lines.join('')}" fill="none" stroke="${INK}" stroke-width="${fixed(text / 14)}"/>\n${labels.join('\n')}`;
  }
}

function powerOf({ exponent }: Ticks, title: string): string {
  if (exponent === 0) return '';
  return `${title === '' ? '' : ' '}(×10^{${String(exponent).replace('-', '−')}})`;
}

/** Words beside values, in the upper corner where the data leave more room. */
export function statsBox(frame: Frame, rows: readonly (readonly [string, string])[], isLeft: boolean): string {
  const size = 0.85 * frame.text;
  const names = Math.max(...rows.map(([name]) => textWidth(name, size)));
  const values = Math.max(...rows.map(([, value]) => textWidth(value, size)));
  const width = names + values + 2.6 * size;
  const height = (rows.length * 1.45 + 0.7) * size;
  const x = isLeft ? frame.left + 1.6 * size : frame.right - width - 1.6 * size;
  const y = frame.top + 1.6 * size;
  const lines = rows.map(([name, value], i) => {
    const line = y + (i * 1.45 + 1.35) * size;
    return (
      svgText(x + 0.7 * size, line, name, { size, colour: '#444444' }) +
      svgText(x + width - 0.7 * size, line, value, { size, anchor: 'end' })
    );
  });
  return `<rect x="${fixed(x)}" y="${fixed(y)}" width="${fixed(width)}" height="${fixed(height)}" rx="${fixed(size / 4)}" fill="#ffffff" fill-opacity="0.88" stroke="#b8b8b8" stroke-width="${fixed(size / 14)}"/>\n${lines.join('\n')}`;
}
