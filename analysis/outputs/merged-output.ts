/** The merged state of one output: what increments add to, and what it is as a result. One class a kind of output. */
import { IncrementError } from '../errors.js';
import { decodeUserValue, decodeValue } from '../message-pack.js';
import { AutoBins } from './auto-bins.js';
import { autoResult } from './auto-histogram.js';
import { Axis } from './axis.js';
import { type BinShape, checkBinPart } from './bin-part.js';
import { BinState } from './bin-state.js';
import { shapeOf } from './binned-output.js';
import { binnedResult } from './binned-result.js';
import type { ChunkKey, ChunkStore } from './chunk-store.js';
import { COUNTER_SHAPE } from './counter.js';
import type { Declaration } from './declaration.js';
import type { SentObject } from './object.js';
import type { PacketRange, Part } from './output.js';
import type { NtupleChunk, OutputResult } from './result.js';
import { decodeNtupleChunk, type SentChunk } from './rows.js';

/** Two encoded objects to one. */
export type ObjectMerger = (a: Uint8Array, b: Uint8Array) => Uint8Array;

/**
 * How a state's rows leave: as they are; as handles of the chunk store, for who has the same store (a journal beside it); or not at all
 * (live feedback). States of other kinds are always whole.
 */
export type RowForm = 'rows' | 'handles' | 'none';

export interface MergedOutput {
  /**
   * Checks a part and gives the step that adds it; the check changes nothing. The step returns the part with its rows as handles, where
   * it holds rows. @throws {IncrementError}
   */
  prepare(part: Part, form: 'rows' | 'handles'): () => Part | undefined;
  /** The state again as parts, none much longer than `maxBytes` (but at least one row's chunk). */
  parts(maxBytes: number, form: RowForm): Iterable<Part>;
  /** One result; of objects that cannot be merged one for each. */
  results(): OutputResult[];
}

export interface MergeTools {
  readonly chunks: ChunkStore;
  readonly objectMerger?: ObjectMerger;
}

/** @throws {IncrementError} for a declaration that contradicts itself */
export function mergedOutput(declaration: Declaration, tools: MergeTools): MergedOutput {
  switch (declaration.type) {
    case 'counter':
      return new MergedBins(declaration, COUNTER_SHAPE);
    case 'list':
    case 'ntuple':
      return new MergedRows(declaration, tools.chunks);
    case 'object':
      return new MergedObjects(declaration, tools.objectMerger);
    case 'Auto':
      if (declaration.axes.length < 1) throw new IncrementError(`${declaration.name} of this increment has no axes.`);
      return new MergedAuto(declaration);
    default:
      checkAxes(declaration);
      return new MergedBins(declaration, shapeOf(declaration));
  }
}

function checkAxes({ type, axes, name }: Declaration): void {
  const dimensions = { H1: 1, H2: 2, H3: 3, Profile: 1 }[type as 'H1' | 'H2' | 'H3' | 'Profile'];
  if (axes.length !== dimensions)
    throw new IncrementError(`${type} ${name} of this increment has ${axes.length} axes.`);
  try {
    for (const spec of axes) new Axis(spec);
  } catch (cause) {
    throw new IncrementError(`${type} ${name} of this increment has an axis that cannot be.`, { cause });
  }
}

export class MergedBins implements MergedOutput {
  readonly state: BinState;
  constructor(
    readonly declaration: Declaration,
    shape: BinShape,
  ) {
    this.state = new BinState(shape);
  }
  prepare(part: Part): () => undefined {
    const arrived = checkBinPart(this.state.shape, part);
    return () => void this.state.add(arrived);
  }
  *parts(): Iterable<Part> {
    if (this.state.entries > 0) yield this.state.encode();
  }
  results(): OutputResult[] {
    const { type, name, title } = this.declaration;
    if (type === 'counter') return [{ type, name, title, value: this.state.content(0) }];
    return [binnedResult(this.declaration, this.state)];
  }
}

export class MergedAuto implements MergedOutput {
  readonly state: AutoBins;
  constructor(readonly declaration: Declaration) {
    this.state = new AutoBins(declaration.axes.length);
  }
  prepare(part: Part): () => undefined {
    const arrived = AutoBins.decode(this.declaration.axes.length, part);
    return () => void this.state.absorb(arrived);
  }
  *parts(): Iterable<Part> {
    if (this.state.entries > 0) yield this.state.encode();
  }
  results(): OutputResult[] {
    return [autoResult(this.declaration, this.state)];
  }
}

export class MergedRows implements MergedOutput {
  readonly #keys: { readonly key: ChunkKey; readonly handle: number }[] = [];
  #isSorted = true;
  rows = 0;

  constructor(
    readonly declaration: Declaration,
    readonly store: ChunkStore,
  ) {}

  prepare(part: Part, form: 'rows' | 'handles'): () => Part | undefined {
    const chunks: unknown = part['chunks'];
    if (!Array.isArray(chunks)) throw new IncrementError(`${this.declaration.name} of this increment has no rows.`);
    const output = this.declaration.name;
    if (form === 'handles') {
      const kept = chunks.map((chunk) => this.#checkHandle(chunk));
      return () => {
        for (const { handle, ...place } of kept) this.#keep({ output, ...place }, handle);
        return part;
      };
    }
    const checked = chunks.map((chunk) => this.#check(chunk));
    return () => ({
      chunks: checked.map(({ bytes, ...place }) => {
        const key = { output, ...place };
        return { ...place, handle: this.#keep(key, this.store.put(key, bytes)) };
      }),
    });
  }
  #keep(key: ChunkKey, handle: number): number {
    this.#keys.push({ key, handle });
    this.#isSorted = false;
    this.rows += key.rows;
    return handle;
  }

  *parts(maxBytes: number, form: RowForm): Iterable<Part> {
    if (form === 'none') return;
    if (form === 'handles') {
      if (this.#keys.length > 0)
        yield { chunks: this.#keys.map(({ key: { output: _output, ...place }, handle }) => ({ ...place, handle })) };
      return;
    }
    let chunks: SentChunk[] = [];
    let nbytes = 0;
    for (const { key, handle } of this.#ordered()) {
      const { filePosition, first, end, rows } = key;
      const bytes = this.store.get(handle);
      if (nbytes > 0 && nbytes + bytes.length > maxBytes) {
        yield { chunks };
        chunks = [];
        nbytes = 0;
      }
      chunks.push({ filePosition, first, end, rows, bytes });
      nbytes += bytes.length;
    }
    if (chunks.length > 0) yield { chunks };
  }

  results(): OutputResult[] {
    const { type, name, title, columns } = this.declaration;
    if (type === 'list') return [{ type, name, title, items: this.items() }];
    return [{ type: 'ntuple', name, title, columns, entries: this.rows, chunks: () => this.ntupleChunks() }];
  }

  /** Of a list, in order. */
  items(): unknown[] {
    const items: unknown[] = [];
    for (const { handle } of this.#ordered())
      for (const item of decodeUserValue(this.store.get(handle)) as unknown[]) items.push(item);
    return items;
  }

  *ntupleChunks(): Iterable<NtupleChunk> {
    for (const { key, handle } of this.#ordered()) {
      const chunk = decodeNtupleChunk(this.declaration, key.rows, this.store.get(handle));
      if (chunk === undefined)
        throw new IncrementError(`Rows of ${this.declaration.name} that were kept have changed.`);
      yield chunk;
    }
  }

  #check(chunk: unknown): SentChunk {
    const place = checkedRange(chunk, this.declaration.name);
    const { rows, bytes } = chunk as { rows?: unknown; bytes?: unknown };
    const isWhole =
      Number.isSafeInteger(rows) &&
      bytes instanceof Uint8Array &&
      (this.declaration.type === 'ntuple'
        ? decodeNtupleChunk(this.declaration, rows as number, bytes) !== undefined
        : (decodeValue(bytes) as { length?: unknown } | null)?.length === rows);
    if (!isWhole) throw new IncrementError(`Rows of ${this.declaration.name} in this increment are garbled.`);
    return { ...place, rows: rows as number, bytes: bytes as Uint8Array };
  }

  #checkHandle(chunk: unknown): PacketRange & { rows: number; handle: number } {
    const place = checkedRange(chunk, this.declaration.name);
    const { rows, handle } = chunk as { rows?: unknown; handle?: unknown };
    if (!Number.isSafeInteger(rows) || !Number.isSafeInteger(handle))
      throw new IncrementError(`Rows of ${this.declaration.name} in this increment are garbled.`);
    this.store.adopt(handle as number);
    return { ...place, rows: rows as number, handle: handle as number };
  }

  #ordered(): readonly { readonly key: ChunkKey; readonly handle: number }[] {
    if (!this.#isSorted) this.#keys.sort((a, b) => comparePlaces(a.key, b.key));
    this.#isSorted = true;
    return this.#keys;
  }
}

export class MergedObjects implements MergedOutput {
  objects: SentObject[] = [];
  constructor(
    readonly declaration: Declaration,
    readonly merge: ObjectMerger | undefined,
  ) {}
  prepare(part: Part): () => undefined {
    const given: unknown = part['objects'];
    if (!Array.isArray(given)) throw new IncrementError(`${this.declaration.name} of this increment holds no object.`);
    const arrived = given.map((object: unknown): SentObject => {
      const place = checkedRange(object, this.declaration.name);
      const { bytes } = object as { bytes?: unknown };
      if (!(bytes instanceof Uint8Array))
        throw new IncrementError(`${this.declaration.name} of this increment is garbled.`);
      decodeValue(bytes);
      return { ...place, bytes: new Uint8Array(bytes) };
    });
    const { merge } = this;
    if (merge === undefined) return () => void this.objects.push(...arrived);
    // User code may throw: it runs before anything counts.
    const [first, ...others] = [...this.objects, ...arrived];
    if (first === undefined) return () => undefined;
    const merged = { ...first, bytes: others.reduce((sum, { bytes }) => merge(sum, bytes), first.bytes) };
    return () => {
      this.objects = [merged];
      return undefined;
    };
  }
  *parts(): Iterable<Part> {
    if (this.objects.length > 0) yield { objects: this.objects };
  }
  results(): OutputResult[] {
    const { name, title } = this.declaration;
    const ordered = this.objects.toSorted(comparePlaces);
    return ordered.map(({ bytes }) => ({ type: 'object', name, title, value: decodeUserValue(bytes) }));
  }
}

function checkedRange(given: unknown, name: string): PacketRange {
  const { filePosition, first, end } = (given ?? {}) as Partial<Record<keyof PacketRange, unknown>>;
  if ([filePosition, first, end].every((n) => Number.isSafeInteger(n)))
    return { filePosition: filePosition as number, first: first as number, end: end as number };
  throw new IncrementError(`${name} of this increment does not say which packet it is of.`);
}

const comparePlaces = (a: PacketRange, b: PacketRange): number =>
  a.filePosition - b.filePosition || a.first - b.first || a.end - b.end;
