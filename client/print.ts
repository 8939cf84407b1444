/** Listings for people and programs: one table function, one JSON function, so that every `--json` looks alike. */
import { oneLine, plainText } from '../protocol/plain-text.js';
import { type Cell, formatTable, type NarrowTable } from './show/table.js';
import { columnsOf } from './show/terminal.js';

/** Of commands whose tables are wider than many a terminal. */
export const WIDE = ['--wide', 'all columns, also where the terminal is too narrow for them'] as const;

/** @param narrow.wide `--wide` */
export function printTable(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  narrow: NarrowTable & { readonly wide?: true | undefined } = {},
): void {
  const { stdout } = process;
  const width = narrow.wide ? undefined : columnsOf(stdout);
  stdout.write(`${formatTable(header, rows, { ...narrow, width }, stdout.isTTY ? plainText : oneLine)}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** 1536 -> "1.5 kB" (powers of 1000, as disks and networks count). */
export function formatBytes(nbytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = nbytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}
