/**
 * Master processes: started detached, some of them ahead of any session, since starting Node and loading modules is most of what a
 * session costs. A spare knows nothing of any user; it reads the path of its session.json from standard input and is then on its own.
 * A spare ends with its standard input, so that none outlives a ProxyServer that was killed. Since a master runs its user's code (the merge of
 * objects, the making of a selector), it is confined as workers are, to its own session's directory.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cleanEnvironment } from '../isolation/clean-environment.js';
import type { Launcher } from '../isolation/launcher.js';
import type { Clock } from '../protocol/clock.js';
import type { Logger } from '../protocol/log.js';
import { processChain, sendSignal, startTimeOf } from '../protocol/process-id.js';
import { boundLog } from './bounded-log.js';
import { MasterPlaces } from './master-places.js';
import type { SessionRecord } from './session-store.js';

export interface MasterProcess {
  /** 0: it cannot be started. */
  readonly pid: number;
  readonly pidStart: string | null;
  readonly places: MasterPlaces;
  /** Hands it its session. @returns when it listens; rejects when it ended before */
  adopt(): Promise<void>;
  /** It is not needed after all. */
  discard(): void;
}

/** master/main.js with what it imports, in few files: scripts/bundle.mjs. */
const PROGRAM = join(import.meta.dirname, '..', 'warm', 'master.js');
/** From a session's start: its first query, often a short one, is under way by then. */
const LOOK_AFTER_MS = 1_000;
/** While one runs: the spare is to start in the pause behind it, not in the next query. */
const LOOK_AGAIN_MS = 150;
/** Spares are started when no query runs on this server, since they would take its processor, but are not put off for longer. */
const PUT_OFF_AT_MOST_MS = 20_000;

/** bubblewrap, the first process of its namespace, the master. */
const CONFINED_CHAIN = 3;
const START_WITHIN_MS = 5_000;
/** From its session's path; one that goes on from long journals needs a while. */
const LISTENS_WITHIN_MS = 60_000;

type GoingOn = Pick<SessionRecord, 'directory' | 'socket'>;

interface Started {
  readonly child: ChildProcess;
  readonly places: MasterPlaces;
}

const MOST_LOG_BYTES = 20_000_000;

export interface NurseryOptions {
  readonly size: number;
  readonly logFile: string;
  /** Directories of sessions, and of sockets. */
  readonly sessions: string;
  readonly socketDir: string;
  readonly launcher: Launcher;
  readonly clock: Clock;
  readonly log: Logger;
  readonly isBusy: () => boolean;
}

export class MasterNursery {
  readonly #size: number;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #isBusy: () => boolean;
  /** What masters say outside their own log: the last words of one that crashed. */
  readonly #stderr: number;
  readonly #logFile: string;
  readonly #spares: Started[] = [];
  readonly #launcher: Launcher;
  readonly #folders: { sessions: string; socketDir: string };
  #cancelRefill: () => void = () => {};
  #willRefill = false;
  #isClosed = false;

  /** @param options.isBusy does a query run now? */
  constructor(options: NurseryOptions) {
    this.#launcher = options.launcher;
    this.#folders = { sessions: options.sessions, socketDir: options.socketDir };
    for (const name of readdirSync(options.sessions))
      if (name.startsWith('.spare-')) rmSync(join(options.sessions, name), { recursive: true, force: true });
    this.#size = options.size;
    this.#isBusy = options.isBusy;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#logFile = options.logFile;
    this.#stderr = openSync(options.logFile, 'a', 0o600);
  }

  /** Users' code on a master can write there as well. */
  boundLog(): void {
    try {
      boundLog(this.#logFile, MOST_LOG_BYTES);
    } catch (error) {
      this.#log.warn(`${this.#logFile} cannot be cut: ${(error as Error).message}`);
    }
  }

  fill(): void {
    while (!this.#isClosed && this.#spares.length < this.#size) {
      let spare: Started;
      try {
        spare = this.#start();
      } catch (error) {
        this.#log.error(`a spare master cannot be started: ${(error as Error).message}`); // a full disk; sessions try anew
        return;
      }
      this.#spares.push(spare);
      spare.child.once('exit', () => {
        const i = this.#spares.indexOf(spare);
        if (i < 0) return;
        this.#spares.splice(i, 1); // not filled again at once: one that cannot start would be started for ever
        spare.places.remove();
      });
    }
  }

  /** @param session that goes on; none: a new one. @throws where its directories cannot be made */
  async take(session?: GoingOn): Promise<MasterProcess> {
    const { child, places } = (session === undefined ? this.#spares.shift() : undefined) ?? this.#start(session);
    const pid = await this.#pidOf(child);
    return {
      pid,
      pidStart: startTimeOf(pid) ?? null,
      places,
      adopt: () =>
        adopt(child, join(places.inside.directory, 'session.json'), this.#clock).finally(() => this.#refillSoon()),
      discard: () => {
        kill(child);
        places.remove();
        this.#refillSoon();
      },
    };
  }

  /** Of the master itself: what confines it starts it after a moment. */
  async #pidOf(child: ChildProcess): Promise<number> {
    const outer = child.pid ?? 0;
    if (this.#launcher.facts.by === 'nothing' || outer === 0) return outer;
    const latest = this.#clock.now() + START_WITHIN_MS;
    for (;;) {
      const chain = processChain(outer);
      if (chain.length >= CONFINED_CHAIN) return chain.at(-1)!;
      if (hasEnded(child) || this.#clock.now() > latest) return outer;
      await new Promise<void>((resolve) => this.#clock.after(2, resolve));
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelRefill();
    for (const { child, places } of this.#spares.splice(0)) {
      kill(child); // it has nothing yet that could be lost
      places.remove();
    }
  }

  #refillSoon(): void {
    if (this.#willRefill) return;
    this.#willRefill = true;
    const latest = this.#clock.now() + PUT_OFF_AT_MOST_MS;
    const look = (afterMs: number): void => {
      this.#cancelRefill = this.#clock.after(afterMs, () => {
        if (this.#isBusy() && this.#clock.now() < latest) return look(LOOK_AGAIN_MS);
        this.#willRefill = false;
        this.fill();
      });
    };
    look(LOOK_AFTER_MS);
  }

  #start(session?: GoingOn): Started {
    const isConfined = this.#launcher.facts.by === 'bubblewrap';
    const places = new MasterPlaces({ ...this.#folders, isConfined, session });
    const command = [process.execPath, PROGRAM, '--spare'];
    const { mounted } = places;
    const [file, ...words] = this.#launcher.words(command, {
      scratch: null,
      mounted,
      isDetached: true,
      openFiles: null,
      shown: [PROGRAM],
    });
    const child = spawn(file!, words, {
      detached: true,
      stdio: ['pipe', 'pipe', this.#stderr],
      env: cleanEnvironment(process.env),
    });
    child.on('error', (error) => this.#log.error(`a master process cannot be started: ${error.message}`));
    child.stdin?.on('error', () => {}); // it is gone: 'exit' tells
    return { child, places };
  }
}

/** With what confines it. */
function kill(child: ChildProcess): void {
  for (const pid of processChain(child.pid ?? 0).toReversed()) sendSignal(pid, 'SIGKILL');
}

/** Also one that could not be started, and one that a signal has ended. */
function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}

function adopt(child: ChildProcess, sessionFile: string, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const { stdin, stdout } = child;
    if (stdin === null || stdout === null || hasEnded(child)) {
      reject(new Error('its process ended before it began'));
      return;
    }
    const cancel = clock.after(LISTENS_WITHIN_MS, () => {
      reject(new Error(`it does not listen after ${LISTENS_WITHIN_MS / 1000} s`));
      kill(child);
    });
    child.once('exit', (status, signal) => {
      cancel();
      reject(new Error(`its process ended (${signal ?? `exit status ${status}`})`));
    });
    const lines = createInterface({ input: stdout });
    lines.on('line', (line) => {
      if (line.trim() !== 'ready') return;
      cancel();
      lines.close();
      stdout.destroy();
      child.unref();
      resolve();
    });
    stdin.end(`${sessionFile}\n`);
  });
}
