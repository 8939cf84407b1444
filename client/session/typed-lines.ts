/** What is typed at a terminal, line by line. Between two lines nothing listens to it, so that Ctrl-C reaches the command that runs. */
import { createInterface, type Interface } from 'node:readline';
import { answerSignals } from '../answer-signals.js';
import { isDrawnOn } from '../show/terminal.js';

const PROMPT = 'proof> ';

export class TypedLines implements AsyncIterable<string> {
  readonly #over: AbortSignal;
  readonly #words: readonly string[];
  #history: string[] = [];
  /** Pasted with a line that was given out, and not given out yet. */
  #pasted: string[] = [];
  #begun = '';

  /** @param words what TAB completes the first word of a line to */
  constructor(over: AbortSignal, words: readonly string[]) {
    this.#over = over;
    this.#words = words;
  }

  /** As a terminal forgets at Ctrl-C what it was given meanwhile. */
  dropPasted(): void {
    this.#pasted = [];
    this.#begun = '';
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    process.stdin.on('error', () => {}); // told to the interface too
    while (!this.#over.aborted) {
      const isEnd = await this.#ask();
      for (let line = this.#pasted.shift(); line !== undefined; line = this.#pasted.shift()) yield line;
      if (isEnd) return;
    }
  }

  /** One line, or several where they were pasted. @returns is that the end of input? */
  async #ask(): Promise<boolean> {
    const isEdited = isDrawnOn(process.stdout); // else the system takes the line, and tells Ctrl-C as a signal
    const terminal = createInterface({
      terminal: isEdited,
      ...{ input: process.stdin, output: process.stdout, history: this.#history, prompt: PROMPT },
      completer: (line: string) => completions(line, this.#words),
    });
    const close = (): void => terminal.close();
    this.#over.addEventListener('abort', close);
    terminal.on('history', (lines) => {
      this.#history = lines;
    });
    terminal.on('error', () => {}); // the terminal is gone: the end of input comes next
    terminal.on('SIGINT', () => dropLine(terminal));
    const release = answerSignals(['SIGINT'], () => {
      process.stdout.write('\n');
      terminal.prompt();
    });
    terminal.on('SIGCONT', () => terminal.prompt(true)); // back from Ctrl-Z: nothing is read before that
    let isClosed = false;
    const typed = new Promise<void>((resolve) => {
      terminal.on('line', (line) => {
        this.#pasted.push(line);
        resolve();
      });
      terminal.once('close', () => {
        isClosed = true;
        resolve();
      });
    });
    terminal.prompt();
    if (this.#begun !== '') terminal.write(this.#begun);
    await typed;
    this.#begun = isClosed ? '' : terminal.line;
    const isEnd = isClosed;
    this.#over.removeEventListener('abort', close);
    release();
    terminal.close();
    return isEnd;
  }
}

/** Ctrl-C: what was typed is forgotten, before the cursor and behind it. */
function dropLine(terminal: Interface): void {
  const wasEmpty = terminal.line === '';
  terminal.write(null, { ctrl: true, name: 'e' });
  terminal.write(null, { ctrl: true, name: 'u' });
  process.stdout.write(wasEmpty ? '^C\n(type "exit" to end the session)\n' : '^C\n');
  terminal.prompt();
}

/** As readline wants them: the words that fit, and what of the line they stand for. */
export function completions(line: string, words: readonly string[]): [string[], string] {
  const begun = /^\s*(\S*)$/.exec(line)?.[1];
  if (begun === undefined) return [[], line];
  return [words.filter((word) => word.startsWith(begun)).map((word) => `${word} `), begun];
}
