/**
 * Reads back what we wrote with JSROOT, whose authors read ROOT's format independently of us: the judge of the writing tests.
 */
interface JsrootFile {
  readonly fVersion: number;
  readonly fEND: number;
  readonly fKeys: readonly { fName: string; fClassName: string; fCycle: number; fObjlen: number }[];
  readonly fStreamerInfos: { readonly arr: readonly JsrootStreamerInfo[] };
  readObject(path: string): Promise<unknown>;
}
export interface JsrootStreamerInfo {
  readonly fName: string;
  readonly fClassVersion: number;
  readonly fCheckSum: number;
  readonly fElements: { readonly arr: readonly Record<string, unknown>[] };
}
export interface JsrootTree {
  readonly fEntries: number;
  readonly fAutoFlush: number;
  readonly fTotBytes: number;
  readonly fZipBytes: number;
  readonly fUserInfo: { readonly arr: readonly { readonly fString: string }[] } | null;
  readonly fBranches: { readonly arr: readonly JsrootBranch[] };
}
export interface JsrootBranch {
  readonly fName: string;
  readonly fTitle: string;
  readonly fWriteBasket: number;
  readonly fBasketEntry: ArrayLike<number>;
  readonly fBasketSeek: ArrayLike<number>;
  readonly fLeaves: { readonly arr: readonly Record<string, unknown>[] };
}
/** Anything that can be digested: numbers, texts, or arrays of them. */
export type JsrootValue = number | bigint | boolean | string | ArrayLike<number>;

interface Selector {
  addBranch(name: string): void;
  tgtobj: Record<string, JsrootValue>;
  Process: () => void;
  Terminate: (isGood: boolean) => void;
}
interface Io {
  openFile(from: string | ArrayBuffer): Promise<JsrootFile | null>;
}
interface Trees {
  TSelector: new () => Selector;
  treeProcess(tree: JsrootTree, selector: Selector, options?: object): Promise<unknown>;
}

// JSROOT has no types for these two; the names are not literals, so that the compiler does not look for them.
const io = (await import(['jsroot', 'io'].join('/'))) as Io;
const trees = (await import(['jsroot', 'tree'].join('/'))) as Trees;

/** @param from a path, or the bytes of a whole file */
export async function openWithJsroot(from: string | Buffer): Promise<JsrootFile> {
  const file = await io.openFile(typeof from === 'string' ? from : new Uint8Array(from).buffer);
  if (file === null) throw new Error('JSROOT found no ROOT file');
  return file;
}

/** All entries of some columns, in order; arrays are copied. */
export async function readColumns(tree: JsrootTree, names: readonly string[]): Promise<Record<string, JsrootValue[]>> {
  const selector = new trees.TSelector();
  const columns: Record<string, JsrootValue[]> = {};
  for (const name of names) {
    selector.addBranch(name);
    columns[name] = [];
  }
  await new Promise<void>((resolve, reject) => {
    selector.Process = () => {
      for (const name of names) {
        const value = selector.tgtobj[name]!;
        columns[name]!.push(plain(value));
      }
    };
    selector.Terminate = (isGood) => (isGood ? resolve() : reject(new Error('JSROOT gave the tree up')));
    trees.treeProcess(tree, selector).catch(reject);
  });
  return columns;
}

/** JSROOT reuses its arrays from entry to entry. */
const plain = (value: JsrootValue): JsrootValue =>
  typeof value === 'object' ? Array.from(value, (item) => plain(item) as number) : value;
