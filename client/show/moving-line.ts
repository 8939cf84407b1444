/**
 * A line at a terminal that is written over in place, a few times a second, and stays as it was last. It saves and hides no cursor, so that a
 * program that is stopped or killed leaves the terminal as it should be.
 */
const EVERY_MS = 250;

export class MovingLine {
  readonly #stream: NodeJS.WritableStream;
  #text: () => string = () => '';
  #drawnMs = Number.NEGATIVE_INFINITY;
  #later: NodeJS.Timeout | undefined;

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
  }

  /** @param text asked when it is drawn: the terminal may have another width by then. Shorter than that, and one line. */
  show(text: () => string): void {
    this.#text = text;
    const leftMs = this.#drawnMs + EVERY_MS - performance.now();
    if (leftMs <= 0) this.#draw();
    else this.#later ??= setTimeout(() => this.#draw(), leftMs).unref();
  }

  /** What comes next stands below it. */
  end(): void {
    this.#draw();
    this.#stream.write('\n');
  }

  /** What comes next stands in its place. */
  wipe(): void {
    this.#settle();
    this.#stream.write('\r\u001b[K');
  }

  #settle(): void {
    clearTimeout(this.#later);
    this.#later = undefined;
  }

  #draw(): void {
    this.#settle();
    this.#drawnMs = performance.now();
    this.#stream.write(`\r${this.#text()}\u001b[K`);
  }
}
