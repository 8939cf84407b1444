/**
 * Fills a TTree batch by batch. Baskets go to the file as they fill up, so that memory stays at one basket a branch
 * however many entries come; all branches end their baskets together at the end of each cluster.
 */
import { type Basket, type BatchColumn, BranchWriter, type ListBatch, type StoredBasket } from './branch-writer.js';
import { checkBatchColumn } from './tree-batch.js';
import { branchShapes, type ColumnSpec } from './tree-columns.js';
import type { FriendSpec, TreeSummary } from './tree-record.js';
import { TreeShapeError } from './write-errors.js';

export interface TreeOptions {
  /** Bytes of a basket before compression; 64,000 unless told. */
  readonly basketBytes?: number;
  /** Entries of a cluster. Unless told, the first cluster ends at about 16 MB and sets the number for all. */
  readonly autoFlush?: number;
  /** Texts about the tree, inside it: TTree::GetUserInfo gives them as TObjStrings. */
  readonly userInfo?: readonly string[];
  /** Trees whose entries belong to this one's, here or in other files: TTree::GetListOfFriends. */
  readonly friends?: readonly FriendSpec[];
}

export type Batch = Readonly<Record<string, BatchColumn>>;

/** What the file does for a tree. */
export interface TreeFile {
  readonly compression: number;
  storeBasket(basket: Basket): StoredBasket;
  storeTree(tree: TreeSummary): void;
}

const MAX_BASKET_BYTES = 2 ** 30;
const CLUSTER_BYTES = 16 << 20;
/** Entries taken at once while the length of a cluster is not known yet. */
const PROBE_ENTRIES = 1024;

export class TreeWriter {
  readonly name: string;
  readonly title: string;
  readonly #file: TreeFile;
  readonly #branches: readonly BranchWriter[];
  readonly #basketBytes: number;
  readonly #userInfo: readonly string[];
  readonly #friends: readonly FriendSpec[];
  #clusterEntries: number | undefined;
  #clusterBytes = 0;
  #inCluster = 0;
  #entries = 0;
  #isClosed = false;

  /** Called by `RootFileWriter.tree`. */
  constructor(file: TreeFile, name: string, title: string, columns: readonly ColumnSpec[], options: TreeOptions) {
    this.#file = file;
    this.name = name;
    this.title = title;
    this.#basketBytes = options.basketBytes ?? 64_000;
    this.#clusterEntries = options.autoFlush;
    this.#userInfo = options.userInfo ?? [];
    this.#friends = options.friends ?? [];
    checkCount('autoFlush, the entries of a cluster,', options.autoFlush ?? 1, Number.MAX_SAFE_INTEGER);
    checkCount('basketBytes', this.#basketBytes, MAX_BASKET_BYTES);
    const store = (basket: Basket) => {
      const stored = file.storeBasket(basket);
      this.#clusterBytes += stored.unpackedBytes;
      return stored;
    };
    this.#branches = branchShapes(columns).map((shape) => new BranchWriter(shape, this.#basketBytes, store));
  }

  get entries(): number {
    return this.#entries;
  }

  /** Name and shape of each branch, counters included. */
  get shapes() {
    return this.#branches.map((one) => one.shape);
  }

  /**
   * Appends n entries: for each column a typed array (n * length numbers), `{ offsets, values }` (n + 1 offsets), or n texts.
   * Counters need not be given. The arrays are copied.
   * @throws {TreeShapeError} a column is missing or does not fit; nothing was appended then
   */
  append(batch: Batch, n: number): void {
    if (this.#isClosed) throw new TreeShapeError(`Tree ${this.name} is closed; append before close().`);
    const columns = this.#branches.map(({ shape }) => {
      const { counts } = shape;
      if (counts === undefined) return checkBatchColumn(shape, batch[shape.name], n);
      const list = checkBatchColumn(this.#branches.find((one) => one.shape.name === counts)!.shape, batch[counts], n);
      return listLengths(list as ListBatch, n);
    });
    this.#checkCounters(columns, n);
    for (let done = 0; done < n; ) {
      const take = Math.min(n - done, (this.#clusterEntries ?? PROBE_ENTRIES + this.#inCluster) - this.#inCluster);
      this.#branches.forEach((branch, i) => {
        branch.append(columns[i]!, done, take);
      });
      done += take;
      this.#entries += take;
      this.#inCluster += take;
      this.#endClusterIfFull();
    }
  }

  /** Writes the last baskets and the tree's record. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const branch of this.#branches) branch.flush();
    this.#file.storeTree({
      name: this.name,
      title: this.title,
      entries: this.#entries,
      clusterEntries: this.#clusterEntries ?? Math.max(1, this.#entries),
      basketBytes: this.#basketBytes,
      compression: this.#file.compression,
      branches: this.#branches,
      userInfo: this.#userInfo,
      friends: this.#friends,
    });
  }

  #endClusterIfFull(): void {
    if (this.#clusterEntries === undefined) {
      const pending = this.#branches.reduce((sum, one) => sum + one.pendingBytes, 0);
      if (this.#clusterBytes + pending < CLUSTER_BYTES) return;
      this.#clusterEntries = this.#inCluster;
    }
    if (this.#inCluster < this.#clusterEntries) return;
    for (const branch of this.#branches) branch.flush();
    this.#inCluster = 0;
  }

  /** Lists that share a counter have the same lengths. */
  #checkCounters(columns: readonly BatchColumn[], n: number): void {
    const lengths = new Map<string, Int32Array>();
    const counted = new Set(this.#branches.map(({ shape }) => shape.counts));
    this.#branches.forEach(({ shape }, i) => {
      if (shape.counts !== undefined) lengths.set(shape.name, columns[i] as Int32Array);
      const counter = shape.counter === undefined ? undefined : lengths.get(shape.counter)!;
      if (counter === undefined || counted.has(shape.name)) return;
      const { offsets } = columns[i] as ListBatch;
      for (let entry = 0; entry < n; entry++)
        if (offsets[entry + 1]! - offsets[entry]! !== counter[entry])
          throw new TreeShapeError(
            `Lists of column ${shape.name} are not as long as counter ${shape.counter} says (entry ${this.#entries + entry}). ` +
              `Give lists of other lengths a counter of their own.`,
          );
    });
  }
}

function checkCount(what: string, count: number, most: number): void {
  if (!Number.isInteger(count) || count < 1 || count > most)
    throw new TreeShapeError(`${what} is ${count}; give a whole number from 1 to ${most}.`);
}

function listLengths({ offsets }: ListBatch, n: number): Int32Array {
  const lengths = new Int32Array(n);
  for (let i = 0; i < n; i++) lengths[i] = offsets[i + 1]! - offsets[i]!;
  return lengths;
}
