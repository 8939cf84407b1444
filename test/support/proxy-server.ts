/** A real ProxyServer for a test: its own process on a temporary state directory, asked over HTTP; `stop` leaves nothing. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { pilotInfo, serverInfo, sessionInfo, siteInfo, workerInfo } from '../../protocol/api.js';
import { systemClock } from '../../protocol/clock.js';
import { dialOnce } from '../../protocol/dial.js';
import type { Link } from '../../protocol/link.js';
import { type ClientMessage, type ToClientMessage, toClientMessage } from '../../protocol/session-messages.js';
import { PROTOCOL_VERSION } from '../../protocol/version.js';
import { isAlive } from './cluster.js';

const PROGRAM = join(import.meta.dirname, '../../proxy-server/main.js');

export interface WorkerCounts {
  readonly expected: number;
  readonly connected: number;
  readonly ready: number;
}
export interface SessionHandle {
  readonly sessionId: string;
  readonly link: Link<ToClientMessage, ClientMessage>;
  /** The last that the master said about its workers. */
  workers(): WorkerCounts;
  /** All that it said. */
  readonly told: readonly WorkerCounts[];
  /** Ends the session and waits until it is over. */
  close(): Promise<void>;
}

export class TestProxy {
  readonly folder: string;
  readonly configFile: string;
  url = '';
  /** What `until` waits for has so long. */
  waitMs = 100_000;
  readonly #base: string;
  #child: ChildProcess | undefined;

  /** @param config lines of YAML behind listen, stateDir, auth and catalog */
  constructor(
    config: string,
    { catalog = 'none', auth = 'development', listen = '127.0.0.1:0' } = {},
    folder = mkdtempSync(join(tmpdir(), 'proof-proxy-')),
  ) {
    this.folder = folder;
    this.configFile = join(folder, 'proxy.yaml');
    this.#base = `name: here\nlisten: ${listen}\nstateDir: ${join(folder, 'state')}\nauth: ${auth}\ncatalog: ${catalog}\n`;
    this.configure(config);
  }

  /** Before `start`: lines of YAML that name the folder. */
  configure(config: string): void {
    writeFileSync(this.configFile, this.#base + config);
  }
  get pid(): number {
    return this.#child?.pid ?? 0;
  }
  get stateDir(): string {
    return join(this.folder, 'state');
  }

  /** @param env on top of this process's own */
  async start(env: Readonly<Record<string, string>> = {}): Promise<this> {
    const child = spawn(process.execPath, [PROGRAM, '--config', this.configFile], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.#child = child;
    let words = '';
    child.stderr.on('data', (data: Buffer) => {
      words += data.toString('utf8');
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /^listening on (\S+)$/.exec(line)?.[1];
      if (url === undefined) continue;
      this.url = url;
      return this;
    }
    throw new Error(`the ProxyServer did not start: ${words}`);
  }

  /** A crash. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }
  /** A clean stop that leaves the folder. */
  async end(): Promise<void> {
    await this.#end('SIGTERM');
  }
  /** A clean stop; removes the folder. */
  async stop(): Promise<void> {
    await this.end();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20 });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  async call<T>(schema: z.ZodType<T>, path: string, init: RequestInit & { user?: string } = {}): Promise<T> {
    const { user, ...rest } = init;
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (user !== undefined) headers['authorization'] = `Bearer dev:${user}`;
    const answer = await fetch(`${this.url}/v1${path}`, { ...rest, headers });
    return schema.parse(await answer.json());
  }
  info(): Promise<z.infer<typeof serverInfo>> {
    return this.call(serverInfo, '/info');
  }
  pilots(): Promise<z.infer<typeof pilotInfo>[]> {
    return this.call(z.array(pilotInfo), '/pilots');
  }
  workers(): Promise<z.infer<typeof workerInfo>[]> {
    return this.call(z.array(workerInfo), '/workers');
  }
  sites(): Promise<z.infer<typeof siteInfo>[]> {
    return this.call(z.array(siteInfo), '/sites');
  }

  /** Asks until it is so; @throws with the last answer after `waitMs` */
  async until<T>(ask: () => Promise<T> | T, isSo: (answer: T) => boolean): Promise<T> {
    const end = performance.now() + this.waitMs;
    for (;;) {
      const answer = await ask();
      if (isSo(answer)) return answer;
      if (performance.now() > end) throw new Error(`not so within ${this.waitMs} ms: ${JSON.stringify(answer)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  warm(n: number): Promise<z.infer<typeof workerInfo>[]> {
    return this.until(
      () => this.workers(),
      (workers) => workers.filter((w) => w.phase === 'warm' && w.sessionId === null).length >= n,
    );
  }

  /** The process of a session's master, as it is now. */
  masterPid(sessionId: string): number {
    const db = new Database(join(this.stateDir, 'proxy.db'), { readonly: true });
    try {
      return db.prepare<[string], { pid: number }>('SELECT pid FROM session WHERE session_id = ?').get(sessionId)!.pid;
    } finally {
      db.close();
    }
  }

  openSessions(): Promise<z.infer<typeof sessionInfo>[]> {
    return this.call(z.array(sessionInfo), '/sessions');
  }
  /** A token of the role user. */
  async token(user: string): Promise<string> {
    const body = JSON.stringify({ user, role: 'user', lifetimeS: 60 });
    return (await this.call(z.object({ token: z.string() }), '/tokens', { method: 'POST', body })).token;
  }

  /** Pids of all agents and workers that the ProxyServer knows. */
  async pids(): Promise<number[]> {
    const agents = (await this.pilots()).flatMap((p) =>
      p.state === 'gone' || p.batchId === null ? [] : [Number(p.batchId.split('.')[0])],
    );
    const workers = (await this.workers()).flatMap((w) => (w.pid === null ? [] : [w.pid]));
    return [...agents, ...workers];
  }
  async allGone(pids: readonly number[]): Promise<void> {
    await this.until(
      () => pids.filter(isAlive),
      (living) => living.length === 0,
    );
  }

  async openSession(user: string, workers: number | null = null): Promise<SessionHandle> {
    const body = JSON.stringify({ workers, title: 'test' });
    const { sessionId } = await this.call(sessionInfo, '/sessions', { method: 'POST', body, user });
    return this.attach(user, sessionId);
  }

  async attach(user: string, sessionId: string): Promise<SessionHandle> {
    const told: WorkerCounts[] = [];
    let over = (): void => {};
    const ended = new Promise<void>((resolve) => {
      over = resolve;
    });
    const link = await dialOnce<ToClientMessage, ClientMessage>({
      url: `${this.url.replace('http', 'ws')}/v1/session/${sessionId}`,
      headers: { authorization: `Bearer dev:${user}` },
      schema: toClientMessage,
      clock: systemClock,
      onMessage: (message) => {
        if (message.type === 'workers') told.push(message);
      },
      onClosed: over,
    });
    link.send({ type: 'hello', protocol: PROTOCOL_VERSION });
    const close = async (): Promise<void> => {
      link.send({ type: 'close' });
      await ended;
    };
    return { sessionId, link, workers: () => told.at(-1) ?? { expected: 0, connected: 0, ready: 0 }, told, close };
  }
}
