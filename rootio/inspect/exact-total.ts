/**
 * The exact sum of doubles, rounded once: partial sums that do not overlap, as in Python's math.fsum.
 * Source: J. R. Shewchuk, "Adaptive Precision Floating-Point Arithmetic", 1997.
 */
export class ExactTotal {
  readonly #partials: number[] = [];
  /** Sum of what is not finite: NaN, or an infinity; 0 as long as there was none. */
  #special = 0;

  add(value: number): void {
    if (!Number.isFinite(value)) {
      this.#special += value;
      return;
    }
    const partials = this.#partials;
    let x = value;
    let kept = 0;
    for (let i = 0; i < partials.length; i++) {
      let y = partials[i]!;
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const high = x + y;
      const low = y - (high - x);
      if (low !== 0) partials[kept++] = low;
      x = high;
    }
    partials.length = kept;
    partials.push(x);
  }

  get value(): number {
    if (this.#special !== 0) return this.#special;
    const partials = this.#partials;
    let at = partials.length - 1;
    if (at < 0) return 0;
    let high = partials[at]!;
    let low = 0;
    while (at > 0) {
      const x = high;
      const y = partials[--at]!;
      high = x + y;
      low = y - (high - x);
      if (low !== 0) break;
    }
    // Half-way cases: the next partial decides to which side.
    const next = at > 0 ? partials[at - 1]! : 0;
    if ((low < 0 && next < 0) || (low > 0 && next > 0)) {
      const twice = low * 2;
      const rounded = high + twice;
      if (twice === rounded - high) return rounded;
    }
    return high;
  }
}
