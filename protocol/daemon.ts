/**
 * The frame of every daemon's main.ts: start it, say where it listens, stop it once on SIGTERM or SIGINT (or let it leave on SIGHUP, where
 * it has something to leave), one sentence on failure.
 * Exit status: 0 stopped cleanly, 1 failed, 2 wrong usage or configuration.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ConfigError } from './config.js';
import { errorBody, GridError, UsageError } from './errors.js';

/** The address is taken by another process. */
export class PortInUseError extends GridError {
  readonly code = 'PROTOCOL_PORT_IN_USE';
  constructor(where: string, options?: ErrorOptions) {
    super(`Another process listens on ${where}. Stop it, or choose another port (0 takes any free one).`, options);
  }
}

/** The system's errors of a listen, as sentences. */
export function listenError(error: unknown, host: string, port: number): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EADDRINUSE') return new PortInUseError(`${host}:${port}`, { cause: error });
  if (code === 'EACCES') return new UsageError(`No permission to listen on ${host}:${port}.`, { cause: error });
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new UsageError(`${host} is no address of this machine.`, { cause: error });
  return error;
}

export interface Daemon {
  /** Printed as `listening on URL` on standard output when it is ready; null: nothing is printed. */
  readonly url: string | null;
  stop(why: string): Promise<void>;
  /** At SIGHUP: ends, and leaves what it started to the next one. */
  leave?(why: string): Promise<void>;
  /** Settles when the daemon ends by itself; its value is the exit status. */
  readonly ended?: Promise<number>;
}

export async function runDaemon(name: string, start: () => Promise<Daemon>): Promise<void> {
  dieWithParent();
  dumpNoCore();
  const fail = (error: unknown): never => {
    const { code, message } = errorBody(error);
    process.stderr.write(`${name}: ${message} [${code}]\n`);
    if (!(error instanceof GridError) && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    process.exit(error instanceof UsageError || error instanceof ConfigError ? 2 : 1);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  let daemon: Daemon;
  try {
    daemon = await start();
  } catch (error) {
    return fail(error);
  }
  let stopping = false;
  const once = (end: () => Promise<void>): void => {
    if (stopping) return;
    stopping = true;
    end().then(() => process.exit(0), fail);
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => once(() => daemon.stop(signal)));
  const { leave } = daemon;
  if (leave !== undefined) process.on('SIGHUP', () => once(() => leave('SIGHUP')));
  daemon.ended?.then((status) => {
    if (!stopping) process.exit(status);
  }, fail);
  if (daemon.url !== null) process.stdout.write(`listening on ${daemon.url}\n`);
}

/** Daemons hold keys and tokens. Best effort: Node.js has no way to say it, util-linux has. */
function dumpNoCore(): void {
  try {
    if (/^Max core file size +0 /m.test(readFileSync('/proc/self/limits', 'latin1'))) return;
    execFile('prlimit', ['--pid', String(process.pid), '--core=0'], () => {});
  } catch {
    // no Linux
  }
}

/**
 * Started by `proof X start` in the foreground (over an IPC channel), a daemon is one with that command: when the command is killed,
 * the daemon is too, at once and without a farewell, as if the signal had met it.
 */
function dieWithParent(): void {
  if (process.channel === undefined) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.channel.unref();
}
