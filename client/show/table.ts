/** Tables for people: whole in a file or a pipe, and as much of them as there is room for at a terminal. Pure. */
import { plainText } from '../../protocol/plain-text.js';

export type Cell = string | number | null;

/** What becomes of a table that is wider than the terminal. Numbers, ids and names that are typed again are never cut. */
export interface NarrowTable {
  /** Columns of text that are cut, the first of them first. */
  readonly cuts?: readonly string[];
  /** Columns that are left out where that is not enough, the first of them first; those of them that are empty before all others. */
  readonly drops?: readonly string[];
}

/** Text is cut to no less. */
const LEAST_TEXT = 16;
const GAP = '  ';

interface Column {
  readonly name: string;
  readonly cells: readonly string[];
  readonly isNumber: boolean;
  readonly isEmpty: boolean;
  /** Of its widest cell. */
  readonly full: number;
  width: number;
}

/**
 * Columns padded to their widest cell, numbers to the right; empty tables print their header only.
 *
 * @param room.width of the terminal; undefined: all is shown
 * @param plain what makes one line of a cell
 */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  room: NarrowTable & { readonly width?: number | undefined } = {},
  plain: (text: string) => string = plainText,
): string {
  const columns = fitting(
    header.map((name, i) =>
      columnOf(
        name,
        rows.map((row) => row[i]!),
        plain,
      ),
    ),
    room,
  );
  const line = (cellOf: (column: Column) => string): string =>
    columns
      .map((column) => {
        const cell = cut(cellOf(column), column.width);
        return column.isNumber ? cell.padStart(column.width) : cell.padEnd(column.width);
      })
      .join(GAP)
      .trimEnd();
  return [line(({ name }) => name), ...rows.map((_, i) => line(({ cells }) => cells[i]!))].join('\n');
}

function columnOf(name: string, values: readonly Cell[], plain: (text: string) => string): Column {
  const cells = values.map((value) => (value === null ? '-' : plain(String(value))));
  const full = Math.max(name.length, ...cells.map((cell) => cell.length));
  const isNumber = values.length > 0 && values.every((value) => typeof value === 'number');
  return { name, cells, isNumber, isEmpty: values.every((value) => value === null || value === ''), full, width: full };
}

function fitting(
  all: readonly Column[],
  { cuts = [], drops = [], width = Number.POSITIVE_INFINITY }: NarrowTable & { readonly width?: number | undefined },
): readonly Column[] {
  const empty = drops.filter((name) => all.some((column) => column.name === name && column.isEmpty));
  const going = [...new Set([...empty, ...drops])];
  for (let n = 0; ; n++) {
    const left = all.filter(({ name }) => !going.slice(0, n).includes(name));
    let over = left.reduce((sum, column) => sum + column.full + GAP.length, -GAP.length) - width;
    for (const column of left) column.width = column.full;
    for (const column of cuts.flatMap((name) => left.filter((one) => one.name === name))) {
      if (over <= 0) break;
      column.width = Math.max(Math.min(LEAST_TEXT, column.full), column.full - over);
      over -= column.full - column.width;
    }
    if (over <= 0 || n === going.length) return left;
  }
}

const cut = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, width - 1)}…`);
