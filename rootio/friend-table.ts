/**
 * A table with its friends: entry i of the table and entry i of each friend belong together. A friend's columns are called
 * `ALIAS/column` (or `ALIAS.column`); the table's own keep their names. A friend with friends is such a table itself, so that theirs
 * are `ALIAS/ALIAS/column`. Clusters are the table's.
 */
import { FriendMissingError } from './errors.js';
import type { ColumnData, ColumnInfo, ColumnReader, Table } from './table.js';

export interface Friend {
  readonly alias: string;
  readonly table: Table;
}

/** A friend that could not be opened: its columns are not there, and whoever asks for one is told why. */
export interface MissingFriend {
  readonly alias: string;
  readonly tree: string;
  /** As the record names it; empty: the same file. */
  readonly file: string;
  readonly cause: unknown;
  /** Of the file whose record names it. */
  readonly url: string;
}

export class FriendTable implements Table {
  readonly name: string;
  readonly title: string;
  readonly className: string;
  readonly entries: number;
  readonly clusters: readonly number[];
  readonly columns: readonly ColumnInfo[];
  constructor(
    readonly main: Table,
    readonly friends: readonly Friend[],
    readonly missing: readonly MissingFriend[] = [],
  ) {
    ({
      name: this.name,
      title: this.title,
      className: this.className,
      entries: this.entries,
      clusters: this.clusters,
    } = main);
    this.columns = [...main.columns, ...friends.flatMap((friend) => this.#friendColumns(friend))];
  }

  #friendColumns({ alias, table }: Friend): ColumnInfo[] {
    return table.columns.map((column) => {
      const entries = Math.min(table.entries, column.entries ?? table.entries);
      return { ...column, name: `${alias}/${column.name}`, ...(entries < this.entries ? { entries } : {}) };
    });
  }

  reader(names: readonly string[]): ColumnReader {
    const own: string[] = [];
    const byFriend = new Map<Friend, Map<string, string>>();
    for (const name of names) {
      const friend = this.#friendOf(name);
      const absent = friend === undefined ? this.whyAbsent(name) : undefined;
      if (absent !== undefined) throw absent;
      if (friend === undefined) own.push(name);
      else byFriend.set(friend, (byFriend.get(friend) ?? new Map()).set(name, name.slice(friend.alias.length + 1)));
    }
    const parts: Part[] = [{ reader: this.main.reader(own), names: new Map(own.map((name) => [name, name])) }];
    for (const [{ table }, asked] of byFriend) parts.push({ reader: table.reader([...asked.values()]), names: asked });
    return new FriendReader(parts);
  }

  whyAbsent(name: string): Error | undefined {
    if (this.main.columns.some((column) => column.name === name)) return undefined;
    const missing = this.missing.find((one) => isOf(one, name));
    if (missing !== undefined) return new FriendMissingError(name, missing, missing.url, { cause: missing.cause });
    for (const { alias, table } of this.friends) {
      const why = table.whyAbsent?.(isOf({ alias }, name) ? name.slice(alias.length + 1) : name);
      if (why !== undefined) return why;
    }
    return this.main.whyAbsent?.(name);
  }

  /** A column of the table itself comes first, should its name look like a friend's. */
  #friendOf(name: string): Friend | undefined {
    if (this.main.columns.some((column) => column.name === name)) return undefined;
    return this.friends.find((one) => isOf(one, name));
  }
}

const isOf = ({ alias }: { readonly alias: string }, name: string): boolean =>
  name.startsWith(`${alias}/`) || name.startsWith(`${alias}.`);

interface Part {
  readonly reader: ColumnReader;
  /** Name as asked -> name in the part's table. */
  readonly names: ReadonlyMap<string, string>;
}

class FriendReader implements ColumnReader {
  constructor(readonly parts: readonly Part[]) {}

  get bytesRead(): number {
    return this.parts.reduce((sum, { reader }) => sum + reader.bytesRead, 0);
  }

  load(first: number, end: number): Promise<void> | void {
    const pending = this.parts.map(({ reader }) => reader.load(first, end)).filter((one) => one !== undefined);
    if (pending.length > 0) return Promise.all(pending).then(() => undefined);
  }

  prefetch(first: number, end: number): void {
    for (const { reader } of this.parts) reader.prefetch(first, end);
  }

  column(name: string): ColumnData {
    for (const { reader, names } of this.parts) {
      const inPart = names.get(name);
      if (inPart !== undefined) return reader.column(inPart);
    }
    return this.parts[0]!.reader.column(name);
  }
}
