/** The `proof` command at a terminal of its own, which util-linux's `script` makes; killing `script` takes the terminal away. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { COMMAND } from './cluster.js';

export interface Terminal {
  readonly child: ChildProcess;
  /** All that was shown, the echo of what was typed with it. */
  said(): string;
  type(text: string): void;
  /** Waits until `text` stands behind what was waited for before. */
  shows(text: string): Promise<void>;
}

export interface TerminalOptions {
  /** It is a job of a shell, which brings it back to the foreground when Ctrl-Z has stopped it. */
  readonly isJob?: true;
  readonly env?: Record<string, string>;
}

export function atTerminal(words: readonly string[], config: string, options: TerminalOptions = {}): Terminal {
  const command = [process.execPath, COMMAND, ...words].map((word) => `'${word}'`).join(' ');
  // exec: a shell that stays would itself end with 130 for a Ctrl-C.
  const line = options.isJob ? `bash --norc -ic "${command}; fg"` : `exec ${command}`;
  const env = { ...process.env, PROOF_CONFIG: config, ...options.env };
  const child = spawn('script', ['-qec', line, '/dev/null'], { env, stdio: 'pipe' });
  let said = '';
  let at = 0;
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => {
      said += data.toString('utf8');
    });
  return {
    child,
    said: () => said,
    type: (text) => void child.stdin.write(text),
    async shows(text) {
      const until = performance.now() + 100_000;
      while (said.indexOf(text, at) < 0) {
        if (performance.now() > until) {
          child.kill('SIGKILL');
          throw new Error(`The terminal never showed "${text}": ${said}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      at = said.indexOf(text, at) + text.length;
    },
  };
}

/** The prompt of a session on `here`. */
export async function promptAtTerminal(config: string, options: TerminalOptions = {}): Promise<Terminal> {
  const terminal = atTerminal(['open', 'here'], config, options);
  await terminal.shows('proof> ');
  return terminal;
}
/** By end of input. */
export async function leaveTerminal({ child, type }: Terminal): Promise<void> {
  const gone = once(child, 'exit');
  type('\u0004');
  await gone;
}
