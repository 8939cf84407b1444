/** The first word of `proof run`: a data set there is a frequent slip, and what esbuild says of a ROOT file helps nobody. Pure. */
import { UsageError } from '../../protocol/errors.js';

const SELECTOR = /\.[cm]?[jt]sx?$/i;

/** @throws {UsageError} for what is no file of TypeScript or JavaScript by its name */
export function checkSelectorWord(selector: string, dataset: readonly string[]): void {
  if (SELECTOR.test(selector)) return;
  const [swapped, ...others] = dataset.filter((word) => SELECTOR.test(word));
  const meant =
    swapped === undefined || others.length > 0
      ? 'proof run SELECTOR.ts DATASET...'
      : `proof run ${swapped} ${[selector, ...dataset.filter((word) => word !== swapped)].join(' ')}`;
  throw new UsageError(
    `${selector} is no selector: the first word is the selector, a TypeScript or JavaScript file (.ts, .js), behind it comes the data set: "${meant}".`,
  );
}
