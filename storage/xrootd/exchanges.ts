/**
 * The requests in flight on one connection, and the frames that answer them: which frame belongs to which request, when an
 * answer is complete, what may not come. Pure: no socket, no clock; time and bytes are the connection's.
 *
 * A request that was given up keeps its id until the server answers after all; what then arrives goes nowhere, because the
 * buffer that it was for may be in use again.
 */
import { type Answer, answerOf } from './answer.js';
import { type AnswerSink, bodyInto, DiscardSink, FrameFault, GrowingSink } from './frame-bodies.js';
import { type FrameBody, FrameReader } from './frame-reader.js';
import { asyncResponse, STATUS } from './wire.js';

export interface Exchange {
  /** Where the answer's bytes go. */
  readonly sink: AnswerSink;
  readonly done: (answer: Answer) => void;
}

/** Errors, redirections and login parameters stay far below this. */
const MAX_SMALL_BYTES = 64 * 1024;
const MAX_STATUS_BYTES = 256;
const MAX_STREAMS = 0xffff;

export class Exchanges {
  readonly #pending = new Map<number, Exchange>();
  readonly #givenUp = new Set<number>();
  readonly #reader = new FrameReader((id, status, length) => this.#onFrame(id, status, length));
  #lastId = 0;
  #dataBytes = 0;

  /** Requests that wait for their answer. */
  get waiting(): number {
    return this.#pending.size;
  }
  /** Requests that were given up and never answered. */
  get unanswered(): number {
    return this.#givenUp.size;
  }
  /** Bytes of answers' data that arrived so far: shows that the server is at work. */
  get dataBytes(): number {
    return this.#dataBytes;
  }

  /** An id that no request has; undefined when all are taken. 0 is left to the greeting. */
  freeId(): number | undefined {
    for (let tries = 0; tries < MAX_STREAMS; tries++) {
      this.#lastId = (this.#lastId % MAX_STREAMS) + 1;
      if (!this.#pending.has(this.#lastId) && !this.#givenUp.has(this.#lastId)) return this.#lastId;
    }
    return undefined;
  }

  add(id: number, exchange: Exchange): void {
    this.#pending.set(id, exchange);
  }

  /** @throws {FrameFault} what came is not to be understood: the connection cannot go on */
  receive(chunk: Buffer): void {
    this.#reader.push(chunk);
  }

  giveUp(id: number): void {
    if (this.#pending.delete(id)) this.#givenUp.add(id);
  }

  /** Nothing more will come. */
  forgetAll(): void {
    this.#pending.clear();
    this.#givenUp.clear();
  }

  #onFrame(id: number, status: number, length: number): FrameBody {
    if (length < 0) throw new FrameFault(`a frame of ${length} bytes`);
    if (!this.#pending.has(id) && !this.#givenUp.has(id) && status !== STATUS.attention)
      throw new FrameFault(`an answer to request ${id}, which was never made`);
    switch (status) {
      case STATUS.ok:
        return this.#data(id, length, () => this.#finish(id, { kind: 'ok', body: this.#sinkOf(id).bytes }));
      case STATUS.okSoFar:
        return this.#data(id, length, () => {});
      case STATUS.status:
        return this.#withStatus(id, length);
      case STATUS.attention:
        return small(length, (body) => this.#onAttention(body));
      default:
        return small(length, (body) => this.#onSmall(id, status, body));
    }
  }

  #sinkOf(id: number): AnswerSink {
    return this.#pending.get(id)?.sink ?? NOWHERE;
  }

  #data(id: number, length: number, done: () => void): FrameBody {
    this.#sinkOf(id).accept(length);
    return {
      write: (bytes) => {
        this.#dataBytes += bytes.length;
        this.#sinkOf(id).write(bytes);
      },
      end: () => {
        done();
        return undefined;
      },
    };
  }

  #finish(id: number, answer: Answer): void {
    const exchange = this.#pending.get(id);
    this.#pending.delete(id);
    this.#givenUp.delete(id);
    exchange?.done(answer);
  }

  #onSmall(id: number, status: number, body: Buffer): void {
    if (status !== STATUS.waitResponse) this.#finish(id, answerOf(status, body)); // else it comes as an attention
  }

  #onAttention(body: Buffer): void {
    const wrapped = asyncResponse(body);
    if (wrapped === undefined) return; // a notice of the server's operator
    const { streamId: id, status, body: inner } = wrapped;
    if (!this.#pending.has(id)) {
      this.#givenUp.delete(id);
      return;
    }
    if (status !== STATUS.ok && status !== STATUS.okSoFar) {
      this.#onSmall(id, status, inner);
      return;
    }
    const sink = this.#sinkOf(id);
    sink.accept(inner.length);
    sink.write(inner);
    if (status === STATUS.ok) this.#finish(id, { kind: 'ok', body: sink.bytes });
  }

  /** kXR_status: CRC, stream, request, partial or final, and how many bytes of data follow the frame. */
  #withStatus(id: number, length: number): FrameBody {
    const text = new GrowingSink(MAX_STATUS_BYTES);
    return bodyInto(text, length, () => {
      const head = text.bytes;
      if (head.length < 16) throw new FrameFault('a status answer that is cut short');
      const isLast = head[7] === 0;
      const dataLength = head.readInt32BE(12);
      if (dataLength < 0) throw new FrameFault(`${dataLength} bytes of data`);
      const done = (): void => {
        if (isLast) this.#finish(id, { kind: 'ok', body: this.#sinkOf(id).bytes });
      };
      return { length: dataLength, body: this.#data(id, dataLength, done) };
    });
  }
}

const NOWHERE = new DiscardSink();

function small(length: number, done: (body: Buffer) => void): FrameBody {
  const sink = new GrowingSink(MAX_SMALL_BYTES);
  return bodyInto(sink, length, () => {
    done(sink.bytes);
    return undefined;
  });
}
