/**
 * Any object of the user's as output: each packet fills a fresh one, and the user's `merge` makes one of two.
 *
 * The object's own fields travel (plain data, maps, sets, typed arrays); its class does not, so that an object of a class is put
 * together again from its fields. The answer has equal bits however it ran only where `merge` is associative and commutative.
 * Without any `merge` the objects come back one by one, one for each increment.
 */
import { decodeUserValue, encodeUserValue } from '../message-pack.js';
import type { Declaration } from './declaration.js';
import { Output, type PacketRange, type Part } from './output.js';

/** An object as it travels, with the (first) packet that filled it. */
export interface SentObject extends PacketRange {
  readonly bytes: Uint8Array;
}

// biome-ignore lint/suspicious/noConfusingVoidType: users write a merge that changes `into` and returns nothing
export type Merge<T> = (into: T, other: T) => T | void;

export class ObjectOutput<T = unknown> extends Output {
  readonly #create: () => T;
  readonly #merge: Merge<T> | undefined;
  #current: T | undefined;
  #pending: readonly SentObject[] = [];
  #prepared: readonly SentObject[] | undefined;

  constructor(declaration: Declaration, initial: T | (() => T), merge?: Merge<T>) {
    super(declaration);
    this.#create =
      typeof initial === 'function' ? (initial as () => T) : () => revive(initial, encodeUserValue(initial));
    this.#merge = merge ?? methodMerge(this.#create());
  }

  /** To be filled while processing; the merged object in `terminate`. */
  get value(): T {
    this.#current ??= this.#create();
    return this.#current;
  }
  set value(value: T) {
    this.#current = value;
  }

  get isMergeable(): boolean {
    return this.#merge !== undefined;
  }

  /** @internal */
  override prepare({ filePosition, first, end }: PacketRange): void {
    this.#prepared = undefined;
    if (this.#current === undefined) return;
    const bytes = encodeUserValue(this.#current);
    const last = this.#pending.at(-1);
    // Merged on copies: a merge that throws half-way must not leave its traces in what is pending.
    if (last === undefined || this.#merge === undefined)
      this.#prepared = [...this.#pending, { filePosition, first, end, bytes }];
    else this.#prepared = [{ ...last, bytes: this.mergeEncoded(last.bytes, bytes) }];
  }
  /** @internal */
  override commit(): void {
    this.#pending = this.#prepared ?? this.#pending;
    this.#prepared = undefined;
    this.#current = undefined;
  }
  /** @internal */
  override rollback(): void {
    this.#current = undefined;
  }
  /** @internal */
  override take(): Part | undefined {
    if (this.#pending.length === 0) return undefined;
    const objects = this.#pending;
    this.#pending = [];
    return { objects };
  }
  /** One encoded object of two. @internal */
  mergeEncoded(a: Uint8Array, b: Uint8Array): Uint8Array {
    const into = revive(this.#create(), a);
    return encodeUserValue(this.#merge?.(into, revive(this.#create(), b)) ?? into);
  }
  /** @internal */
  restore(object: Uint8Array | undefined): void {
    this.#current = object === undefined ? this.#create() : revive(this.#create(), object);
    this.finalize();
  }
}

function methodMerge<T>(sample: T): Merge<T> | undefined {
  const method = (sample as { merge?: unknown } | null | undefined)?.merge;
  if (typeof method !== 'function') return undefined;
  return (into, other) => (into as { merge: (other: T) => T | undefined }).merge(other);
}

/** The decoded value; where `like` is of a class, an object of that class with the decoded fields. */
function revive<T>(like: T, bytes: Uint8Array): T {
  const decoded = decodeUserValue(bytes);
  const prototype: unknown = typeof like === 'object' && like !== null ? Object.getPrototypeOf(like) : null;
  const isPlain = prototype === null || prototype === Object.prototype || like instanceof Map || like instanceof Set;
  if (isPlain || Array.isArray(like) || ArrayBuffer.isView(like)) return decoded as T;
  return Object.assign(Object.create(prototype as object) as object, decoded) as T;
}
