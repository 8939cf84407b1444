/**
 * The branches that a selector names, bound to one table: accessors for `process`, arrays for `processBatch`.
 * A branch is named by its full path (`/` or `.` between its parts) or, where that is unambiguous, by the last part of it.
 */

import { didYouMean } from '../protocol/nearest.js';
import type { ColumnData, ColumnInfo, ColumnReader, Table } from '../rootio/table.js';
import { type BoundColumn, type Column, makeColumn } from './column-accessors.js';
import { ColumnUseError, NoSuchBranchError } from './errors.js';

export class ColumnSet {
  readonly reader: ColumnReader;
  /** For `selector.columns`: own properties are the branches, anything else is an error that names the nearest. */
  readonly accessors: Record<string, Column>;
  readonly #shapes: string;
  readonly #columns: readonly BoundColumn[];
  readonly #paths: ReadonlyMap<string, string>;

  /**
   * @param before of another file: where its columns are of the same shapes they are used on, for they are what V8 has optimised the user's loop for
   * @throws {NoSuchBranchError} for a branch that `fileName` has not
   */
  constructor(table: Table, branches: readonly string[], fileName: string, before?: ColumnSet) {
    const infos = branches.map((branch) => findColumn(table, branch, fileName));
    this.reader = table.reader([...new Set(infos.map(({ name }) => name))]);
    this.#paths = new Map(branches.map((branch, i) => [branch, infos[i]!.name]));
    this.#shapes = JSON.stringify(
      branches.map((branch, i) => [branch, infos[i]!.kind, infos[i]!.type, infos[i]!.length]),
    );
    if (before !== undefined && before.#shapes === this.#shapes) {
      this.#columns = before.#columns;
      this.accessors = before.accessors;
      return;
    }
    this.#columns = branches.map((branch, i) => makeColumn(branch, infos[i]!));
    this.accessors = Object.create(unknownBranchGuard(branches)) as Record<string, Column>;
    for (const column of this.#columns) this.accessors[column.name] = column;
  }

  /** After `reader.load(first, …)`. */
  bind(first: number): void {
    for (const column of this.#columns) column.bind(this.reader.column(this.#paths.get(column.name)!), first);
  }

  data(branch: string): ColumnData {
    const path = this.#paths.get(branch);
    if (path === undefined) throw notNamed(branch, [...this.#paths.keys()]);
    return this.reader.column(path);
  }
}

export function findColumn(table: Table, branch: string, fileName: string): ColumnInfo {
  for (const path of [branch, branch.replaceAll('.', '/')]) {
    const exact = table.columns.find(({ name }) => name === path);
    if (exact !== undefined) return exact;
    const byLastPart = table.columns.filter(({ name }) => name.endsWith(`/${path}`));
    if (byLastPart.length === 1) return byLastPart[0]!;
  }
  const absent = table.whyAbsent?.(branch);
  if (absent !== undefined) throw absent;
  throw new NoSuchBranchError(
    branch,
    fileName,
    table.columns.map(({ name }) => name),
  );
}

/** A branch that is not there, in an expression that divides where a column's path is meant: the error says how to write that. */
export function withPathHint(error: unknown, { columns }: Table, divisions: readonly string[]): unknown {
  if (!(error instanceof NoSuchBranchError)) return error;
  const meant = divisions.find((path) => columns.some(({ name }) => name === path || name.endsWith(`/${path}`)));
  if (meant === undefined) return error;
  const dotted = meant.replaceAll('/', '.');
  const hint = `"/" divides in an expression: the column ${meant} is written ${dotted} there.`;
  return new NoSuchBranchError(error.branch, error.file, [], hint);
}

/** The prototype of `columns`: reached only for what is no branch, so that it costs nothing in the loop. */
function unknownBranchGuard(branches: readonly string[]): object {
  return new Proxy(Object.prototype, {
    get(target, key) {
      if (typeof key === 'symbol' || key in target || key === 'then' || key === 'toJSON')
        return Reflect.get(target, key) as unknown;
      throw notNamed(key, branches);
    },
  });
}

function notNamed(branch: string, branches: readonly string[]): ColumnUseError {
  return new ColumnUseError(
    `The selector's branches do not name ${branch}, so it is not read.${didYouMean(branch, branches)}`,
  );
}
