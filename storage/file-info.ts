/** What a storage tells about a path, in the same words for every kind of storage. */
export interface FileInfo {
  readonly isDirectory: boolean;
  /** Bytes; 0 for a directory. */
  readonly size: number;
  /** Last change, ms since 1970; absent where the storage does not tell. */
  readonly modifiedMs: number | undefined;
}

export interface DirectoryEntry extends FileInfo {
  readonly name: string;
  /** To open it or list it: the directory's URL, credentials included, with the name added. */
  readonly url: string;
}

/** By name, bytewise: the same order from every storage. */
export const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  Buffer.compare(Buffer.from(a.name), Buffer.from(b.name));
