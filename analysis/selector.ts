/**
 * The base class of users' analyses, with TSelector's life:
 * `begin` on the client; on each worker `workerBegin`, `init` at each new file, `process` for each entry or `processBatch` for a
 * range of them, `workerTerminate`; after the merge `terminate` on the client. Each place has an object of its own: what `begin`
 * wants to tell the workers goes into `inputs`, what the workers found comes back through the outputs.
 *
 * Outputs are declared as fields (or in `workerBegin`) and are filled in `process`: then the answer has the same bits however the query
 * ran. What `workerBegin`, `init` and `workerTerminate` fill counts as often as they are called.
 */
import type { Batch } from './batch.js';
import type { Column } from './column-accessors.js';
import { OutputError } from './errors.js';
import { type AxisSpec, makeAxis } from './outputs/axis.js';
import { Counter } from './outputs/counter.js';
import {
  type Declaration,
  declarationSchema,
  declare,
  type NtupleType,
  splitTitle,
  tooManyBins,
} from './outputs/declaration.js';
import { H1, H2, H3 } from './outputs/histogram.js';
import { type Merge, ObjectOutput } from './outputs/object.js';
import type { Output } from './outputs/output.js';
import { Profile } from './outputs/profile.js';
import { List, Ntuple } from './outputs/rows.js';
import { EntryRandom } from './random.js';

/** What a selector is made with. */
export interface SelectorContext {
  /** `--param KEY=VALUE`, as text. */
  readonly params: Readonly<Record<string, string>>;
  /** Filled by `begin`, sent to the workers: plain data. */
  readonly inputs: Record<string, unknown>;
  readonly seed: number;
}

export interface InputFile {
  /** Its place in the data set, from 0. */
  readonly position: number;
  readonly name: string;
  /** Entries of its tree. */
  readonly entries: number;
  readonly tree: string;
}

/** Where the loop is; the runner's, shared with the selector. */
export interface Position {
  filePosition: number;
  entry: number;
}

/** Bins of one axis: number, lower and upper end; or edges. */
type Bins1 = readonly [nbins: number, min: number, max: number] | readonly [edges: readonly number[]];
type Bins2 = readonly [...Bins1, ...Bins1];
type Bins3 = readonly [...Bins1, ...Bins1, ...Bins1];

/** Set while a selector is being constructed, so that its field initialisers see `params` even behind a constructor of its own. */
let constructing: SelectorContext | undefined;

export abstract class Selector {
  /** The branches to read; no others are. */
  branches: readonly string[] = [];
  readonly params: Readonly<Record<string, string>>;
  readonly inputs: Record<string, unknown>;
  /** By branch name: `this.columns.mu1_pt.at(entry)`. */
  columns: Record<string, Column> = {};
  /** The file being processed. */
  file: InputFile | undefined;
  readonly #outputs = new Map<string, Output>();
  readonly #random: EntryRandom;
  readonly #position: Position = { filePosition: 0, entry: -1 };
  #isTerminating = false;
  #divisions: readonly string[] = [];
  #randomAt = { filePosition: 0, entry: -2 };

  constructor() {
    const context = constructing ?? { params: {}, inputs: {}, seed: 0 };
    this.params = context.params;
    this.inputs = context.inputs;
    this.#random = new EntryRandom(context.seed);
  }

  begin(): void | Promise<void> {}
  workerBegin(): void | Promise<void> {}
  init(_file: InputFile): void | Promise<void> {}
  process?(entry: number): void;
  processBatch?(batch: Batch): void;
  workerTerminate(): void | Promise<void> {}
  terminate(): void | Promise<void> {}

  /** Random numbers of the entry being processed: they depend on `--seed`, the file's position and the entry only. */
  get random(): EntryRandom {
    const { filePosition, entry } = this.#position;
    if (this.#randomAt.entry !== entry || this.#randomAt.filePosition !== filePosition) {
      this.#randomAt = { filePosition, entry };
      this.#random.start(filePosition, entry);
    }
    return this.#random;
  }

  /** `title` is "title;x axis;y axis". Bins: `120, 60, 120` or an array of edges. */
  protected h1(name: string, title: string, ...bins: Bins1): H1 {
    return this.#add(new H1(this.#binned('H1', name, title, bins)));
  }
  protected h2(name: string, title: string, ...bins: Bins2): H2 {
    return this.#add(new H2(this.#binned('H2', name, title, bins)));
  }
  protected h3(name: string, title: string, ...bins: Bins3): H3 {
    return this.#add(new H3(this.#binned('H3', name, title, bins)));
  }
  /** Mean of y in bins of x. */
  protected profile(name: string, title: string, ...bins: Bins1): Profile {
    return this.#add(new Profile(this.#binned('Profile', name, title, bins)));
  }
  protected counter(name: string, title = ''): Counter {
    return this.#add(new Counter(this.#declared({ type: 'counter', name, title })));
  }
  /** Any values that JSON can hold, in the order of the entries. */
  protected list<T = unknown>(name: string, title = ''): List<T> {
    return this.#add(new List<T>(this.#declared({ type: 'list', name, title })));
  }
  /** Rows of numbers. Columns: names (64-bit floats) or `{ pt: 'float32', n: 'int32' }`. */
  protected ntuple(name: string, columns: NtupleColumns): Ntuple;
  protected ntuple(name: string, title: string, columns: NtupleColumns): Ntuple;
  protected ntuple(name: string, second: string | NtupleColumns, third?: NtupleColumns): Ntuple {
    const title = typeof second === 'string' ? second : '';
    const given = typeof second === 'string' ? (third ?? []) : second;
    const columns = Array.isArray(given)
      ? (given as readonly string[]).map((column) => ({ name: column, type: 'float64' as const }))
      : Object.entries(given as Record<string, NtupleType>).map(([column, type]) => ({ name: column, type }));
    if (columns.length === 0) throw new OutputError(`The ntuple ${name} needs columns.`);
    return this.#add(new Ntuple(this.#declared({ type: 'ntuple', name, title, columns })));
  }
  /** An object of one's own: `this.object('seen', () => new Set<number>(), (a, b) => …)`, or one that has a method `merge(other)`. */
  protected object<T>(name: string, initial: T | (() => T), merge?: Merge<T>): ObjectOutput<T> {
    return this.#add(new ObjectOutput<T>(this.#declared({ type: 'object', name, title: '' }), initial, merge));
  }
  /** An output by name; in `terminate` also one that only the workers declared. */
  output(name: string): Output | undefined {
    return this.#outputs.get(name);
  }

  #binned(
    type: 'H1' | 'H2' | 'H3' | 'Profile',
    name: string,
    text: string,
    bins: readonly (number | readonly number[])[],
  ): Declaration {
    const [title, ...axisTitles] = splitTitle(text);
    const axes: AxisSpec[] = [];
    for (let i = 0; i < bins.length; ) {
      const given = bins[i]!;
      const axisTitle = axisTitles[axes.length] ?? '';
      if (typeof given !== 'number') axes.push(makeAxis(axisTitle, given));
      else axes.push(makeAxis(axisTitle, given, bins[i + 1] as number, bins[i + 2] as number));
      i += typeof given === 'number' ? 3 : 1;
    }
    const dimension = { H1: 1, H2: 2, H3: 3, Profile: 1 }[type];
    if (axes.length !== dimension)
      throw new OutputError(`${type} ${name} needs the bins of ${dimension} axes, not ${axes.length}.`);
    return this.#declared({ type, name, title, axes, valueTitle: axisTitles[dimension] ?? '' });
  }

  #declared(given: Parameters<typeof declare>[0]): Declaration {
    const declaration = declare(given);
    const tooMany = tooManyBins(declaration.axes);
    if (tooMany !== undefined) throw new OutputError(`The output ${given.name} ${tooMany}.`);
    const { error } = declarationSchema.safeParse(declaration);
    // An axis without sense is told in the axis's own words, by the output's constructor.
    const problem = error?.issues.find(({ path }) => path[0] !== 'axes');
    if (problem !== undefined)
      throw new OutputError(
        `The output ${given.name} cannot be declared: ${problem.path.join('.')} ${problem.message}.`,
      );
    return declaration;
  }

  #add<T extends Output>(output: T): T {
    if (this.#outputs.has(output.name)) throw new OutputError(`There are two outputs named ${output.name}.`);
    this.#outputs.set(output.name, output);
    if (this.#isTerminating) output.finalize(); // made of merged results: readable at once
    return output;
  }

  /** For the rooms' own code, out of users' sight. @internal */
  static outputsOf(selector: Selector): ReadonlyMap<string, Output> {
    return selector.#outputs;
  }
  /** @internal */
  static addOutput(selector: Selector, output: Output): void {
    selector.#add(output);
  }
  /** Quotients of a draw expression that could be meant as a column's path (`p4/fP/fX`). @internal */
  static divisionsOf(selector: Selector): readonly string[] {
    return selector.#divisions;
  }
  /** @internal */
  static setDivisions(selector: Selector, divisions: readonly string[]): void {
    selector.#divisions = divisions;
  }
  /** @internal */
  static enterTerminate(selector: Selector): void {
    selector.#isTerminating = true;
  }
  /** @internal */
  static positionOf(selector: Selector): Position {
    return selector.#position;
  }
  /** @internal */
  static construct<T extends Selector>(Class: new () => T, context: SelectorContext): T {
    constructing = context;
    try {
      return new Class();
    } finally {
      constructing = undefined;
    }
  }
}

export type NtupleColumns = readonly string[] | Readonly<Record<string, NtupleType>>;
