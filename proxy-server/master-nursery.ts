/**
 * Master processes: started detached, some of them ahead of any session, since starting Node and loading modules is most of what a
 * session costs. A spare knows nothing of any user; it reads the path of its session.json from standard input and is then on its own.
 * A spare ends with its standard input, so that none outlives a ProxyServer that was killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock } from '../protocol/clock.js';
import type { Logger } from '../protocol/log.js';
import { startTimeOf } from '../protocol/process-id.js';

export interface MasterProcess {
  readonly pid: number;
  readonly pidStart: string | null;
  /** Hands it its session. @returns when it listens; rejects when it ended before */
  adopt(sessionFile: string): Promise<void>;
  /** It is not needed after all. */
  discard(): void;
}

/** master/main.js with what it imports, in few files: scripts/bundle-warm.mjs. */
const PROGRAM = join(import.meta.dirname, '..', 'warm', 'master.js');
/** From a session's start: its first query, often a short one, is under way by then. */
const LOOK_AFTER_MS = 1_000;
/** Spares are started when no query runs on this server, since they would take its processor, but are not put off for longer. */
const PUT_OFF_AT_MOST_MS = 20_000;

export class MasterNursery {
  readonly #size: number;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #isBusy: () => boolean;
  /** What masters say outside their own log: the last words of one that crashed. */
  readonly #stderr: number;
  readonly #spares: ChildProcess[] = [];
  #cancelRefill: () => void = () => {};
  #willRefill = false;
  #isClosed = false;

  /** @param options.isBusy does a query run now? */
  constructor(options: { size: number; logFile: string; clock: Clock; log: Logger; isBusy: () => boolean }) {
    this.#size = options.size;
    this.#isBusy = options.isBusy;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#stderr = openSync(options.logFile, 'a', 0o600);
  }

  fill(): void {
    while (!this.#isClosed && this.#spares.length < this.#size) {
      const child = this.#start();
      this.#spares.push(child);
      child.once('exit', () => {
        const i = this.#spares.indexOf(child);
        if (i >= 0) this.#spares.splice(i, 1); // not filled again at once: one that cannot start would be started for ever
      });
    }
  }

  take(): MasterProcess {
    const child = this.#spares.shift() ?? this.#start();
    const pid = child.pid ?? 0;
    return {
      pid,
      pidStart: startTimeOf(pid) ?? null,
      adopt: (sessionFile) => adopt(child, sessionFile).finally(() => this.#refillSoon()),
      discard: () => {
        child.kill('SIGKILL');
        this.#refillSoon();
      },
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelRefill();
    for (const child of this.#spares.splice(0)) child.kill('SIGKILL'); // it has nothing yet that could be lost
  }

  #refillSoon(): void {
    if (this.#willRefill) return;
    this.#willRefill = true;
    const latest = this.#clock.now() + PUT_OFF_AT_MOST_MS;
    const look = (): void => {
      this.#cancelRefill = this.#clock.after(LOOK_AFTER_MS, () => {
        if (this.#isBusy() && this.#clock.now() < latest) return look();
        this.#willRefill = false;
        this.fill();
      });
    };
    look();
  }

  #start(): ChildProcess {
    const child = spawn(process.execPath, [PROGRAM, '--spare'], {
      detached: true,
      stdio: ['pipe', 'pipe', this.#stderr],
    });
    child.on('error', (error) => this.#log.error(`a master process cannot be started: ${error.message}`));
    child.stdin?.on('error', () => {}); // it is gone: 'exit' tells
    return child;
  }
}

function adopt(child: ChildProcess, sessionFile: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const { stdin, stdout } = child;
    if (stdin === null || stdout === null || child.exitCode !== null) {
      reject(new Error('its process ended before it began'));
      return;
    }
    child.once('exit', (status, signal) =>
      reject(new Error(`its process ended (${signal ?? `exit status ${status}`})`)),
    );
    const lines = createInterface({ input: stdout });
    lines.on('line', (line) => {
      if (line.trim() !== 'ready') return;
      lines.close();
      stdout.destroy();
      child.unref();
      resolve();
    });
    stdin.end(`${sessionFile}\n`);
  });
}
