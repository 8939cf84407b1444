/** Numbers near the ends of what doubles hold, brought to where a plot can count with them: its axis then names the power of ten. */

/** Between these differences and sums of contents are doubles. */
const [SMALLEST, LARGEST] = [1e-280, 1e280];

/** The power of ten (a multiple of three) to divide by; 0 where nothing needs it. @param largest of the absolute values */
export function powerFor(largest: number): number {
  if (largest === 0 || (largest >= SMALLEST && largest <= LARGEST)) return 0;
  return 3 * Math.floor(Math.log10(largest) / 3);
}

/** `value` divided by 10 to that power, in two steps, because the power itself may be no double. */
export function dividedBy(value: number, power: number): number {
  if (power === 0) return value;
  const half = Math.trunc(power / 2);
  return value * 10 ** -half * 10 ** -(power - half);
}
