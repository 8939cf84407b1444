/**
 * An output of a selector, as user code sees it, and how what was filled leaves the process.
 *
 * Fills go to a scratch state. After a packet that ended well `prepare` does what may fail (user code, encoding), then `commit` moves the
 * scratch to the pending state; `rollback` drops it otherwise, so that no half packet is ever seen. `take` hands the pending state out
 * as a part of an increment.
 */
import { OutputError } from '../errors.js';
import type { Declaration } from './declaration.js';

/** Where rows of lists and ntuples belong: the packet that filled them. */
export interface PacketRange {
  /** Of the file in the data set; -1 for what workerBegin filled, AFTER_ALL for workerTerminate. */
  readonly filePosition: number;
  readonly first: number;
  readonly end: number;
}
export const BEFORE_ALL: PacketRange = { filePosition: -1, first: 0, end: 0 };
export const AFTER_ALL: PacketRange = { filePosition: Number.MAX_SAFE_INTEGER, first: 0, end: 0 };

/** What an increment carries for one output: plain data for MessagePack, checked by the output's merger on arrival. */
export type Part = Readonly<Record<string, unknown>>;

export abstract class Output {
  #isFinal = false;
  constructor(readonly declaration: Declaration) {}

  get name(): string {
    return this.declaration.name;
  }
  get title(): string {
    return this.declaration.title;
  }

  /** @throws what user code throws, or a value that cannot be sent; nothing has changed then @internal */
  prepare(_packet: PacketRange): void {}
  /** Never throws. @internal */
  abstract commit(packet: PacketRange): void;
  /** @internal */
  abstract rollback(): void;
  /** Of what waits, where that can become much (rows). @internal */
  get pendingBytes(): number {
    return 0;
  }
  /** What was committed since the last time, or undefined for nothing. @internal */
  abstract take(): Part | undefined;

  /** From here on the output holds the merged result and may be read and changed (in `terminate`). @internal */
  finalize(): void {
    this.#isFinal = true;
  }
  get isFinal(): boolean {
    return this.#isFinal;
  }
  protected mustBeFinal(what: string): void {
    if (!this.#isFinal)
      throw new OutputError(`${what} of ${this.name} means the merged result, which exists in terminate() only.`);
  }
}
