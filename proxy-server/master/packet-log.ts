/**
 * Which packets a query gave out, to whom, and what they came to: for `proof replay` and for people who look. A text file beside the
 * journal, one line an event, written behind the query's back: a line that is lost in a crash is missed by nobody but those.
 *
 *   o ID ATTEMPT WORKER FILE FIRST END   given out      d ID WORKER [END]   committed (END: it ended early)
 *   f ID WORKER CAUSE ENTRY   failed (ENTRY `-`: not known)
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { PacketInfo } from '../../protocol/api.js';
import type { LedgerPacket, PacketFailure } from './packet-states.js';

const WRITE_AT_CHARS = 16_384;
const TAIL_BYTES = 65_536;

export class PacketLog {
  readonly #file: FileHandle;
  readonly #onError: (why: string) => void;
  #text = '';
  #writing: Promise<void> = Promise.resolve();
  /** Of an earlier life of the master; numbers go on behind it. */
  readonly lastId: number;

  private constructor(file: FileHandle, lastId: number, onError: (why: string) => void) {
    this.#file = file;
    this.lastId = lastId;
    this.#onError = onError;
  }
  static async open(path: string, onError: (why: string) => void): Promise<PacketLog> {
    const file = await open(path, 'a+', 0o600);
    const { size } = await file.stat();
    const from = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    const tail = buffer.toString('latin1', 0, bytesRead);
    const ids = [...tail.matchAll(/^[odf] (\d+) /gm)].map((match) => Number(match[1]));
    if (bytesRead > 0 && !tail.endsWith('\n')) await file.appendFile('\n');
    return new PacketLog(file, Math.max(0, ...ids), onError);
  }

  out({ id, file, first, end }: LedgerPacket, attempt: number, worker: string): void {
    this.#add(`o ${id} ${attempt} ${worker} ${file} ${first} ${end}\n`);
  }
  done(id: number, worker: string, end?: number): void {
    this.#add(`d ${id} ${worker}${end === undefined ? '' : ` ${end}`}\n`);
  }
  failed(id: number, { cause, entry }: Pick<PacketFailure, 'cause' | 'entry'>, worker: string): void {
    this.#add(`f ${id} ${worker} ${cause} ${entry ?? '-'}\n`);
    this.flush(); // whoever looks for it should find it
  }

  flush(): void {
    const text = this.#text;
    this.#text = '';
    if (text === '') return;
    this.#writing = this.#writing
      .then(() => this.#file.appendFile(text))
      .catch((error: Error) => this.#onError(error.message));
  }
  async close(): Promise<void> {
    this.flush();
    await this.#writing;
    await this.#file.close();
  }

  #add(line: string): void {
    this.#text += line;
    if (this.#text.length >= WRITE_AT_CHARS) this.flush();
  }
}

/** What became of each packet, in the order of their numbers; a line that is no line of ours is passed over. */
export function readPackets(text: string): Omit<PacketInfo, 'name'>[] {
  const found = new Map<number, { -readonly [K in keyof Omit<PacketInfo, 'name'>]: PacketInfo[K] }>();
  for (const line of text.split('\n')) {
    const [kind, idText, ...words] = line.split(' ');
    const packetId = Number(idText);
    const known = found.get(packetId);
    if (kind === 'o' && words.length === 5) {
      const [attempt, worker, file, first, end] = words as [string, string, string, string, string];
      const range = { position: Number(file), first: Number(first), end: Number(end) };
      const failures = known?.failures ?? [];
      const state = known?.state === 'done' ? 'done' : 'out';
      found.set(packetId, { packetId, ...range, attempts: Number(attempt), worker, state, failures });
    } else if (known !== undefined && kind === 'd') {
      known.state = 'done';
      known.worker = words[0] ?? known.worker;
      if (words[1] !== undefined) known.end = Number(words[1]);
    } else if (known !== undefined && kind === 'f') {
      known.state = known.state === 'done' ? 'done' : 'failed';
      const [worker = '', cause = '', entry = '-'] = words;
      known.failures = [...known.failures, { worker, cause, entry: entry === '-' ? null : Number(entry) }];
    }
  }
  return [...found.values()].sort((a, b) => a.packetId - b.packetId);
}
