/** Members of streamed objects, taken with a check: what a damaged file put in their place is an error here, not later. */
import { CorruptFileError, type Place } from '../errors.js';
import type { StreamedObject } from '../jsroot/structure.js';

export class Members {
  constructor(
    readonly object: StreamedObject,
    readonly place: Place,
  ) {}

  get className(): string {
    return String(this.object['_typename'] ?? '');
  }

  number(name: string, otherwise?: number): number {
    const value = this.object[name];
    if (typeof value === 'number' && !Number.isNaN(value)) return value;
    if (typeof value === 'bigint') return Number(value);
    if (value === undefined && otherwise !== undefined) return otherwise;
    return this.#wrong(name, 'number');
  }

  boolean(name: string): boolean {
    return Boolean(this.object[name]);
  }

  string(name: string, otherwise?: string): string {
    const value = this.object[name];
    if (typeof value === 'string') return value;
    if (value === undefined && otherwise !== undefined) return otherwise;
    return this.#wrong(name, 'text');
  }

  /** An array of numbers, not copied: a tree of a thousand branches has three thousand of them. */
  numbers(name: string): ArrayLike<number> {
    const value = this.object[name];
    if (Array.isArray(value) || ArrayBuffer.isView(value)) {
      const items = value as unknown as ArrayLike<unknown>;
      return areNumbers(items) ? items : Array.from(items, Number);
    }
    if (value === undefined || value === null) return [];
    return this.#wrong(name, 'array');
  }

  /** The members of a TObjArray or TList that are objects, with their index. */
  list(name: string): { readonly index: number; readonly members: Members }[] {
    const value = this.object[name];
    if (value === undefined || value === null) return [];
    const array = (value as { arr?: unknown }).arr;
    if (!Array.isArray(array)) return this.#wrong(name, 'list');
    return array.flatMap((entry: unknown, index) =>
      typeof entry === 'object' && entry !== null
        ? [{ index, members: new Members(entry as StreamedObject, this.place) }]
        : [],
    );
  }

  child(name: string): Members | undefined {
    const value = this.object[name];
    return typeof value === 'object' && value !== null ? new Members(value as StreamedObject, this.place) : undefined;
  }

  #wrong(name: string, wanted: string): never {
    throw new CorruptFileError(this.place, `its ${this.className} has no ${wanted} "${name}"`);
  }
}

/** JSROOT gives integers beyond 2^53 as bigints. */
function areNumbers(items: ArrayLike<unknown>): items is ArrayLike<number> {
  for (let i = 0; i < items.length; i++) if (typeof items[i] !== 'number') return false;
  return true;
}
