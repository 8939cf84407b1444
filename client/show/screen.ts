/**
 * Where a command speaks to its user: lines and one live progress line. Everything goes to standard error when standard output is
 * promised to a result (`--json -`), and nowhere when the user asked for quiet.
 */
import { SingleBar } from 'cli-progress';
import { type Progress, progressLine } from './progress-line.js';

/** Without a terminal. */
const LOG_EVERY_MS = 2000;

export class Screen {
  readonly #stream: NodeJS.WriteStream;
  readonly #quiet: boolean;
  readonly #interrupted: AbortSignal | undefined;
  #bar: SingleBar | undefined;
  #loggedAtMs = 0;
  #isAsking = false;

  /** @param options.interrupted its command was abandoned: nobody is told anything more */
  constructor(options: { quiet: boolean; resultOnStdout: boolean; interrupted?: AbortSignal | undefined }) {
    this.#stream = options.resultOnStdout ? process.stderr : process.stdout;
    this.#quiet = options.quiet;
    this.#interrupted = options.interrupted;
  }

  get isAbandoned(): boolean {
    return this.#interrupted?.aborted === true;
  }
  /** Before what cannot be taken back. @throws the reason of the interruption, if there was one */
  goOn(): void {
    this.#interrupted?.throwIfAborted();
  }

  get width(): number {
    return Math.min(this.#stream.columns ?? 100, 160);
  }
  get colour(): boolean {
    return this.#stream.isTTY === true && process.env['NO_COLOR'] === undefined;
  }

  say(line: string): void {
    if (this.#quiet || this.isAbandoned) return;
    this.endProgress();
    this.#stream.write(`${line}\n`);
  }

  /** Told also to those who asked for quiet: on standard error. */
  warn(line: string): void {
    this.endProgress();
    if (!this.isAbandoned) process.stderr.write(`${line}\n`);
  }

  progress(progress: Progress): void {
    if (this.#quiet || this.#isAsking || this.isAbandoned) return;
    if (this.#stream.isTTY !== true) {
      this.#progressLine(progress);
      return;
    }
    const total = progress.entries.total ?? progress.entries.done;
    if (this.#bar === undefined) {
      this.#bar = new SingleBar({
        stream: this.#stream,
        fps: 4,
        hideCursor: true,
        linewrap: true,
        format: (_options, _params, payload: { progress?: Progress }) =>
          payload.progress === undefined ? '' : progressLine(payload.progress, this.width),
      });
      this.#bar.start(total, progress.entries.done, { progress });
    }
    this.#bar.setTotal(total);
    this.#bar.update(progress.entries.done, { progress });
  }

  /** A log file gets a line now and then instead of a picture that moves. */
  #progressLine(progress: Progress): void {
    const isEnd = progress.entries.total !== null && progress.entries.done === progress.entries.total;
    if (!isEnd && progress.elapsedMs - this.#loggedAtMs < LOG_EVERY_MS) return;
    this.#loggedAtMs = progress.elapsedMs;
    this.#stream.write(`${progressLine(progress, this.width)}\n`);
  }

  /** While the user is asked something, nothing moves. */
  async asking<T>(question: () => Promise<T>): Promise<T> {
    this.endProgress();
    this.#isAsking = true;
    try {
      return await question();
    } finally {
      this.#isAsking = false;
    }
  }

  /** Leaves the last picture standing and goes on below it. */
  endProgress(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}
