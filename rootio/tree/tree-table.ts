/** A TTree as a Table. */
import { ColumnTypeError, NoSuchColumnError } from '../errors.js';
import type { FileAccess } from '../file/record.js';
import type { ObjectStreamer } from '../jsroot/structure.js';
import type { ColumnInfo, ColumnReader, Table } from '../table.js';
import type { Branch, TreeRecord } from './branch.js';
import { type BranchColumn, branchColumns, leafFormat } from './branch-columns.js';
import { FlatLoader } from './column-loader.js';
import { type LoadedColumn, TreeReader } from './tree-reader.js';

export class TreeTable implements Table {
  readonly title: string;
  readonly className: string;
  readonly entries: number;
  readonly clusters: readonly number[];
  readonly columns: readonly ColumnInfo[];
  readonly branchColumns: readonly BranchColumn[];
  readonly #byName = new Map<string, BranchColumn>();
  constructor(
    readonly file: FileAccess,
    readonly record: TreeRecord,
    streamer: ObjectStreamer,
    readonly name: string,
  ) {
    ({ title: this.title, className: this.className, entries: this.entries, clusters: this.clusters } = record);
    const columns = branchColumns(record.branches, streamer, record.entries);
    this.branchColumns = columns;
    this.columns = columns.map((column) => column.info);
    for (const column of columns) this.#byName.set(column.info.name, column);
    // A branch's own name will do where it is the only one of that name.
    for (const [alias, column] of aliases(columns)) if (!this.#byName.has(alias)) this.#byName.set(alias, column);
  }

  /** One branch as it is, even where it has more or fewer entries than the tree. */
  branchReader(column: BranchColumn): ColumnReader {
    const { branch, info, newLoader } = column;
    if (newLoader === undefined)
      throw new ColumnTypeError(info.name, info.typeName, info.why ?? 'its type is not known');
    const loaded = { name: info.name, branch, loader: newLoader(), ...this.#counts(column) };
    return new TreeReader(this.file, { name: this.name, entries: branch.entries }, [loaded]);
  }

  reader(names: readonly string[]): ColumnReader {
    const columns = [...new Set(names)].map((name) => {
      const column = this.#byName.get(name);
      if (column === undefined) throw new NoSuchColumnError(this.name, name, [...this.#byName.keys()]);
      if (column.newLoader === undefined)
        throw new ColumnTypeError(name, column.info.typeName, column.info.why ?? 'its type is not known');
      return { name, branch: column.branch, loader: column.newLoader(), ...this.#counts(column) };
    });
    return new TreeReader(this.file, this, columns);
  }

  /** The counter of a column whose baskets do not say where entries begin. */
  #counts({ branch, info }: BranchColumn): Pick<LoadedColumn, 'counts'> {
    const counter = branch.leaves[0]?.count;
    if (!branch.generatesOffsets || counter === undefined || info.type === undefined) return {};
    const found = allBranches(this.record.branches).find((one) => one.leaves[0]?.name === counter.leaf);
    const format = found?.leaves[0] && leafFormat(found.leaves[0], undefined);
    if (found === undefined || format === undefined) return {};
    const itemBytes = leafFormat(branch.leaves[0]!, undefined)!.itemBytes * (info.length ?? 1);
    return { counts: { branch: found, loader: new FlatLoader(format, 1), itemBytes } };
  }
}

function allBranches(branches: readonly Branch[]): Branch[] {
  return branches.flatMap((branch) => [branch, ...allBranches(branch.children)]);
}

/** Shorter names that only one column has: the last part of its path, and the path with points for slashes. */
function aliases(columns: readonly BranchColumn[]): [string, BranchColumn][] {
  const found = new Map<string, BranchColumn | undefined>();
  for (const column of columns) {
    const { name } = column.info;
    const isWhole = name === column.branch.path;
    const short = isWhole ? column.branch.name : name.slice(column.branch.path.length - column.branch.name.length);
    for (const alias of new Set([short, short.replaceAll('/', '.'), name.replaceAll('/', '.')]))
      found.set(alias, found.has(alias) ? undefined : column);
  }
  return [...found].filter((entry): entry is [string, BranchColumn] => entry[1] !== undefined);
}
