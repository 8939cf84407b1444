/**
 * The embedded catalog: the catalog daemon as a child process on the loopback, started when the configuration names no other.
 *
 * It serves at one address for as long as this ProxyServer runs: when it dies it is started again on the same port, each time within RESTARTS_WITHIN_MS
 * after a pause twice as long. It ends with its
 * standard input, so that none is left behind by a ProxyServer that was killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stringify } from 'yaml';
import type { Clock } from '../protocol/clock.js';
import { GridError } from '../protocol/errors.js';
import type { Logger } from '../protocol/log.js';
import { restartAt, restartPause } from './restart-limit.js';

export class EmbeddedCatalogError extends GridError {
  readonly code = 'PROXY_EMBEDDED_CATALOG';
}

export interface EmbeddedCatalogOptions {
  readonly stateDir: string;
  readonly auth: 'development' | 'token';
  readonly keyFile: string;
  readonly logLevel: string;
  readonly clock: Clock;
  readonly log: Logger;
}

const PROGRAM = join(import.meta.dirname, '..', 'catalog', 'main.js');
const READY_WITHIN_MS = 20_000;
const STOP_GRACE_MS = 5_000;
const ATTEMPTS = 5;
const PAUSE_MS = 300;
const RESTARTS_WITHIN_MS = 600_000;
const RESTART_PAUSE = { firstMs: 500, longestMs: 60_000 };

export class EmbeddedCatalog {
  readonly #options: EmbeddedCatalogOptions;
  #child: ChildProcess | undefined;
  #url: string | undefined;
  #restarts: number[] = [];
  #isStopping = false;
  #cancelRestart: () => void = () => {};

  constructor(options: EmbeddedCatalogOptions) {
    this.#options = options;
  }

  get url(): string | null {
    return this.#url ?? null;
  }

  /**
   * At the address of last time, since masters that outlived a ProxyServer look for it there; at another one if that is taken. The
   * catalog of a ProxyServer that was just killed needs a moment to let go of its files: hence a few attempts.
   * @returns when it listens. @throws {EmbeddedCatalogError} with its own words
   */
  async start(): Promise<void> {
    if (!existsSync(PROGRAM))
      throw new EmbeddedCatalogError(`${PROGRAM} is missing: build the project with "npm run build".`);
    const port = await this.#lastPort();
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#startOnce(attempt === ATTEMPTS ? '0' : port);
        return;
      } catch (error) {
        if (attempt === ATTEMPTS || this.#isStopping) throw error;
        await new Promise<void>((resolve) => this.#options.clock.after(PAUSE_MS, resolve));
      }
    }
  }

  async #startOnce(port: string): Promise<void> {
    const file = await this.#writeConfig(port);
    const child = spawn(process.execPath, [PROGRAM, '--config', file, '--embedded'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    let words = '';
    child.stderr.on('data', (data: Buffer) => {
      words = (words + data.toString('utf8')).slice(-2000);
    });
    child.stdin.on('error', () => {}); // it is gone: 'exit' tells
    this.#url = await new Promise<string>((resolve, reject) => {
      const failed = (why: string): void => {
        cancel();
        reject(
          new EmbeddedCatalogError(
            `The embedded catalog does not start: ${why}${words === '' ? '' : `: ${words.trim()}`}`,
          ),
        );
      };
      const cancel = this.#options.clock.after(READY_WITHIN_MS, () => {
        child.kill('SIGKILL');
        failed(`it was not ready within ${READY_WITHIN_MS / 1000} s`);
      });
      child.once('error', (error) => failed(error.message));
      child.once('exit', (status, signal) => failed(`it ended (${signal ?? `exit status ${status}`})`));
      createInterface({ input: child.stdout }).on('line', (line) => {
        const url = /^listening on (\S+)/.exec(line)?.[1];
        if (url === undefined) return;
        cancel();
        resolve(url);
      });
    });
    child.once('exit', (status, signal) => this.#ended(signal ?? `exit status ${status}`));
    await writeFile(join(this.#options.stateDir, 'catalog', 'url'), `${this.#url}\n`);
    this.#options.log.info('embedded catalog ready', { url: this.#url, pid: child.pid });
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#cancelRestart();
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const cancel = this.#options.clock.after(STOP_GRACE_MS, () => child.kill('SIGKILL'));
    await gone;
    cancel();
  }

  #ended(how: string): void {
    if (this.#isStopping) return;
    const { clock, log } = this.#options;
    // As often as it takes, since the pool is of little use without it; only ever more slowly.
    const limit = { most: Number.POSITIVE_INFINITY, withinMs: RESTARTS_WITHIN_MS };
    this.#restarts = restartAt(clock.now(), this.#restarts, limit)!;
    const times = this.#restarts.length;
    const pauseMs = restartPause(times, RESTART_PAUSE);
    log.error(
      `the embedded catalog ended (${how}); it is started again in ${pauseMs / 1000} s, restart ${times} within ${RESTARTS_WITHIN_MS / 60_000} minutes`,
    );
    this.#cancelRestart = clock.after(pauseMs, () => {
      this.start().catch((error: Error) => {
        log.error(error.message);
        this.#ended('it does not start');
      });
    });
  }

  async #lastPort(): Promise<string> {
    if (this.#url !== undefined) return new URL(this.#url).port;
    const text = await readFile(join(this.#options.stateDir, 'catalog', 'url'), 'utf8').catch(() => ''); // the first time
    return URL.canParse(text.trim()) ? new URL(text.trim()).port : '0';
  }

  async #writeConfig(port: string): Promise<string> {
    const { stateDir, auth, keyFile, logLevel } = this.#options;
    const directory = join(stateDir, 'catalog');
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const file = join(directory, 'catalog.yaml');
    const config = {
      listen: `127.0.0.1:${port}`,
      stateDir: directory,
      auth,
      // Under development authentication this server is known by its user's name: it makes homes for others.
      ...(auth === 'token' ? { keyFile: `${keyFile}.pub.json` } : { admins: [userInfo().username] }),
      log: { level: logLevel },
    };
    await writeFile(file, stringify(config), { mode: 0o600 });
    return file;
  }
}
