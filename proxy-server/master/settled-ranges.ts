/** Which entries of a query are settled, and how: per file, ascending, neighbours of one state joined. What a journal keeps instead of packets. Pure. */
import { z } from 'zod';
import { count } from '../../protocol/ids.js';

export const settledRange = z.object({
  file: count,
  first: count,
  end: count,
  state: z.enum(['done', 'failed', 'missing']),
});
export type SettledRange = z.infer<typeof settledRange>;

export class SettledRanges {
  readonly #files = new Map<number, SettledRange[]>();

  /** @throws {RangeError} where an entry of it is settled already: each counts once */
  add(range: SettledRange): void {
    const { file, first, end, state } = range;
    const ranges = this.#files.get(file) ?? [];
    this.#files.set(file, ranges);
    const at = firstEndingBehind(ranges, first);
    const next = ranges[at];
    const previous = ranges[at - 1];
    if (next !== undefined && next.first < end)
      throw new RangeError(`Entries [${first}, ${end}) of file ${file} are settled already.`);
    const joinsPrevious = previous?.end === first && previous.state === state;
    const joinsNext = next?.first === end && next.state === state;
    const from = joinsPrevious ? previous.first : first;
    const to = joinsNext ? next.end : end;
    const start = joinsPrevious ? at - 1 : at;
    ranges.splice(start, Number(joinsPrevious) + Number(joinsNext), { file, first: from, end: to, state });
  }

  of(file: number): readonly SettledRange[] {
    return this.#files.get(file) ?? [];
  }
  all(): SettledRange[] {
    return [...this.#files.values()].flat();
  }
}

/** Index of the first range whose end lies behind `entry`. */
function firstEndingBehind(ranges: readonly SettledRange[], entry: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle]!.end <= entry) low = middle + 1;
    else high = middle;
  }
  return low;
}
