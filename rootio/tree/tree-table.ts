/** A TTree as a Table. */
import { ColumnTypeError, NoSuchColumnError } from '../errors.js';
import type { FileAccess } from '../file/record.js';
import type { ColumnInfo, ColumnReader, Table } from '../table.js';
import type { TreeRecord } from './branch.js';
import { type BranchColumn, branchColumns } from './branch-columns.js';
import { TreeReader } from './tree-reader.js';

export class TreeTable implements Table {
  readonly name: string;
  readonly title: string;
  readonly className: string;
  readonly entries: number;
  readonly clusters: readonly number[];
  readonly columns: readonly ColumnInfo[];
  readonly #byName = new Map<string, BranchColumn>();
  constructor(
    readonly file: FileAccess,
    readonly record: TreeRecord,
  ) {
    ({
      name: this.name,
      title: this.title,
      className: this.className,
      entries: this.entries,
      clusters: this.clusters,
    } = record);
    const columns = branchColumns(record.branches);
    this.columns = columns.map((column) => column.info);
    for (const column of columns) this.#byName.set(column.info.name, column);
    // A branch's own name will do where it is the only one of that name.
    for (const [alias, column] of aliases(columns)) if (!this.#byName.has(alias)) this.#byName.set(alias, column);
  }

  reader(names: readonly string[]): ColumnReader {
    const columns = [...new Set(names)].map((name) => {
      const column = this.#byName.get(name);
      if (column === undefined) throw new NoSuchColumnError(this.name, name, [...this.#byName.keys()]);
      if (column.newLoader === undefined)
        throw new ColumnTypeError(name, column.info.typeName, column.info.why ?? 'its type is not known');
      return { name, branch: column.branch, loader: column.newLoader() };
    });
    return new TreeReader(this.file, this, columns);
  }
}

/** Last parts of paths that only one column has. */
function aliases(columns: readonly BranchColumn[]): [string, BranchColumn][] {
  const found = new Map<string, BranchColumn | undefined>();
  for (const column of columns) {
    const { name } = column.branch;
    found.set(name, found.has(name) ? undefined : column);
  }
  return [...found].filter((entry): entry is [string, BranchColumn] => entry[1] !== undefined);
}
