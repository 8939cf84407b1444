/** Text of a plot as SVG: ROOT's way to write indices, powers and Greek letters (`p_{T}`, `#mu^{+}#mu^{-}`), escaped. */

const SYMBOLS: Readonly<Record<string, string>> = {
  alpha: 'α', beta: 'β', gamma: 'γ', delta: 'δ', epsilon: 'ε', zeta: 'ζ', eta: 'η', theta: 'θ', iota: 'ι', kappa: 'κ', lambda: 'λ', mu: 'μ',
  nu: 'ν', xi: 'ξ', pi: 'π', rho: 'ρ', sigma: 'σ', tau: 'τ', upsilon: 'υ', phi: 'φ', chi: 'χ', psi: 'ψ', omega: 'ω', varphi: 'ϕ',
  Gamma: 'Γ', Delta: 'Δ', Theta: 'Θ', Lambda: 'Λ', Xi: 'Ξ', Pi: 'Π', Sigma: 'Σ', Phi: 'Φ', Psi: 'Ψ', Omega: 'Ω', Upsilon: 'Υ',
  rightarrow: '→', leftarrow: '←', pm: '±', times: '×', cdot: '·', leq: '≤', geq: '≥', neq: '≠', approx: '≈', infty: '∞', sqrt: '√',
  sum: '∑', int: '∫', circ: '°', ell: 'ℓ', slash: '/', splitline: '', bar: '', bf: '', it: '',
}; // biome-ignore format: a table

interface Run {
  readonly text: string;
  /** 1 above the line, -1 below it. */
  readonly level: number;
}

export interface TextStyle {
  readonly size: number;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly colour?: string;
  readonly isBold?: boolean;
  /** Degrees, clockwise, about the place. */
  readonly rotate?: number;
}

export const FONT = 'DejaVu Sans';

export function svgText(x: number, y: number, text: string, style: TextStyle): string {
  const { size, anchor = 'start', colour = '#1a1a1a', isBold = false, rotate } = style;
  const turned = rotate === undefined ? '' : ` transform="rotate(${rotate} ${fixed(x)} ${fixed(y)})"`;
  const bold = isBold ? ' font-weight="bold"' : '';
  let level = 0;
  const spans = runsOf(text).map((run) => {
    const dy = (level - run.level) * 0.38 * size;
    level = run.level;
    const small = run.level === 0 ? '' : ` font-size="${fixed(0.72 * size)}"`;
    return `<tspan${dy === 0 ? '' : ` dy="${fixed(dy)}"`}${small}>${escapeXml(run.text)}</tspan>`;
  });
  return `<text x="${fixed(x)}" y="${fixed(y)}" font-family="${FONT}, Verdana, sans-serif" font-size="${fixed(size)}" text-anchor="${anchor}" fill="${colour}"${bold}${turned}>${spans.join('')}</text>`;
}

/** About how wide it will be; DejaVu Sans is 0.6 of its size a character on average. */
export function textWidth(text: string, size: number): number {
  return runsOf(text).reduce((width, run) => width + [...run.text].length * size * (run.level === 0 ? 0.61 : 0.44), 0);
}

/** Two decimals are enough for a place on the page. */
export const fixed = (x: number): string => String(Math.round(x * 100) / 100);

export function escapeXml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  // Characters that XML 1.0 cannot hold would make the whole picture unreadable.
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replace(/[&<>"]/g, (c) => entities[c]!);
}

function runsOf(text: string): Run[] {
  const plain = text.replace(/#([A-Za-z]+)/g, (whole, name: string) => SYMBOLS[name] ?? whole);
  const runs: Run[] = [];
  let rest = plain;
  // Only braces raise or lower: branch names such as mu1_pt keep their underscores.
  for (let found = nextShift(rest); found !== undefined; found = nextShift(rest)) {
    if (found.before !== '') runs.push({ text: found.before, level: 0 });
    runs.push({ text: found.inside, level: found.level });
    rest = found.after;
  }
  if (rest !== '') runs.push({ text: rest, level: 0 });
  return runs;
}

function nextShift(text: string): { before: string; inside: string; after: string; level: number } | undefined {
  const match = /([_^])\{([^{}]*)\}/.exec(text);
  if (match === null) return undefined;
  const [whole, sign, inside = ''] = match;
  return {
    before: text.slice(0, match.index),
    inside,
    after: text.slice(match.index + whole.length),
    level: sign === '^' ? 1 : -1,
  };
}
