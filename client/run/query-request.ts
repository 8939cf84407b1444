/** One query as the user means it, before it is decided where it runs; and what comes back, before terminate(). */
import type { ChunkStore } from '../../analysis/outputs/chunk-store.js';
import type { Program } from '../../analysis/program.js';
import type { FriendSet, NamedEntryList } from '../../protocol/entry-list.js';
import type { QueryResult, ToClientMessage } from '../../protocol/session-messages.js';
import type { ClientPackage } from '../packages/find-packages.js';

export interface QueryRequest {
  readonly title: string;
  /** DATASET words, local paths already absolute file: URLs (dataset-words.ts). */
  readonly dataset: readonly string[];
  readonly tree: string | null;
  readonly lists: readonly NamedEntryList[];
  readonly friends: readonly FriendSet[];
  /** First entry along the data set's order, and how many (null: all). */
  readonly first: number;
  readonly entries: number | null;
  readonly program: Program;
  /** Set up before the program is loaded. */
  readonly packages?: readonly ClientPackage[];
  readonly params: Readonly<Record<string, string>>;
  /** What the selector's begin() left for the workers. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Paths of what was read for it here beside the data: the selector, lists. */
  readonly reads?: readonly string[];
  readonly seed: number;
  readonly workers: number | null;
  readonly maxAttempts: number;
  readonly maxFailures: number;
  /** Where this process may keep rows; the system's temporary directory unless told. */
  readonly rowDirectory?: string;
}

export interface QueryOutcome {
  readonly result: QueryResult;
  readonly state: OutputState;
}
/** Merged outputs, unrounded: the increments of analysis/OutputMerger, read as they are needed, since rows can be more than memory holds. */
export interface OutputState {
  increments(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** Set: the increments hold their rows as handles of this store. */
  readonly chunks?: ChunkStore;
}

type Event<T extends ToClientMessage['type']> = Extract<ToClientMessage, { type: T }>;

/** Who watches a query run; every part is optional. */
export interface QueryObserver {
  lookup?(event: Omit<Event<'lookup'>, 'type' | 'queryId'>): void;
  progress?(event: Omit<Event<'progress'>, 'type' | 'queryId' | 'state'>): void;
  /** Merged outputs so far without their rows, packed as in analysis/merged-state.ts. */
  outputs?(state: Uint8Array): void;
  printed?(worker: string, text: string): void;
}
