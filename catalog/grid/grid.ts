/**
 * The Grid interface, as ROOT's TGrid was: what client and master need of any file catalog. Plug-ins stand beside this
 * file, one a kind of catalog; open-grid.ts chooses by URL.
 */
import type { FriendSet } from '../../protocol/entry-list.js';

export interface Replica {
  readonly url: string;
  /** Storage element, `VO::SITE::NAME`; null where the catalog has none. */
  readonly se: string | null;
  readonly site: string | null;
}

export interface GridFile {
  readonly lfn: string;
  /** Bytes; null where unknown (likewise below). */
  readonly size: number | null;
  /** `adler32:1a2b3c4d`, `md5:…`. */
  readonly checksum: string | null;
  readonly entries: number | null;
  readonly tree: string | null;
  /** Closest to `site` of the look-up first; bad ones left out. */
  readonly replicas: readonly Replica[];
  /** In a data set: the entries that it has of the file, as pairs (protocol/entry-list.ts). */
  readonly selected?: readonly number[] | null | undefined;
}

/** A named data set. */
export interface GridDataset {
  readonly files: GridFile[];
  readonly tree: string | null;
  readonly friends?: readonly FriendSet[] | undefined;
}

/** What a query learnt of a file. */
export interface LearntFact {
  readonly lfn: string;
  /** Its path in the file. */
  readonly tree: string;
  readonly entries: number;
  /** The file holds no other tree; of one among several the catalog learns the entries only where it names that tree itself. */
  readonly isOnlyTree: boolean;
}

export interface Grid {
  readonly url: string;
  /** Files whose name matches `pattern` (`*`, `?` within one level), bytewise order. */
  glob(pattern: string, site?: string): Promise<GridFile[]>;
  /** `/base?name='*.root' and run>=119000`: the text behind `find:`. Bytewise order. */
  find(query: string, site?: string): Promise<GridFile[]>;
  /** Files of a named data set, in its own order, and its tree's name if it has one. */
  dataset(name: string, site?: string): Promise<GridDataset>;
  /** One element a name, in the order given; undefined where there is no such file. */
  lookup(lfns: readonly string[], site?: string): Promise<(GridFile | undefined)[]>;
  /** What a query learnt about files: entry counts and tree names. */
  learn(facts: readonly LearntFact[]): Promise<void>;
  register(files: readonly NewGridFile[]): Promise<void>;
  mkdir(path: string, options?: { parents?: boolean }): Promise<void>;
  rm(path: string, options?: { recursive?: boolean }): Promise<void>;
  ls(path: string): Promise<GridEntry[]>;
  /** A directory of any size, page by page. */
  listPages(path: string): AsyncIterable<GridEntry[]>;
  mv(from: string, to: string): Promise<void>;
  /** Files below `path` whose own name matches `pattern`: TGrid's Query. */
  query(path: string, pattern: string, site?: string): Promise<GridFile[]>;
  /** All replicas of one file, closest first. @throws where there is no such file */
  whereis(lfn: string, site?: string): Promise<{ readonly lfn: string; readonly replicas: readonly Replica[] }>;
  /** Names of data sets, as `dataset` takes them. */
  collections(): Promise<string[]>;
  /** Batch jobs, where the Grid behind this plug-in runs any. */
  submit(jdl: string, args?: readonly string[]): Promise<string>;
  ps(): Promise<GridJob[]>;
  kill(jobId: string): Promise<void>;
  close(): Promise<void>;
}

export interface GridJob {
  readonly jobId: string;
  readonly owner: string;
  readonly state: string;
  readonly name: string;
}

/** Who runs jobs for a Grid; a catalog alone runs none. */
export type GridJobs = Pick<Grid, 'submit' | 'ps' | 'kill'>;

export interface NewGridFile {
  readonly lfn: string;
  readonly size?: number | undefined;
  readonly checksum?: string | undefined;
  readonly guid?: string | undefined;
  readonly entries?: number | undefined;
  readonly tree?: string | undefined;
  readonly replicas: readonly { readonly url: string; readonly se?: string | undefined }[];
  /** The file is a member of an archive, which is registered already: its replicas are the archive's. */
  readonly member?: { readonly archive: string; readonly name: string } | undefined;
}

export interface GridEntry {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'collection' | 'link';
  readonly owner: string;
  readonly group: string;
  readonly mode: number;
  readonly size: number | null;
  readonly modified: string;
}
