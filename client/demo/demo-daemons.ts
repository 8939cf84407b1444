/** The daemons of the demonstration: each a real `proof … start` process in a folder of its own, stopped by SIGTERM. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { GridError } from '../../protocol/errors.js';

/** Something of the demonstration did not come up or did not go away. */
export class DemoError extends GridError {
  readonly code = 'CLIENT_DEMO';
}

export const PROOF_COMMAND = join(import.meta.dirname, '..', 'main.js');

export interface DemoDaemon {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts `proof ARGS…` and waits for its `listening on URL`. */
export async function startDaemon(name: string, args: readonly string[]): Promise<DemoDaemon> {
  const child = spawn(process.execPath, [PROOF_COMMAND, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (part: Buffer) => {
    said = (said + part.toString('utf8')).slice(-4000);
  });
  const ended = once(child, 'exit');
  const url = await Promise.race([listeningUrl(child), ended.then(() => undefined)]);
  if (url === undefined)
    throw new DemoError(`The ${name} did not start: ${said.trim().split('\n').at(-1) ?? 'it said nothing'}`);
  return {
    url,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function listeningUrl(child: ChildProcess): Promise<string | undefined> {
  if (child.stdout === null) return undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^listening on (\S+)$/.exec(line)?.[1];
    if (url !== undefined) {
      child.stdout.resume();
      return url;
    }
  }
  return undefined;
}

/** Runs `proof ARGS…` with this terminal as its own, after showing it as one would type it. @throws {DemoError} unless it ends with 0 */
export async function showCommand(args: readonly string[], environment: Record<string, string>): Promise<void> {
  process.stdout.write(`\n$ proof ${args.map(quoted).join(' ')}\n`);
  const child = spawn(process.execPath, [PROOF_COMMAND, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...environment },
  });
  const [status] = (await once(child, 'exit')) as [number | null];
  if (status !== 0) throw new DemoError(`"proof ${args[0]}" ended with status ${status}.`);
}

const quoted = (word: string): string => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word}'`);
