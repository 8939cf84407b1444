/** The brackets in a member's comment that say how a Double32_t or Float16_t is packed: `[min, max, bits]`, with pi in bounds. */
import type { Packing } from './number-format.js';

/** @returns undefined where there are no brackets (or they are of something else): the type's default holds */
export function packingOf(title: string): Packing | undefined {
  for (const [, inside] of title.matchAll(/\[([^[\]]*)\]/g)) {
    const parts = inside!.split(',').map((part) => bound(part));
    if ((parts.length !== 2 && parts.length !== 3) || parts.some((part) => part === undefined)) continue;
    const [min, max, bits] = parts as number[];
    const valid = bits !== undefined && Number.isInteger(bits) && bits >= 2 && bits <= 32;
    return { min: min!, max: max!, bits: valid ? bits : 32 };
  }
  return undefined;
}

/** A number, or pi with a factor and a divisor: `-pi`, `twopi`, `2*pi`, `pi/2`. */
function bound(text: string): number | undefined {
  const match =
    /^\s*([+-]?)\s*(?:([\d.]+(?:[eE][+-]?\d+)?)\s*\*?\s*)?(TMath::Pi\(\)|twopi|pi)?\s*(?:\/\s*([\d.]+))?\s*$/i.exec(
      text,
    );
  if (match === null) return undefined;
  const [, sign, factor, name, divisor] = match;
  if (factor === undefined && name === undefined) return undefined;
  const pi = name === undefined ? 1 : name.toLowerCase() === 'twopi' ? 2 * Math.PI : Math.PI;
  return ((sign === '-' ? -1 : 1) * Number(factor ?? 1) * pi) / Number(divisor ?? 1);
}
