/** What a storage tells about a path, in the same words for every kind of storage. */
export interface FileInfo {
  readonly isDirectory: boolean;
  /** Bytes; 0 for a directory. */
  readonly size: number;
  /** Last change, ms since 1970; absent where the storage does not tell. */
  readonly modifiedMs: number | undefined;
  /** Of a directory of this machine: the same by whatever path or link it is reached. */
  readonly identity?: string;
}

export interface DirectoryEntry extends FileInfo {
  readonly name: string;
  /** To open it or list it: the directory's URL, credentials included, with the name added. */
  readonly url: string;
}

/** Told of each entry that a listing leaves out: its name, and why, as a clause. */
export type LeftOut = (name: string, why: string) => void;

/** By name, bytewise: the same order from every storage. */
export const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  Buffer.compare(Buffer.from(a.name), Buffer.from(b.name));
