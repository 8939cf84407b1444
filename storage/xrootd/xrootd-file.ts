/**
 * A file on an XRootD server, or on whichever server of a cluster has it.
 *
 * Reads are cut into pieces, several in flight on one connection. When a server fails in the middle, the file is opened
 * again - at the same server, or through the manager at the next one that has it - and only the missing pieces are read
 * again. All bytes come from files of the same size, otherwise reading ends with an error.
 */

import { mapBounded } from '../bounded.js';
import { scatter } from '../byte-ranges.js';
import type { ByteRange } from '../byte-source.js';
import { ChecksumError, ProtocolError, StorageError, TruncatedReadError, whatOf } from '../errors.js';
import { NetworkFile } from '../network-file.js';
import type { StorageSettings } from '../storage-options.js';
import { openedFileOf } from './answer.js';
import { askServer } from './ask-server.js';
import type { Server } from './connection-pool.js';
import { FixedSink } from './frame-bodies.js';
import { cutVector, joinPages, pagedBytes, planReads, vectorBytes } from './read-plan.js';
import type { Endpoint } from './transport.js';
import {
  closeRequest,
  openRequest,
  pageReadRequest,
  readRequest,
  vectorReadRequest,
  type WireRequest,
} from './wire.js';
import { isSame, XrootdClient } from './xrootd-client.js';
import { isFinal } from './xrootd-errors.js';
import { parseXrootdUrl } from './xrootd-url.js';

const PIECE_BYTES = 4 * 2 ** 20;
const PIECES_AT_ONCE = 4;
const MAX_ATTEMPTS = 3;
const CLOSE_DEADLINE_MS = 2000;

interface Opened {
  readonly server: Server;
  readonly handle: Buffer;
  readonly size: number;
}

export class XrootdFile extends NetworkFile {
  readonly url: string;
  readonly size: number;
  readonly #client: XrootdClient;
  readonly #failed: Endpoint[] = [];
  #opened: Promise<Opened>;

  private constructor(client: XrootdClient, opened: Opened) {
    super();
    this.url = client.url.display;
    this.size = opened.size;
    this.#client = client;
    this.#opened = Promise.resolve(opened);
  }

  /** @throws {StorageError} */
  static async open(url: string, settings: StorageSettings): Promise<XrootdFile> {
    const client = new XrootdClient(parseXrootdUrl(url), settings);
    return new XrootdFile(client, await openAt(client, []));
  }

  /** `host:port` that serves the file now: for messages and tests. */
  async servedBy(): Promise<string> {
    const { endpoint } = (await this.#opened).server.connection;
    return `${endpoint.host}:${endpoint.port}`;
  }

  protected async fetch(ranges: readonly ByteRange[]): Promise<Buffer[]> {
    const buffers = new Array<Buffer>(ranges.length);
    await mapBounded(planReads(ranges), PIECES_AT_ONCE, async (planned) => {
      if (planned.kind === 'read') scatter(planned.read, await this.#readWhole(planned.read), ranges, buffers);
      else {
        const parts = await this.#readVector(planned.reads);
        for (const [index, read] of planned.reads.entries()) scatter(read, parts[index]!, ranges, buffers);
      }
    });
    return buffers;
  }

  protected async release(): Promise<void> {
    const opened = await this.#opened.catch(() => undefined);
    if (opened === undefined || !opened.server.connection.isOpen) return;
    const deadlineMs = Math.min(CLOSE_DEADLINE_MS, this.#client.settings.deadlineMs);
    const options = { subject: this.#client.subject, deadlineMs };
    await opened.server.connection.request(closeRequest(opened.handle), options).catch(() => {}); // it forgets us anyway
  }

  async #readWhole(range: ByteRange): Promise<Buffer> {
    const target = Buffer.allocUnsafe(range.length);
    const pieces: ByteRange[] = [];
    for (let at = 0; at < range.length; at += PIECE_BYTES)
      pieces.push({ offset: range.offset + at, length: Math.min(PIECE_BYTES, range.length - at) });
    await mapBounded(pieces, PIECES_AT_ONCE, async (piece) => {
      const start = piece.offset - range.offset;
      await this.#steadily(piece, (opened) =>
        this.#readPiece(opened, piece, target.subarray(start, start + piece.length)),
      );
    });
    return target;
  }

  async #readPiece(opened: Opened, piece: ByteRange, target: Buffer): Promise<void> {
    const byPages = this.#client.settings.pageChecksums === true && opened.server.traits.canReadPages;
    if (!byPages) {
      const body = await this.#ask(opened, readRequest(opened.handle, piece), piece, target);
      if (body.length < piece.length) throw new TruncatedReadError(this.url, piece, body.length);
      return;
    }
    const wire = Buffer.allocUnsafe(pagedBytes(piece));
    const body = await this.#ask(opened, pageReadRequest(opened.handle, piece), piece, wire);
    const joined = this.#client.parsed(() => joinPages(body, piece.offset));
    if ('damagedAt' in joined) throw new ChecksumError(this.url, piece, joined.damagedAt);
    if (joined.bytes.length < piece.length) throw new TruncatedReadError(this.url, piece, joined.bytes.length);
    joined.bytes.copy(target);
  }

  async #readVector(reads: readonly ByteRange[]): Promise<Buffer[]> {
    const first = reads[0]!;
    const last = reads.at(-1)!;
    const span = { offset: first.offset, length: last.offset + last.length - first.offset };
    return this.#steadily(span, async (opened) => {
      const answer = Buffer.allocUnsafe(vectorBytes(reads));
      const body = await this.#ask(opened, vectorReadRequest(opened.handle, reads), span, answer);
      return this.#client.parsed(() => cutVector(body, reads));
    });
  }

  #ask({ server }: Opened, request: WireRequest, range: ByteRange, target: Buffer): Promise<Buffer> {
    const { settings } = this.#client;
    return askServer(server, request, {
      subject: { url: this.url, range },
      settings,
      sink: () => new FixedSink(target),
    });
  }

  /** The same step at another connection or server, as long as that may help. */
  async #steadily<T>(range: ByteRange, step: (opened: Opened) => Promise<T>): Promise<T> {
    const { clock, retryPauseMs } = this.#client.settings;
    for (let attempt = 1; ; attempt++) {
      // The first time another server is there at once, or the same one took us back; later a moment may help.
      if (attempt > 2) await new Promise<void>((resolve) => void clock.after(retryPauseMs, resolve));
      const opening = this.#opened;
      try {
        return await step(await opening);
      } catch (error) {
        const isHopeless = !(error instanceof StorageError) || isFinal(error) || error instanceof TruncatedReadError;
        if (isHopeless || attempt === MAX_ATTEMPTS) throw error;
        await this.#openAgain(opening, range, error);
      }
    }
  }

  /** Many requests fail together when a connection breaks: the first opens again, the others find that done. */
  async #openAgain(broken: Promise<Opened>, range: ByteRange, why: StorageError): Promise<void> {
    if (this.#opened === broken) {
      const before = await broken.catch(() => undefined);
      if (this.#opened !== broken) return;
      const endpoint = before?.server.connection.endpoint;
      if (endpoint !== undefined && !isSame(endpoint, this.#client.url.endpoint)) {
        this.#failed.push(endpoint);
        this.#client.noteFailure(endpoint, why);
      }
      this.#opened = openAt(this.#client, this.#failed).then((opened) => {
        if (opened.size === this.size) return opened;
        const change = `the file has ${opened.size} bytes at another server, and had ${this.size}`;
        throw new ProtocolError(this.url, whatOf(this.url, range), change, { cause: why });
      });
      this.#opened.catch(() => {}); // thrown to each reader by its next step
    }
  }
}

/** Avoiding the servers that failed; but rather one of them again than none. */
async function openAt(client: XrootdClient, failed: readonly Endpoint[]): Promise<Opened> {
  const found = await client.perform(openRequest, failed).catch((error: unknown) => {
    if (failed.length === 0) throw error;
    return client.perform(openRequest);
  });
  const { handle, stat } = client.parsed(() => openedFileOf(found.body));
  return { server: found.server, handle, size: stat.size };
}
