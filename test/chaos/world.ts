/**
 * The world that a chaos run disturbs: catalog, ProxyServer behind a TCP proxy, two local sites of four workers each, data, programs, and their
 * right answers. Everything that agents, workers and clients say to the ProxyServer goes through the TCP proxy.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Database from 'better-sqlite3';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { type Ran, run } from '../support/cluster.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { leftFiles } from './invariants.js';
import { pause } from './pause.js';
import { PROGRAMS } from './programs.js';

const DIST = join(import.meta.dirname, '../..');
const COMMAND = join(DIST, 'client/main.js');
export const WORKERS = 8;
const FILE_ENTRIES = 30_000;

/** A query with its right answer. */
export interface Task {
  /** Titles of its queries begin with it. */
  readonly name: string;
  readonly words: readonly string[];
  readonly entries: number;
  readonly outputs: string;
}

export class World {
  readonly folder = mkdtempSync(join(tmpdir(), 'proof-chaos-'));
  readonly links: TcpProxy;
  readonly hasSmallDisk: boolean;
  readonly command = COMMAND;
  tasks: readonly Task[] = [];
  /** Clients that a fault may kill. */
  readonly clients = new Set<number>();
  #workers: number[] = [];
  #agents: number[] = [];
  catalog: ChildProcess | undefined;
  proxy: ChildProcess | undefined;
  catalogUrl = '';
  /** Of the ProxyServer itself, behind the TCP proxy. */
  #port = 0;
  /** The last words of daemons that ended by themselves. */
  readonly crashes: string[] = [];

  private constructor(links: TcpProxy) {
    this.links = links;
    mkdirSync(this.stateDir);
    this.hasSmallDisk = mountSmallDisk(this.stateDir);
  }
  static async start(): Promise<World> {
    let world: World | undefined;
    const links = await TcpProxy.start(() => world!.#port);
    world = new World(links);
    await world.#makeData();
    await world.startCatalog();
    await world.#register();
    writeFileSync(join(world.folder, 'proxy.yaml'), world.#proxyConfig());
    await world.startProxy();
    await world.#rightAnswers();
    return world;
  }

  file(name: string): string {
    return join(this.folder, name);
  }
  get stateDir(): string {
    return this.file('proxy');
  }
  get url(): string {
    return `http://127.0.0.1:${this.links.port}`;
  }
  proof(...words: string[]): Promise<Ran> {
    return run(words, { env: this.env });
  }
  /** Where the daemons listen. */
  get ports(): readonly number[] {
    return [this.#port, this.links.port, Number(new URL(this.catalogUrl).port)];
  }
  get env(): Record<string, string> {
    return { PROOF_CONFIG: this.file('config.yaml') };
  }
  /** GET of the ProxyServer's API, until it answers. */
  async ask<T>(path: string): Promise<T> {
    for (;;) {
      const answer = await fetch(`${this.url}/v1${path}`, { signal: AbortSignal.timeout(10_000) }).catch(
        () => undefined,
      );
      if (answer?.ok) return (await answer.json()) as T;
      await pause(200);
    }
  }
  /** The same of a file, as text; empty where there is none. */
  async text(path: string): Promise<string> {
    for (;;) {
      const answer = await fetch(`${this.url}/v1${path}`, { signal: AbortSignal.timeout(10_000) })
        .then(async (got) => (got.ok ? await got.text() : got.status < 500 ? '' : undefined))
        .catch(() => undefined);
      if (answer !== undefined) return answer;
      await pause(200);
    }
  }
  /** As the ProxyServer last said. */
  async workerPids(): Promise<number[]> {
    await this.#look();
    return this.#workers;
  }
  async agentPids(): Promise<number[]> {
    await this.#look();
    return this.#agents;
  }
  async #look(): Promise<void> {
    const ask = async (path: string): Promise<unknown> => {
      const answer = await fetch(`${this.url}/v1${path}`, { signal: AbortSignal.timeout(1_000) });
      return answer.json();
    };
    try {
      const [workers, pilots] = await Promise.all([ask('/workers'), ask('/pilots')]);
      this.#workers = (workers as { pid: number | null }[]).flatMap(({ pid }) => pid ?? []);
      this.#agents = (pilots as { state: string; batchId: string | null }[]).flatMap(({ state, batchId }) =>
        state === 'gone' || batchId === null ? [] : [Number(batchId.split('.')[0])],
      );
    } catch {
      // it is down, or held back: the last that is known
    }
  }
  /** Of the sessions that are open, by the state file: also while nobody answers. */
  masterPids(): number[] {
    try {
      const db = new Database(join(this.stateDir, 'proxy.db'), { readonly: true });
      try {
        return db
          .prepare<[], { pid: number }>(`SELECT pid FROM session WHERE state <> 'ended'`)
          .all()
          .map(({ pid }) => pid);
      } finally {
        db.close();
      }
    } catch {
      return []; // no room for SQLite's shared memory at this moment
    }
  }

  /** Of the queries that run, the one that was written to last. */
  youngestJournal(): string | undefined {
    const sessions = join(this.stateDir, 'sessions');
    try {
      return (readdirSync(sessions, { recursive: true }) as string[])
        .filter((name) => name.endsWith('/journal'))
        .map((name) => join(sessions, name))
        .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
    } catch {
      return undefined; // a query has just ended
    }
  }

  async startCatalog(): Promise<void> {
    const { child, url } = await this.#daemon(
      'catalog',
      'catalog.yaml',
      `listen: 127.0.0.1:${this.#catalogPort()}\nstateDir: ${this.file('catalog')}\nauth: development\n`,
    );
    this.catalog = child;
    this.catalogUrl = url;
  }
  async startProxy(): Promise<void> {
    const { child } = await this.#daemon('proxy-server', 'proxy.yaml');
    this.proxy = child;
    const db = new Database(join(this.stateDir, 'proxy.db'), { readonly: true });
    this.#port = Number(
      db.prepare<[], { value: string }>(`SELECT value FROM setting WHERE name = 'port'`).get()!.value,
    );
    db.close();
  }

  /** Ends the daemons. @returns files and directories of agents, workers and payloads, and half-written files, that are left */
  async stop(): Promise<string[]> {
    for (const child of [this.proxy, this.catalog]) {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    }
    await this.links.stop();
    const left = leftFiles(this.file('scratch'), this.stateDir);
    if (this.hasSmallDisk) execFileSync('umount', [this.stateDir]);
    rmSync(this.folder, { recursive: true, force: true });
    return left;
  }

  #catalogPort(): string {
    return this.catalogUrl === '' ? '0' : new URL(this.catalogUrl).port;
  }
  #proxyConfig(): string {
    const site = (name: string): string =>
      `{ name: ${name}, type: local, min: 2, cores: 2, backOffS: 1, maxBackOffS: 2, registerWithinS: 30, holdUnfitS: 2, scratch: ${this.file('scratch')} }`;
    return `name: chaos
listen: 127.0.0.1:0
publicUrl: ${this.url}
stateDir: ${this.stateDir}
auth: development
catalog: ${this.catalogUrl}
heartbeatMs: 1000
sessionIdleS: 15
orphanedAfterS: 60
masterRestarts: 100
sites: [${site('NORTH')}, ${site('SOUTH')}]
`;
  }

  async #daemon(room: string, configName: string, config?: string): Promise<{ child: ChildProcess; url: string }> {
    if (config !== undefined) writeFileSync(this.file(configName), config);
    const program = join(DIST, room, 'main.js');
    const child = spawn(process.execPath, [program, '--config', this.file(configName)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let words = '';
    child.stderr.on('data', (data: Buffer) => {
      words = (words + data.toString('utf8')).slice(-2000);
    });
    child.once(
      'exit',
      (status) => status !== null && status !== 0 && this.crashes.push(`${room}: ${status}: ${words}`),
    );
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /^listening on (\S+)$/.exec(line)?.[1];
      if (url === undefined) continue;
      child.stdout.resume();
      return { child, url };
    }
    throw new Error(`${room} did not start: ${words}`);
  }

  async #makeData(): Promise<void> {
    for (let i = 0; i < 3; i++)
      await writeDimuonFile(this.file(`f${i}.root`), {
        seed: 5,
        firstEvent: i * FILE_ENTRIES,
        events: FILE_ENTRIES,
        run: 1,
      });
    for (const [name, source] of Object.entries(PROGRAMS)) writeFileSync(this.file(`${name}.ts`), source);
  }
  async #register(): Promise<void> {
    writeFileSync(
      this.file('config.yaml'),
      `defaultHost: chaos\ncatalog: ${this.catalogUrl}\nhosts:\n  chaos: { url: "${this.url}" }\n`,
    );
    for (let i = 0; i < 3; i++) {
      const ran = await this.proof('register', `/chaos/f${i}.root`, `file://${this.file(`f${i}.root`)}`);
      if (ran.status !== 0) throw new Error(`cannot register: ${ran.stderr}`);
    }
  }
  async #rightAnswers(): Promise<void> {
    const tasks: Task[] = [];
    for (const name of Object.keys(PROGRAMS)) {
      const words = [this.file(`${name}.ts`), 'lfn:/chaos/*.root', '--seed', '11'];
      const ran = await run(['run', '--local', ...words, '--json', '-', '--quiet'], { env: this.env });
      if (ran.status !== 0) throw new Error(`cannot run ${name}: ${ran.stderr}`);
      const { outputs, entries } = JSON.parse(ran.stdout) as { outputs: unknown; entries: { done: number } };
      tasks.push({ name, words, entries: entries.done, outputs: JSON.stringify(outputs) });
    }
    this.tasks = tasks;
  }
}

/** A disk that can be filled without harm to others. @returns false where mounting is refused */
function mountSmallDisk(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'proof-chaos', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // that fault is left out then, and the report says so
  }
}
