/**
 * Where a command speaks to its user: lines and one live progress line. Everything goes to standard error when standard output is
 * promised to a result (`--json -`), and nowhere when the user asked for quiet.
 */
import { MovingLine } from './moving-line.js';
import { type Progress, progressLine } from './progress-line.js';
import { shownText } from './tell.js';
import { columnsOf, hasColours, isDrawnOn } from './terminal.js';
import { inColour } from './terminal-histogram.js';

/** Without a terminal that can be drawn on: at least, and of the time that has gone by. */
const LOG_EVERY_MS = 2000;
const LOG_EVERY_PART = 0.1;

export class Screen {
  readonly #stream: NodeJS.WriteStream;
  readonly #quiet: boolean;
  readonly #interrupted: AbortSignal | undefined;
  #bar: MovingLine | undefined;
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
    return Math.min(columnsOf(this.#stream) ?? 100, 160);
  }
  get colour(): boolean {
    return hasColours(this.#stream);
  }

  say(line: string): void {
    if (this.#quiet || this.isAbandoned) return;
    this.endProgress();
    this.#stream.write(`${shownText(this.#stream, line)}\n`);
  }

  /** Lines that may have colours of ours. */
  picture(lines: readonly string[]): void {
    if (this.#quiet || this.isAbandoned) return;
    this.endProgress();
    for (const line of lines) this.#stream.write(`${inColour(line, (text) => shownText(this.#stream, text))}\n`);
  }

  /** Told also to those who asked for quiet: on standard error. */
  warn(line: string): void {
    this.endProgress();
    if (!this.isAbandoned) process.stderr.write(`${shownText(process.stderr, line)}\n`);
  }

  progress(progress: Progress): void {
    if (this.#quiet || this.#isAsking || this.isAbandoned) return;
    if (!isDrawnOn(this.#stream)) {
      this.#progressLine(progress);
      return;
    }
    this.#bar ??= new MovingLine(this.#stream);
    this.#bar.show(() => progressLine(progress, this.width - 1)); // in its last column a line may begin anew
  }

  /** A log file gets a plain line now and then instead of a picture that moves: ever more seldom, since it is kept. */
  #progressLine(progress: Progress): void {
    const isEnd = progress.entries.total !== null && progress.entries.done === progress.entries.total;
    const pauseMs = Math.max(LOG_EVERY_MS, progress.elapsedMs * LOG_EVERY_PART);
    if (!isEnd && progress.elapsedMs - this.#loggedAtMs < pauseMs) return;
    this.#loggedAtMs = progress.elapsedMs;
    this.#stream.write(`${progressLine(progress, null)}\n`);
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
    this.#bar?.end();
    this.#bar = undefined;
  }
}
