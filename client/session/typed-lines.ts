/** What is typed at a terminal, line by line. Between two lines nothing listens to it, so that Ctrl-C reaches the command that runs. */
import { createInterface, type Interface } from 'node:readline';

const PROMPT = 'proof> ';

/** @param words what TAB completes the first word of a line to */
export async function* typedLines(over: AbortSignal, words: readonly string[]): AsyncGenerator<string> {
  process.stdin.on('error', () => {}); // told to the interface too
  let history: string[] = [];
  let begun = '';
  while (!over.aborted) {
    const terminal = createInterface({
      ...{ input: process.stdin, output: process.stdout, history, prompt: PROMPT },
      completer: (line: string) => completions(line, words),
    });
    const close = (): void => terminal.close();
    over.addEventListener('abort', close);
    terminal.on('history', (lines) => {
      history = lines;
    });
    terminal.on('error', () => {}); // the terminal is gone: the end of input comes next
    terminal.on('SIGINT', () => dropLine(terminal));
    const lines: string[] = []; // several where they were pasted
    let isClosed = false;
    const typed = new Promise<void>((resolve) => {
      terminal.on('line', (line) => {
        lines.push(line);
        resolve();
      });
      terminal.once('close', () => {
        isClosed = true;
        resolve();
      });
    });
    terminal.prompt();
    if (begun !== '') terminal.write(begun);
    await typed;
    begun = isClosed ? '' : terminal.line;
    const isEnd = isClosed;
    over.removeEventListener('abort', close);
    terminal.close();
    yield* lines;
    if (isEnd) return;
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
