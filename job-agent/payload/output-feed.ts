/** What a payload has written goes to the ProxyServer in pieces: its standard streams while it runs, what is kept there at the end. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentMessage } from '../../protocol/agent-messages.js';
import type { JobOrder } from '../../protocol/job-messages.js';

const CHUNK_BYTES = 2 ** 20;
/** While it runs, so much of each standard stream is shown; all of it at the end. */
const LIVE_BYTES = 4 * 2 ** 20;

export class OutputFeed {
  readonly #order: Pick<JobOrder, 'jobId' | 'run'>;
  readonly #directory: string;
  readonly #tell: (message: AgentMessage) => void;
  readonly #shown = { stdout: 0, stderr: 0 };

  /** @param directory where the payload writes */
  constructor(order: Pick<JobOrder, 'jobId' | 'run'>, directory: string, tell: (message: AgentMessage) => void) {
    this.#order = order;
    this.#directory = directory;
    this.#tell = tell;
  }

  /** What the standard streams have had since the last look. */
  show(): void {
    for (const name of ['stdout', 'stderr'] as const) {
      const size = Math.min(sizeOf(join(this.#directory, name)), LIVE_BYTES);
      if (size > this.#shown[name]) this.#shown[name] = this.send(name, this.#shown[name], size);
    }
  }

  /** @returns where it stopped */
  send(name: string, from: number, to: number): number {
    const { jobId, run } = this.#order;
    let fd: number;
    try {
      fd = openSync(join(this.#directory, name), 'r');
    } catch {
      return from; // the payload has removed it
    }
    try {
      const tell = (offset: number, data: Buffer): void =>
        this.#tell({ type: 'jobOutput', jobId, run, name, offset, data });
      let at = from;
      if (to === 0) tell(0, Buffer.alloc(0)); // an empty file is a file
      while (at < to) {
        const data = Buffer.alloc(Math.min(CHUNK_BYTES, to - at));
        const n = readSync(fd, data, 0, data.length, at);
        if (n === 0) break;
        tell(at, data.subarray(0, n));
        at += n;
      }
      return at;
    } finally {
      closeSync(fd);
    }
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0; // the payload has removed it
  }
}
