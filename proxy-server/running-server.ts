/** `proof proxy stop` and `status`: deals with the ProxyServer that runs on a configuration's state directory, known by its lock. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSameProcess, sendSignal, startTimeOf } from '../protocol/process-id.js';
import type { ProxyConfig } from './config.js';
import { lockHolder, StateDirError } from './state-db.js';

const STOP_WITHIN_MS = 30_000;

/** Waits until it is gone, with all that it started, or without. @returns the exit status */
export async function stopRunning(config: ProxyConfig, { isKept }: { isKept: boolean }): Promise<number> {
  const pid = lockHolder(config.stateDir);
  if (pid === undefined) {
    process.stdout.write(`no ProxyServer runs on ${config.stateDir}\n`);
    return 1;
  }
  const start = startTimeOf(pid) ?? null;
  const signal = isKept ? 'SIGHUP' : 'SIGTERM';
  sendSignal(pid, signal);
  const deadline = performance.now() + STOP_WITHIN_MS;
  while (isSameProcess(pid, start)) {
    if (performance.now() > deadline)
      throw new StateDirError(
        `The ProxyServer (process ${pid}) did not end within ${STOP_WITHIN_MS / 1000} s of ${signal}. Its log is ${join(config.stateDir, 'log')}.`,
      );
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const left = `; sessions, pilots and jobs go on, and end by themselves ${config.orphanedAfterS} s from now without a ProxyServer`;
  process.stdout.write(`stopped (process ${pid})${isKept ? left : ''}\n`);
  return 0;
}

/** @returns exit status 0 where one runs, 1 where none does */
export async function showStatus(config: ProxyConfig): Promise<number> {
  const pid = lockHolder(config.stateDir);
  if (pid === undefined) {
    process.stdout.write(`no ProxyServer runs on ${config.stateDir}\n`);
    return 1;
  }
  process.stdout.write(`process ${pid} ${readUrl(config.stateDir)} on ${config.stateDir}\n`);
  return 0;
}

function readUrl(stateDir: string): string {
  try {
    return `listens on ${readFileSync(join(stateDir, 'url'), 'utf8').trim()}`;
  } catch {
    return 'is starting'; // it writes the file when it is ready
  }
}
