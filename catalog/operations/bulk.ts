/**
 * Registration of a list of any length, which comes in pieces: lines are registered by the thousand, each slice in one
 * transaction with the count of lines done. A list that broke off is sent again and goes on where it was; bad lines are
 * reported and the others kept.
 */
import { GridError } from '../../protocol/errors.js';
import { TooLargeError } from '../errors.js';
import type { NewGridFile } from '../grid/grid.js';
import type { Caller } from '../permissions.js';
import type { Stores } from '../store/stores.js';
import { csvReader, type LineReader, readJsonLine } from './new-file.js';
import { Registrar, type RegistrationFailure } from './registration.js';

const LINES_A_SLICE = 2000;
const MAX_LINE_BYTES = 1_000_000;
/** Failures beyond it are counted only. */
const MAX_REPORTED = 100_000;
const NEWLINE = 10;
const MARK = Buffer.from('\ufeff');

export interface BulkReport {
  registered: number;
  updated: number;
  unchanged: number;
  /** Lines that an earlier, interrupted call had done. */
  skipped: number;
  failures: number;
  /** `index` is the line's number, from 0, in the whole list. */
  failed: RegistrationFailure[];
}

export class BulkRegistration {
  readonly #stores: Stores;
  readonly #caller: Caller;
  readonly #name: string;
  readonly #now: () => number;
  readonly #done: number;
  readonly #report: BulkReport = { registered: 0, updated: 0, unchanged: 0, skipped: 0, failures: 0, failed: [] };
  #read: LineReader | undefined;
  #rest: Buffer = Buffer.alloc(0);
  #line = 0;
  #slice: { index: number; text: string }[] = [];

  /** @param name of the list: the same list has the same name; '' for one that is not to be resumed */
  constructor(stores: Stores, caller: Caller, options: { format: 'jsonl' | 'csv'; name: string; now: () => number }) {
    this.#stores = stores;
    this.#caller = caller;
    this.#now = options.now;
    this.#name = options.name === '' ? '' : `${caller.user}/${options.name}`;
    this.#read = options.format === 'jsonl' ? readJsonLine : undefined;
    const row = stores.sql<[string], { lines: number }>('SELECT lines FROM bulk WHERE name = ?').get(this.#name);
    this.#done = row?.lines ?? 0;
  }

  /** @throws {GridError} a disk that is full, a CSV header that means nothing: what was committed stays */
  feed(bytes: Uint8Array): void {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let first = 0;
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, first)) {
      this.#take(data, first, end);
      first = end + 1;
    }
    this.#rest = Buffer.from(data.subarray(first));
    if (this.#rest.length > MAX_LINE_BYTES)
      throw new TooLargeError(
        `Line ${this.#line + 1} is longer than ${MAX_LINE_BYTES} bytes: is this a list of files?`,
      );
  }

  end(): BulkReport {
    if (this.#rest.length > 0) this.#take(this.#rest, 0, this.#rest.length);
    this.#flush();
    this.#stores.write(() => this.#stores.sql('DELETE FROM bulk WHERE name = ?').run(this.#name));
    return this.#report;
  }

  #take(data: Buffer, begin: number, end: number): void {
    const last = data[end - 1] === 13 ? end - 1 : end;
    const index = this.#line++;
    // Some programs begin every text with a mark of its encoding.
    const first = index === 0 && data.indexOf(MARK) === begin ? begin + MARK.length : begin;
    if (last === first) return;
    if (this.#read === undefined) {
      this.#read = csvReader(data.toString('utf8', first, last));
      return;
    }
    if (index < this.#done) {
      this.#report.skipped++;
      return;
    }
    this.#slice.push({ index, text: data.toString('utf8', first, last) });
    if (this.#slice.length >= LINES_A_SLICE) this.#flush();
  }

  #flush(): void {
    if (this.#slice.length === 0) return;
    const slice = this.#slice;
    this.#slice = [];
    const part = this.#stores.write(() => {
      const nowMs = this.#now();
      const result = this.#register(slice, nowMs);
      if (this.#name !== '')
        this.#stores
          .sql('INSERT OR REPLACE INTO bulk VALUES (?, ?, ?)')
          .run(this.#name, slice.at(-1)!.index + 1, nowMs);
      return result;
    });
    this.#report.registered += part.registered;
    this.#report.updated += part.updated;
    this.#report.unchanged += part.unchanged;
    this.#report.failures += part.failed.length;
    for (const failure of part.failed) if (this.#report.failed.length < MAX_REPORTED) this.#report.failed.push(failure);
  }

  #register(slice: readonly { index: number; text: string }[], nowMs: number) {
    const registrar = new Registrar({ stores: this.#stores, nowMs }, this.#caller);
    const report = { registered: 0, updated: 0, unchanged: 0, failed: [] as RegistrationFailure[] };
    for (const { index, text } of slice) {
      let file: NewGridFile | undefined;
      try {
        file = this.#read!(text);
        report[registrar.register(file)]++;
      } catch (error) {
        if (!(error instanceof GridError)) throw error;
        const lfn = file?.lfn ?? text.slice(0, 200);
        report.failed.push({ index, lfn, code: error.code, message: error.message });
      }
    }
    return report;
  }
}
