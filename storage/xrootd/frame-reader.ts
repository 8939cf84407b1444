/**
 * Bytes of a connection, in whatever pieces they arrive, to frames. Pure: no socket, nothing allocated by a claimed length.
 * Whoever handles a frame's header says where its body goes; a body may be followed by data that its own text announces
 * (kXR_status, protocol section 2.2.3).
 */
import { HEADER_BYTES } from './wire.js';

/** Where a body goes. `bytes` is valid during the call only: copy what is kept. */
export interface FrameBody {
  write(bytes: Buffer): void;
  /** The body is complete. @returns what follows it, if anything */
  end(): FrameRest | undefined;
}
export interface FrameRest {
  readonly length: number;
  readonly body: FrameBody;
}

/** @throws whatever says that no such frame may come now: the connection is then given up */
export type OnFrame = (streamId: number, status: number, length: number) => FrameBody;

export class FrameReader {
  readonly #onFrame: OnFrame;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #rest: { left: number; readonly body: FrameBody } | undefined;

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) at += this.#rest === undefined ? this.#takeHeader(chunk, at) : this.#takeBody(chunk, at);
  }

  #takeHeader(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#header, this.#headerBytes, at);
    this.#headerBytes += taken;
    if (this.#headerBytes === HEADER_BYTES) {
      this.#headerBytes = 0;
      const length = this.#header.readInt32BE(4);
      this.#begin({
        length,
        body: this.#onFrame(this.#header.readUInt16BE(0), this.#header.readUInt16BE(2), length),
      });
    }
    return taken;
  }

  #takeBody(chunk: Buffer, at: number): number {
    const rest = this.#rest!;
    const taken = Math.min(rest.left, chunk.length - at);
    rest.body.write(chunk.subarray(at, at + taken));
    rest.left -= taken;
    if (rest.left === 0) this.#begin(rest.body.end());
    return taken;
  }

  /** An empty body ends at once, even if no further byte arrives. */
  #begin(next: FrameRest | undefined): void {
    let rest = next;
    while (rest !== undefined && rest.length === 0) rest = rest.body.end();
    this.#rest = rest === undefined ? undefined : { left: rest.length, body: rest.body };
  }
}
