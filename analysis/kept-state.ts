/**
 * The merged outputs of a query that is over, as they are kept: in `state.bin`, on their way to a client that asks for them, and in a file of
 * "proof archive". A head (magic, CRC-32 of the answer that they belong to), the increments of OutputMerger.encode(), each a run of
 * protocol/crc-chain.ts, and a run of no length, which ends it.
 *
 * One that is torn, altered, cut off, longer, another query's or that of another answer is refused, and never merged for what it is not. With rows it
 * can be longer than any memory: it is written and read increment by increment. Runs in browsers too.
 */
import { crc32 } from 'node:zlib';
import { CrcChain, lengthOfRun, RUN_HEAD_BYTES, viewOf } from '../protocol/crc-chain.js';
import { GridError } from '../protocol/errors.js';

/** What is kept of a query is not what was written. */
export class KeptStateError extends GridError {
  readonly code = 'ANALYSIS_KEPT_STATE';
}

/** Magic and version of the form, CRC-32 (u32, little endian) of the answer's text. */
export const STATE_HEAD_BYTES = 8;
const MAGIC = new TextEncoder().encode('PGS1');
const VERSION_AT = 3;

/** @param answer all of the result but its outputs, as it is written beside them */
export function* keptState(
  increments: Iterable<Uint8Array>,
  { query, answer }: { query: string; answer: string },
): Iterable<Uint8Array> {
  const head = new Uint8Array(STATE_HEAD_BYTES);
  head.set(MAGIC);
  viewOf(head).setUint32(MAGIC.length, crc32(answer), true);
  yield head;
  const chain = new CrcChain(query, head);
  for (const increment of increments) {
    yield chain.headOf(increment);
    yield increment;
  }
  yield chain.headOf(new Uint8Array());
}

/** Whether the first bytes of a kept state say that it belongs to this answer. @throws {KeptStateError} */
export function checkAnswer(head: Uint8Array, { query, answer }: { query: string; answer: string }): void {
  checkHead(head, query);
  if (viewOf(head).getUint32(MAGIC.length, true) !== crc32(answer))
    throw damaged(query, 'its figures do not belong to its outputs');
}

/** Whether an answer is that of the query that it is kept for, and not another's copied there. @throws {KeptStateError} */
export function checkOwner(found: string, query: string): void {
  if (found !== query) throw damaged(query, `it is the answer of ${found}`);
}

/** The increments again, each once it is known to be whole. @param pieces cut anywhere. @throws {KeptStateError} */
export async function* openState(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  query: string,
): AsyncIterable<Uint8Array> {
  const reader = new StateReader(query);
  for await (const piece of pieces) yield* reader.take(piece);
  reader.end();
}

/** The same pieces, for who keeps them as they are. @throws {KeptStateError} at the latest behind the last */
export async function* checkState(pieces: AsyncIterable<Uint8Array>, query: string): AsyncIterable<Uint8Array> {
  const reader = new StateReader(query);
  for await (const piece of pieces) {
    for (const _ of reader.take(piece));
    yield piece;
  }
  reader.end();
}

class StateReader {
  readonly #query: string;
  #chain: CrcChain | undefined;
  /** Of the run whose body comes next. */
  #head: Uint8Array | undefined;
  #parts: Uint8Array[] = [];
  #nbytes = 0;
  #wanted = STATE_HEAD_BYTES;
  #isOver = false;

  constructor(query: string) {
    this.#query = query;
  }

  *take(piece: Uint8Array): Iterable<Uint8Array> {
    this.#parts.push(piece);
    this.#nbytes += piece.length;
    if (this.#nbytes < this.#wanted) return;
    let bytes = joined(this.#parts, this.#nbytes);
    while (bytes.length >= this.#wanted && !this.#isOver) {
      const part = bytes.subarray(0, this.#wanted);
      bytes = bytes.subarray(this.#wanted);
      const increment = this.#part(part);
      if (increment !== undefined) yield increment;
    }
    this.#parts = [bytes];
    this.#nbytes = bytes.length;
    if (this.#isOver && bytes.length > 0) throw damaged(this.#query, 'something lies behind their end');
  }

  end(): void {
    if (!this.#isOver) throw damaged(this.#query, 'they are cut off');
  }

  /** @returns an increment, where one is whole */
  #part(bytes: Uint8Array): Uint8Array | undefined {
    if (this.#chain === undefined) {
      checkHead(bytes, this.#query);
      this.#chain = new CrcChain(this.#query, bytes);
      this.#wanted = RUN_HEAD_BYTES;
      return undefined;
    }
    if (this.#head === undefined) {
      const length = lengthOfRun(bytes);
      if (length === undefined) throw damaged(this.#query, 'a length cannot be');
      this.#head = bytes;
      this.#wanted = length;
      return length === 0 ? this.#part(new Uint8Array()) : undefined;
    }
    if (!this.#chain.follows(this.#head, bytes)) throw damaged(this.#query, 'a checksum does not match');
    this.#head = undefined;
    this.#wanted = RUN_HEAD_BYTES;
    this.#isOver = bytes.length === 0;
    return this.#isOver ? undefined : bytes;
  }
}

function checkHead(head: Uint8Array, query: string): void {
  const fits = (nbytes: number): boolean =>
    head.length === STATE_HEAD_BYTES && MAGIC.subarray(0, nbytes).every((byte, i) => byte === head[i]);
  if (fits(MAGIC.length)) return;
  if (fits(VERSION_AT))
    throw new KeptStateError(
      `The outputs of ${query} were kept by another version, which this one cannot read. Run the query again.`,
    );
  throw damaged(query, 'they do not begin as such do');
}

function joined(parts: readonly Uint8Array[], nbytes: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(nbytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const damaged = (query: string, what: string): KeptStateError =>
  new KeptStateError(`What is kept of ${query} is damaged and not shown: ${what}. Run the query again.`);
