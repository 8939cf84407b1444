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

  /** An array of numbers, as plain numbers. */
  numbers(name: string): number[] {
    const value = this.object[name];
    if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value as ArrayLike<unknown>, Number);
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
