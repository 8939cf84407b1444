/** Runs another room's main.js as a process of its own, as `proof proxy start` and the like do: the programs never import one another. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { GridError } from '../protocol/errors.js';
import { ExitStatus } from './exit-status.js';
import { complain } from './show/tell.js';

/** The daemon did not come up: what it said. */
export class DaemonFailedError extends GridError {
  readonly code = 'CLIENT_DAEMON_FAILED';
}

const programOf = (room: string): string => join(import.meta.dirname, '..', room, 'main.js');

/** In the foreground: its output is ours, signals go to it, its exit status becomes ours, and it dies with us (by the IPC channel). */
export async function runRoom(
  room: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const child = spawn(process.execPath, [programOf(room), ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env,
  });
  const pass = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  // A terminal's Ctrl-C reaches the child too, by the process group; it stops once whatever it gets.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, pass);
  const status = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.off(signal, pass);
  if (status !== 0) throw new ExitStatus(status);
}

/** In the background: returns the line `listening on …` when it stands there. @throws {ExitStatus} with its own words said; {DaemonFailedError} where it had none */
export async function detachRoom(room: string, args: readonly string[]): Promise<string> {
  const program = programOf(room);
  if (!existsSync(program))
    throw new DaemonFailedError(`${program} is missing. Build the project with "npm run build".`);
  const child = spawn(process.execPath, [program, ...args], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let words = '';
  child.stderr.on('data', (data: Buffer) => {
    words += data.toString('utf8');
  });
  const line = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => {
      const said = words.trim().split('\n')[0] ?? '';
      reject(
        said === '' ? new DaemonFailedError(`It ended with status ${status}.`) : new SaidAlready(status ?? 1, said),
      );
    });
    createInterface({ input: child.stdout }).on('line', (text) => {
      if (text.startsWith('listening on ')) resolve(text);
    });
  });
  child.removeAllListeners();
  child.stdout.destroy();
  child.stderr.destroy();
  child.unref();
  return `${line} (process ${child.pid})`;
}

/** The daemon has said what is wrong: these are its words. */
class SaidAlready extends ExitStatus {
  constructor(status: number, said: string) {
    super(status);
    complain(said);
  }
}
