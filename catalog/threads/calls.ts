/**
 * What may be asked of the store threads, by name: the one table that the HTTP side and the threads share.
 * Writes run one after the other in the writer thread, each in one transaction; streams run in the reader thread.
 */
import { chmod, chown, mkdir, mv, rm, touch } from '../operations/directories.js';
import { exportLines, importLines } from '../operations/dump.js';
import { dropElement, putElement, setDistance } from '../operations/elements.js';
import { changeReplica, learn, register } from '../operations/registration.js';
import { changeSet, freezeSet, recordVerified } from '../operations/sets.js';
import { defineTags, removeTags, setTags, undefineTags } from '../operations/tags.js';
import { usageLines } from '../operations/usage.js';
import type { Caller } from '../permissions.js';
import { findLines, globLines, listLines } from '../search/search.js';
import type { Stores } from '../store/stores.js';

export const WRITES = {
  mkdir,
  mv,
  rm,
  chmod,
  chown,
  touch,
  register,
  learn,
  changeReplica,
  defineTags,
  undefineTags,
  setTags,
  removeTags,
  changeSet,
  freezeSet,
  recordVerified,
  putElement,
  dropElement,
  setDistance,
  importLines,
};
export type Writes = typeof WRITES;

/** Generators of JSON lines. */
export const STREAMS = {
  glob: globLines,
  find: findLines,
  list: listLines,
  usage: usageLines,
  export: (stores: Stores, caller: Caller, _args: object) => exportLines(stores, caller),
};
export type Streams = typeof STREAMS;

export type ThreadRole = 'writer' | 'reader';

/** Main -> thread. */
export type Request =
  | {
      readonly id: number;
      readonly do: 'write' | 'stream';
      readonly name: string;
      readonly caller: unknown;
      readonly args: unknown;
    }
  | { readonly id: number; readonly do: 'more' | 'cancel' }
  /** A bulk list: opened, fed in pieces, ended; each is answered. `of` is the id of the opening. */
  | {
      readonly id: number;
      readonly do: 'bulk';
      readonly caller: Caller;
      readonly format: 'jsonl' | 'csv';
      readonly name: string;
    }
  | { readonly id: number; readonly do: 'feed'; readonly of: number; readonly bytes: Uint8Array }
  | { readonly id: number; readonly do: 'end' | 'abandon'; readonly of: number }
  | { readonly id: number; readonly do: 'stop' };

/** Thread -> main. `lines` is one or more whole lines of a stream. */
export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: { code: string; message: string } }
  | { readonly id: number; readonly lines: Uint8Array; readonly n: number };
