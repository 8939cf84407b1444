/**
 * The objects of one class in a file, wherever its directories hold them, as a table: one object an entry, in the file's order.
 * Columns: `object`, as JSROOT names its members, and `path`, without cycle. Of several cycles only the newest counts.
 */
import { NoSuchColumnError } from './errors.js';
import type { ColumnData, ColumnInfo, ColumnReader, Table } from './table.js';

export interface StoredObject {
  readonly path: string;
  readonly nbytes: number;
  readonly read: () => Promise<Record<string, unknown>>;
}

export class ObjectTable implements Table {
  readonly title: string;
  readonly clusters: readonly number[];
  readonly columns: readonly ColumnInfo[];
  constructor(
    readonly name: string,
    readonly className: string,
    readonly objects: readonly StoredObject[],
  ) {
    this.title = `the objects of class ${className}`;
    this.clusters = [...objects.keys(), objects.length];
    this.columns = [
      { name: 'object', kind: 'object', typeName: className, title: 'the object' },
      { name: 'path', kind: 'string', typeName: 'string', title: 'its directories and name' },
    ];
  }

  get entries(): number {
    return this.objects.length;
  }

  reader(names: readonly string[]): ColumnReader {
    for (const name of names)
      if (!this.columns.some((column) => column.name === name))
        throw new NoSuchColumnError(
          this.name,
          name,
          this.columns.map((column) => column.name),
        );
    return new ObjectReader(this.objects, names);
  }
}

class ObjectReader implements ColumnReader {
  bytesRead = 0;
  readonly #data = new Map<string, ColumnData>();
  constructor(
    readonly objects: readonly StoredObject[],
    readonly names: readonly string[],
  ) {}

  async load(first: number, end: number): Promise<void> {
    const wanted = this.objects.slice(first, end);
    this.#data.set('path', { kind: 'string', values: wanted.map((object) => object.path) });
    if (!this.names.includes('object')) return;
    const values: unknown[] = [];
    for (const object of wanted) {
      values.push(await object.read());
      this.bytesRead += object.nbytes;
    }
    this.#data.set('object', { kind: 'object', values });
  }

  prefetch(): void {}

  column(name: string): ColumnData {
    const data = this.#data.get(name);
    if (data === undefined) throw new NoSuchColumnError('objects', name, this.names);
    return data;
  }
}
