/**
 * A session without a ProxyServer: a real master process, real worker processes, and in between a small HTTP server that hands connections
 * through to the master's Unix socket byte by byte, as the ProxyServer does.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { bundleSelector } from '../../analysis/bundle-selector.js';
import { unpackState } from '../../analysis/merged-state.js';
import { OutputMerger } from '../../analysis/output-merger.js';
import type { Program } from '../../analysis/program.js';
import type { NodeFacts } from '../../protocol/agent-messages.js';
import { systemClock } from '../../protocol/clock.js';
import {
  type MasterMessage,
  masterMessage,
  type SessionFile,
  type ToMasterMessage,
} from '../../protocol/control-messages.js';
import { dialOnce } from '../../protocol/dial.js';
import { Link } from '../../protocol/link.js';
import {
  type ClientMessage,
  type QueryResult,
  type ToClientMessage,
  toClientMessage,
} from '../../protocol/session-messages.js';
import { testNode } from './nodes.js';

const DIST = join(import.meta.dirname, '../..');
const SESSION = 'test-1-1';

type Submit = Extract<ClientMessage, { type: 'submit' }>;
export interface Answer {
  readonly result: QueryResult;
  readonly state: Uint8Array | null;
}
export interface TestWorker {
  readonly workerId: string;
  readonly process: ChildProcess;
}

type Limits = Partial<Pick<SessionFile, 'workerSilentMs' | 'packetLimitMs'>>;

/** Where the workers of a harness dial. */
export const workerUrl = (port: number): string => `ws://127.0.0.1:${port}/v1/worker/${SESSION}`;

export class SessionHarness {
  readonly folder: string;
  readonly workers: TestWorker[] = [];
  /** What the master told the ProxyServer. */
  readonly told: MasterMessage[] = [];
  readonly #sockets = new Set<Socket>();
  #door: Server | undefined;
  #master: ChildProcess | undefined;
  #control: Link<MasterMessage, ToMasterMessage> | undefined;
  #clients: TestClient[] = [];
  #lastWorker = 0;

  readonly #limits: Limits;

  private constructor(parent: string, limits: Limits) {
    this.#limits = limits;
    this.folder = mkdtempSync(join(parent, 'proof-session-'));
  }
  static async start(nworkers: number, parent = tmpdir(), limits: Limits = {}): Promise<SessionHarness> {
    const harness = new SessionHarness(parent, limits);
    await harness.#openDoor();
    await harness.startMaster();
    await Promise.all(Array.from({ length: nworkers }, () => harness.addWorker()));
    return harness;
  }

  get socket(): string {
    return join(this.folder, 'master.sock');
  }
  get port(): number {
    return (this.#door!.address() as AddressInfo).port;
  }
  get masterPid(): number {
    return this.#master!.pid!;
  }

  /** @param env of its process besides this one's */
  async startMaster(env: NodeJS.ProcessEnv = {}): Promise<void> {
    const file = join(this.folder, 'session.json');
    writeFileSync(
      file,
      JSON.stringify({
        ...{
          sessionId: SESSION,
          user: 'tester',
          directory: this.folder,
          socket: this.socket,
          catalog: null,
          site: null,
        },
        ...{ orphanedAfterMs: 60_000, idleAfterMs: 60_000, ...this.#limits },
        log: { file: join(this.folder, 'master.log'), level: 'debug' },
      }),
    );
    const master = spawn(process.execPath, [join(DIST, 'warm/master.js'), file], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    this.#master = master;
    await once(master.stdout, 'data');
    await this.#dialControl();
  }
  async killMaster(): Promise<void> {
    const gone = this.masterGone();
    this.#master!.kill('SIGKILL');
    await gone;
  }
  /** When it is dead, by itself or not. */
  async masterGone(): Promise<void> {
    const master = this.#master!;
    if (master.exitCode === null && master.signalCode === null) await once(master, 'exit');
    this.#control?.close('the master is dead');
  }
  /** Whoever dies from now on goes with all of its node. */
  isNodeLost = false;

  control(message: ToMasterMessage): void {
    this.#control!.send(message);
  }

  /** A worker process, attached and ready. @param port where it dials, if not the door itself */
  async addWorker(node: Partial<NodeFacts> = {}, port = this.port): Promise<TestWorker> {
    const workerId = `w${++this.#lastWorker}`;
    const child = fork(join(DIST, 'warm/worker.js'), [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const worker = { workerId, process: child };
    this.workers.push(worker);
    child.once('exit', () => {
      this.#control?.send({ type: 'workerGone', workerId, why: 'its process ended', withAgent: this.isNodeLost });
    });
    await once(child, 'message'); // warm
    child.on('message', (message: { type: string }) => {
      if (message.type === 'ticketWanted') child.send({ type: 'ticket', ticket: workerId });
    });
    child.send({
      ...{
        type: 'attach',
        workerId,
        sessionId: SESSION,
        ticket: workerId,
        pid: child.pid!,
        node: { ...testNode, ...node },
      },
      ...{ url: workerUrl(port), cacheDir: join(this.folder, 'cache') },
    });
    await once(child, 'message'); // attached
    return worker;
  }

  async client(): Promise<TestClient> {
    const client = new TestClient();
    await client.connect(`${this.#url}/v1/session/${SESSION}`);
    this.#clients.push(client);
    return client;
  }

  /** Every connection that goes through the door breaks at once, as when the ProxyServer dies. */
  cutConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    const running = this.workers.map(({ process: child }) => child).concat(this.#master ?? []);
    const exits = running
      .filter((child) => child.exitCode === null && child.signalCode === null)
      .map((c) => once(c, 'exit'));
    this.#control?.send({ type: 'end', why: 'the test is over' });
    if (this.#control === undefined) this.#master?.kill();
    for (const { process: child } of this.workers) if (child.connected) child.disconnect();
    await Promise.all(exits);
    this.#control?.close('the test is over');
    this.cutConnections();
    await new Promise<void>((resolve) => this.#door!.close(() => resolve()));
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20 });
  }

  get #url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }
  async #dialControl(): Promise<void> {
    this.#control = await dialOnce<MasterMessage, ToMasterMessage>({
      url: `ws+unix:${this.socket}:/control`,
      schema: masterMessage,
      clock: systemClock,
      onMessage: (message) => this.told.push(message),
      onClosed: () => {
        this.#control = undefined;
      },
    });
    this.#control.send({ type: 'hello', protocol: 1 });
  }
  async #openDoor(): Promise<void> {
    const door = createServer();
    door.on('upgrade', (request, client: Socket, head) => {
      const ticket = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1];
      const who = request.url!.startsWith('/v1/worker/') ? `x-proof-worker: ${ticket}` : 'x-proof-user: tester';
      const headers = request.rawHeaders.flatMap((name, i, all) => (i % 2 === 0 ? [`${name}: ${all[i + 1]}`] : []));
      const master = connect(this.socket, () => {
        master.write([`GET ${request.url} HTTP/1.1`, ...headers, who, '', ''].join('\r\n'));
        master.write(head);
        master.pipe(client).pipe(master);
      });
      for (const [one, other] of [
        [master, client],
        [client, master],
      ] as const) {
        this.#sockets.add(one);
        one.on('error', () => one.destroy());
        one.on('close', () => {
          this.#sockets.delete(one);
          other.destroy();
        });
      }
    });
    door.listen(0, '127.0.0.1');
    await once(door, 'listening');
    this.#door = door;
  }
}

/** A client of the session that keeps everything it is told. */
export class TestClient {
  readonly told: ToClientMessage[] = [];
  #link: Link<ToClientMessage, ClientMessage> | undefined;
  #watchers: (() => void)[] = [];
  #ref = 0;

  async connect(url: string): Promise<void> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    await once(socket, 'open');
    this.#link = new Link(socket, {
      schema: toClientMessage,
      clock: systemClock,
      onMessage: (message) => {
        this.told.push(message);
        for (const look of this.#watchers) look();
      },
      onClosed: () => {},
    });
    this.send({ type: 'hello', protocol: 1 });
    await this.hear('welcome', () => true);
  }
  send(message: ClientMessage): void {
    this.#link!.send(message);
  }
  close(): void {
    this.#link!.close('done');
  }

  /** The first message of that type, said already or later, for which `fits` holds. */
  hear<T extends ToClientMessage['type']>(
    type: T,
    fits: (message: Extract<ToClientMessage, { type: T }>) => boolean,
  ): Promise<Extract<ToClientMessage, { type: T }>> {
    const find = () =>
      this.told.find((m): m is Extract<ToClientMessage, { type: T }> => m.type === type && fits(m as never));
    return new Promise((resolve) => {
      const look = (): void => {
        const found = find();
        if (found === undefined) return;
        this.#watchers = this.#watchers.filter((other) => other !== look);
        resolve(found);
      };
      this.#watchers.push(look);
      look();
    });
  }

  /** Hands a query in and watches it. @returns its id */
  async submit(program: Program, dataset: readonly string[], options: Partial<Submit> = {}): Promise<string> {
    const ref = ++this.#ref;
    const { kind, name, sha256, code } = program;
    this.send({
      ...{ type: 'submit', ref, title: name, dataset: [...dataset], tree: null, first: 0, entries: null },
      ...{ lists: [], friends: [] },
      ...{
        program: { kind, name, sha256 },
        params: {},
        inputs: {},
        seed: 0,
        workers: null,
        maxAttempts: 3,
        maxFailures: 100,
      },
      ...options,
    });
    const reply = await Promise.race([
      this.hear('needProgram', (m) => m.ref === ref),
      this.hear('accepted', (m) => m.ref === ref),
      this.hear('rejected', (m) => m.ref === ref),
    ]);
    if (reply.type === 'rejected') throw new Error(reply.error.message);
    if (reply.type === 'needProgram') this.send({ type: 'program', sha256, code: Buffer.from(code) });
    const { queryId } = await this.hear('accepted', (m) => m.ref === ref);
    this.send({ type: 'attach', queryId, outputs: false });
    return queryId;
  }
  async answer(queryId: string): Promise<Answer> {
    return this.hear('result', (m) => m.queryId === queryId);
  }
  async query(program: Program, dataset: readonly string[], options: Partial<Submit> = {}): Promise<Answer> {
    return this.answer(await this.submit(program, dataset, options));
  }
}

/** The answer's outputs, rounded, as text: two answers with the same bits have the same. */
export function outputsOf({ state }: { readonly state: Uint8Array | null }): string {
  const merger = new OutputMerger();
  for (const increment of unpackState(state!)) merger.add(increment);
  return JSON.stringify(merger.snapshot(), (_key, value: unknown) =>
    typeof value === 'number'
      ? Object.is(value, -0)
        ? '-0'
        : String(value)
      : ArrayBuffer.isView(value)
        ? [...(value as Float64Array)]
        : value,
  );
}

/** A selector from its source text. */
export async function selector(folder: string, source: string): Promise<Program> {
  const path = join(folder, 'selector.ts');
  writeFileSync(path, source);
  return bundleSelector(path);
}
