/**
 * What may be asked of the store threads, by name: the one table that the HTTP side and the threads share.
 * Writes run one after the other in the writer thread, each in one transaction; streams run in the reader thread.
 */
import { chmod, chown, mkdir, mv, rm, touch } from '../operations/directories.js';
import { changeReplica, learn, register } from '../operations/registration.js';
import { globLines, listLines } from '../search/search.js';

export const WRITES = { mkdir, mv, rm, chmod, chown, touch, register, learn, changeReplica };
export type Writes = typeof WRITES;

/** Generators of JSON lines. */
export const STREAMS = { glob: globLines, list: listLines };
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
  | { readonly id: number; readonly do: 'stop' };

/** Thread -> main. `lines` is one or more whole lines of a stream. */
export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: { code: string; message: string } }
  | { readonly id: number; readonly lines: Uint8Array; readonly n: number };
