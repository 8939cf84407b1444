/**
 * Destinations of frame bodies. Memory grows with the bytes that arrive and is bounded by what was asked for, never by what
 * a server claims.
 */
import type { FrameBody, FrameRest } from './frame-reader.js';

/** What breaks the protocol, before it is known whose request it was: the connection makes a ProtocolError of it. */
export class FrameFault extends Error {}

/** The bytes of one answer, over all its frames. */
export interface AnswerSink {
  /** A frame of so many bytes is coming. @throws {FrameFault} when that is more than can belong to the answer */
  accept(length: number): void;
  write(bytes: Buffer): void;
  /** What has arrived in all. */
  readonly bytes: Buffer;
}

/** Straight into the reader's buffer: bulk data. */
export class FixedSink implements AnswerSink {
  #filled = 0;
  constructor(readonly target: Buffer) {}
  accept(length: number): void {
    if (length > this.target.length - this.#filled)
      throw new FrameFault(`${this.#filled + length} bytes where ${this.target.length} were asked for`);
  }
  write(bytes: Buffer): void {
    this.#filled += bytes.copy(this.target, this.#filled);
  }
  get bytes(): Buffer {
    return this.target.subarray(0, this.#filled);
  }
}

/** Text of a length that only the server knows, up to a limit. */
export class GrowingSink implements AnswerSink {
  readonly #parts: Buffer[] = [];
  #length = 0;
  constructor(readonly limit: number) {}
  accept(length: number): void {
    if (length > this.limit - this.#length)
      throw new FrameFault(`${this.#length + length} bytes where at most ${this.limit} can be meant`);
  }
  write(bytes: Buffer): void {
    this.#parts.push(Buffer.from(bytes));
    this.#length += bytes.length;
  }
  get bytes(): Buffer {
    return this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
  }
}

/** For answers that nobody waits for any more. */
export class DiscardSink implements AnswerSink {
  readonly bytes = Buffer.alloc(0);
  accept(): void {}
  write(): void {}
}

/** One frame's body into a sink, then `done`. @throws {FrameFault} the sink does not accept it */
export function bodyInto(sink: AnswerSink, length: number, done: () => FrameRest | undefined): FrameBody {
  sink.accept(length);
  return { write: (bytes) => sink.write(bytes), end: done };
}
