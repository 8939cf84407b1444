/**
 * Merges increments, in any order and grouping, to the same state: histograms as exact sums, rows by their place in the data set,
 * objects by the user's `merge`. An increment is checked whole before any of it counts.
 *
 * The state leaves as increments again (`encode`): for journals, for the way to the client, for mergers of mergers.
 */
import { IncrementError, UserCodeError } from './errors.js';
import { decodeIncrement, encodeIncrement, type IncrementPart } from './increment.js';
import { type ChunkStore, MemoryChunkStore } from './outputs/chunk-store.js';
import type { Declaration } from './outputs/declaration.js';
import { type MergedOutput, mergedOutput, type ObjectMerger, type RowForm } from './outputs/merged-output.js';
import { ObjectOutput } from './outputs/object.js';
import type { OutputResult } from './outputs/result.js';
import { Selector } from './selector.js';

export interface MergerOptions {
  /** The program's selector, for the `merge` of its objects. Without it they come back one by one. */
  readonly selector?: Selector;
  /** Where the rows of lists and ntuples are kept; in memory without. */
  readonly chunks?: ChunkStore;
}

interface Entry {
  readonly declaration: Declaration;
  readonly order: number;
  readonly merged: MergedOutput;
}

/** One increment of `encode` carries rows up to about this many bytes. */
const CHUNK_BYTES = 1_000_000;

export class OutputMerger {
  readonly #entries = new Map<string, Entry>();
  readonly #options: MergerOptions;
  readonly #chunks: ChunkStore;

  constructor(options: MergerOptions = {}) {
    this.#options = options;
    this.#chunks = options.chunks ?? new MemoryChunkStore();
  }

  /**
   * @returns the same increment for a journal beside the chunk store: its rows as handles of that store
   * @throws {IncrementError} for what is no increment, or contradicts those before; {UserCodeError} where the `merge` of an object
   * throws. Then nothing has changed.
   */
  add(bytes: Uint8Array): Uint8Array {
    return this.#add(bytes, 'rows');
  }

  /** What `add` returned, or `encode('handles')` yields, with the chunk store that its handles are of. @throws as `add` does */
  addKept(bytes: Uint8Array): void {
    this.#add(bytes, 'handles');
  }

  #add(bytes: Uint8Array, form: 'rows' | 'handles'): Uint8Array {
    const checked = decodeIncrement(bytes).map((given) => {
      const entry = this.#entryFor(given);
      return { given, entry, add: given.part === null ? undefined : entry.merged.prepare(given.part, form) };
    });
    let hasRows = false;
    const parts = checked.map(({ given, entry, add }): IncrementPart => {
      this.#entries.set(entry.declaration.name, entry);
      const kept = add?.();
      hasRows ||= kept !== undefined;
      return kept === undefined ? given : { ...given, part: kept };
    });
    return hasRows && form === 'rows' ? encodeIncrement(parts) : bytes;
  }

  /** Outputs in the order of their declaration, each with its merged state. */
  outputs(): readonly { readonly declaration: Declaration; readonly merged: MergedOutput }[] {
    return [...this.#entries.values()].sort(
      (a, b) => a.order - b.order || compare(a.declaration.name, b.declaration.name),
    );
  }

  /** As plain numbers, for live display. Rounding a state does not change it. */
  snapshot(): readonly OutputResult[] {
    return this.outputs().flatMap(({ merged }) => merged.results());
  }

  /** The whole state as increments of bounded size: add them, in any order, to an empty merger to have it again. */
  *encode(form: RowForm = 'rows'): Iterable<Uint8Array> {
    for (const { declaration, merged } of this.outputs()) {
      const order = this.#entries.get(declaration.name)!.order;
      let isEmpty = true;
      for (const part of merged.parts(CHUNK_BYTES, form)) {
        isEmpty = false;
        yield encodeIncrement([{ declaration, order, part }]);
      }
      if (isEmpty) yield encodeIncrement([{ declaration, order, part: null }]);
    }
  }

  #entryFor({ declaration, order }: IncrementPart): Entry {
    const known = this.#entries.get(declaration.name);
    if (known === undefined) {
      const merged = mergedOutput(declaration, { chunks: this.#chunks, ...this.#objectMerger(declaration) });
      return { declaration, order, merged };
    }
    if (JSON.stringify(known.declaration) !== JSON.stringify(declaration))
      throw new IncrementError(`The output ${declaration.name} of this increment is declared otherwise than before.`);
    return known;
  }

  #objectMerger({ name }: Declaration): { objectMerger?: ObjectMerger } {
    const output =
      this.#options.selector === undefined ? undefined : Selector.outputsOf(this.#options.selector).get(name);
    if (!(output instanceof ObjectOutput) || !output.isMergeable) return {};
    const objectMerger: ObjectMerger = (a, b) => {
      try {
        return output.mergeEncoded(a, b);
      } catch (cause) {
        const [what, stack] = cause instanceof Error ? [cause.message, cause.stack ?? ''] : [String(cause), ''];
        throw new UserCodeError(`merge of the object ${name} threw: ${what}`, null, stack, { cause });
      }
    };
    return { objectMerger };
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
