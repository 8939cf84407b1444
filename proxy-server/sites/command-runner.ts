/**
 * Runs one command of a batch system: no shell, a small environment with LC_ALL=C, an end to its time and to its output.
 *
 * A command that hangs is ended, first kindly; the promise settles in bounded time whatever the command does, also when a child
 * of it keeps the pipes open. Nothing here blocks.
 */
import { spawn } from 'node:child_process';

export interface CommandOptions {
  /** On standard input; secrets go there, never into the words. */
  readonly input?: string | Uint8Array;
  /** All the variables that it gets. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export type CommandResult =
  | { readonly how: 'ended'; readonly status: number; readonly stdout: string; readonly stderr: string }
  /** Not there, not permitted, killed, too slow, too much: a sentence without its full stop. */
  | { readonly how: 'failed'; readonly why: string };

const KILL_AFTER_MS = 1_000;
/** From a command's end to the end of its pipes, which its children may hold. */
const PIPES_MS = 500;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

export function runCommand(words: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const [program = '', ...rest] = words;
  return new Promise((resolve) => {
    const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...options.env }, detached: true });
    const outputs = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let nbytes = 0;
    let stopped: string | undefined;
    const timers: NodeJS.Timeout[] = [];
    const settle = (result: CommandResult): void => {
      for (const timer of timers) clearTimeout(timer);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve(result);
    };
    const stop = (why: string): void => {
      if (stopped !== undefined) return;
      stopped = why;
      signalGroup(child.pid, 'SIGTERM');
      timers.push(
        setTimeout(() => signalGroup(child.pid, 'SIGKILL'), KILL_AFTER_MS),
        setTimeout(() => settle({ how: 'failed', why }), 2 * KILL_AFTER_MS), // it cannot even be killed
      );
    };
    timers.push(
      setTimeout(() => stop(`${program} did not answer within ${options.timeoutMs / 1000} s`), options.timeoutMs),
    );
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (part: Buffer) => {
        nbytes += part.length;
        if (nbytes > MAX_OUTPUT_BYTES) stop(`${program} wrote more than ${MAX_OUTPUT_BYTES} bytes`);
        else outputs[name].push(part);
      });
    child.stdin.on('error', () => {}); // it ended without reading: its status tells
    child.stdin.end(options.input ?? '');
    child.once('error', (error: NodeJS.ErrnoException) =>
      settle({ how: 'failed', why: whyNotStarted(program, error) }),
    );
    const text = (name: 'stdout' | 'stderr'): string => Buffer.concat(outputs[name]).toString('utf8');
    const ended = (status: number | null, signal: string | null): void => {
      if (stopped !== undefined) settle({ how: 'failed', why: stopped });
      else if (status === null) settle({ how: 'failed', why: `${program} was killed by ${signal}` });
      else settle({ how: 'ended', status, stdout: text('stdout'), stderr: text('stderr') });
    };
    child.once('close', ended);
    child.once('exit', (status, signal) => timers.push(setTimeout(() => ended(status, signal), PIPES_MS)));
  });
}

function whyNotStarted(program: string, error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return `there is no command ${program} here: install it, or extend PATH`;
  if (error.code === 'EACCES') return `${program} may not be executed here`;
  return `${program} cannot be started: ${error.message}`;
}

/** Its helpers too; it leads a group of its own. */
function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
