/**
 * The frame of a plot: where the data go, axes with ticks on all four sides, titles. What is inside is drawn by the plots.
 */
import { fitted } from './fit-text.js';
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
  /** `isLog`: of a logarithmic scale; then `min` is above 0, and what is below it stands at the bottom. Values are to be multiplied by 10 to `power`. */
  readonly y: Range & { readonly title: string; readonly isLog?: boolean; readonly power?: number };
  /** What the picture does not show: said below it. */
  readonly note?: string;
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

  /** Where the title of a colour scale may begin. */
  get scaleTitleFrom(): number {
    return this.right - 0.2 * (this.right - this.left);
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
    const { left, right, top, bottom, text } = this;
    const parts = [
      `<rect x="${fixed(left)}" y="${fixed(top)}" width="${fixed(right - left)}" height="${fixed(bottom - top)}" fill="none" stroke="${INK}" stroke-width="${fixed(text / 11)}"/>`,
      this.#ticks(),
      ...this.#titles(),
    ];
    const exponent = this.#yTicks.exponent + (this.#options.y.power ?? 0);
    if (exponent !== 0)
      parts.push(
        svgText(left - 0.4 * text, top - 0.55 * text, `×10^{${exponent}}`.replace('-', '−'), {
          size: 0.9 * text,
          anchor: 'end',
        }),
      );
    return parts.join('\n');
  }

  /** Text that fits becomes smaller, and in the end shorter, so that it stays within this frame's part of the page. */
  #titles(): string[] {
    const { title, x, y, note = '', width } = this.#options;
    const { left, right, top, bottom, text } = this;
    const line = bottom + 2.95 * text;
    // Beside a colour scale's own title, which may reach to the left of the scale.
    const end = (this.#options.right ?? 0) > 0 ? this.scaleTitleFrom - text : width - 0.5 * text;
    const above = fitted(title, 1.15 * text, end - left, true);
    const said = fitted(note, 0.85 * text, 0.6 * (right - left));
    const power = powerOf(this.#xTicks, x.title);
    const from = note === '' ? 0.4 * text : left + said.width + text;
    const below = fitted(x.title, 1.1 * text, right - from - textWidth(power, 1.1 * text));
    const beside = fitted(y.title, 1.1 * text, bottom - top + 1.5 * text);
    return [
      svgText(left, top - 0.8 * text, above.text, { size: above.size, isBold: true }),
      svgText(right, line, below.text + power, { size: below.size, anchor: 'end' }),
      svgText(1.35 * text, top, beside.text, { size: beside.size, anchor: 'end', rotate: -90 }),
      ...(note === '' ? [] : [svgText(left, line, said.text, { size: said.size, colour: '#8a4b12' })]),
    ];
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
