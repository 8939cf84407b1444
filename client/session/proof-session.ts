/**
 * A session on a ProxyServer, for programs and for the command alike: opens, tells how its workers come up, runs queries.
 *
 * One WebSocket to the session's master, dialled again when it breaks; queries go on meanwhile, and what was missed comes with `attach`.
 */
import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { systemClock } from '../../protocol/clock.js';
import { type Dialler, dial, UnreachableError } from '../../protocol/dial.js';
import { type GridError, RemoteError, UsageError } from '../../protocol/errors.js';
import { FINAL_QUERY_STATES, isQueryOver } from '../../protocol/ids.js';
import type { Link } from '../../protocol/link.js';
import {
  type ClientMessage,
  type QueryResult,
  type ToClientMessage,
  toClientMessage,
} from '../../protocol/session-messages.js';
import { SPOKEN, speaks } from '../../protocol/version.js';
import type { HostEntry } from '../client-config.js';
import type { ClientPackage } from '../packages/find-packages.js';
import { authorization, ServerApi } from '../server-api.js';

/** So long a lost connection is dialled again, and a session of this client alone waits for it to be back. */
const GIVE_UP_AFTER_MS = 300_000;

type Submit = Omit<Extract<ClientMessage, { type: 'submit' }>, 'type' | 'ref'>;
type Of<T extends ToClientMessage['type']> = Extract<ToClientMessage, { type: T }>;
export type WorkerCounts = Omit<Of<'workers'>, 'type'>;

/** What a session tells while it lives; the names are those of the messages (protocol/session-messages.ts). */
interface SessionEvents {
  opened: [sessionId: string];
  workers: [WorkerCounts];
  lookup: [Of<'lookup'>];
  progress: [Of<'progress'>];
  outputs: [Of<'outputs'>];
  printed: [Of<'printed'>];
  notice: [string];
  /** The connection is lost; it is being dialled again. */
  lost: [why: string];
  ended: [why: string];
}

export interface Submitted {
  readonly queryId: string;
  /** `SESSION:qN` */
  readonly query: string;
}
export interface Answer {
  readonly result: QueryResult;
  /** The merged outputs, packed as in analysis/merged-state.ts; null: too long for a message, `ServerApi.queryState` has them. */
  readonly state: Uint8Array | null;
}

export class ProofSession extends EventEmitter<SessionEvents> {
  readonly host: HostEntry;
  readonly api: ServerApi;
  readonly sessionId: string;
  /** Every query of this session sets them up. */
  packages: readonly ClientPackage[] = [];
  /** Settles when the master has answered hello. */
  readonly welcomed: Promise<void>;
  readonly #dialler: Dialler;
  #link: Link<ToClientMessage, ClientMessage> | undefined;
  #workers: WorkerCounts = { expected: 0, connected: 0, ready: 0 };
  #nextRef = 1;
  #over: string | undefined;
  #hasLost = false;
  #version: number | undefined;
  /** Submissions that the master has not answered yet, and what they will need. */
  readonly #submitted = new Map<
    number,
    {
      message: ClientMessage;
      texts: ReadonlyMap<string, Uint8Array>;
      resolve: (s: Submitted) => void;
      reject: (e: GridError) => void;
      isSent: boolean;
    }
  >();
  /** Queries of this client whose end it has not heard of. */
  readonly #unanswered = new Set<string>();
  /** Said while no connection stood. */
  #unsaid: ClientMessage[] = [];
  readonly #awaited = new Map<
    string,
    { outputs: boolean; resolve: (a: Answer) => void; reject: (e: GridError) => void }
  >();

  private constructor(api: ServerApi, sessionId: string, ready: () => void) {
    super();
    this.api = api;
    this.host = api.host;
    this.sessionId = sessionId;
    this.welcomed = new Promise((resolve, reject) => {
      this.once('opened', () => resolve());
      this.once('ended', (why) => reject(new UnreachableError(`The session ${sessionId} ended: ${sentence(why)}`)));
    });
    this.welcomed.catch(() => {}); // who awaits it is told; nobody has to
    this.#dialler = dial<ToClientMessage, ClientMessage>({
      url: `${api.host.url.replace(/^http/, 'ws')}/v1/session/${sessionId}`,
      headers: authorization(api.host),
      ...(api.host.ca === null ? {} : { ca: api.host.ca }),
      schema: toClientMessage,
      clock: systemClock,
      giveUpAfterMs: GIVE_UP_AFTER_MS,
      onOpen: (link) => {
        this.#link = link;
        link.send({ type: 'hello', ...SPOKEN });
        for (const [queryId, { outputs }] of this.#awaited) link.send({ type: 'attach', queryId, outputs });
        for (const message of this.#unsaid.splice(0)) link.send(message);
        ready();
      },
      onMessage: (message) => this.#receive(message),
      onLost: (why) => {
        this.#link = undefined;
        this.#hasLost = true;
        this.emit('lost', why);
      },
      onClosed: (why) => this.#end(why),
    });
  }

  /** A new session. @throws {UnreachableError | RemoteError | UnknownHostError} */
  static async open(host: HostEntry, options: { workers?: number | null; title?: string } = {}): Promise<ProofSession> {
    const api = new ServerApi(host);
    const { sessionId } = await api.openSession({ workers: options.workers ?? null, title: options.title ?? '' });
    return ProofSession.attach(api, sessionId);
  }

  /** A session that is there already, perhaps opened from another computer. */
  static attach(api: ServerApi, sessionId: string): Promise<ProofSession> {
    return new Promise((resolve, reject) => {
      const session = new ProofSession(api, sessionId, () => resolve(session));
      session.once('ended', (why) =>
        reject(new UnreachableError(`The session ${sessionId} cannot be reached: ${sentence(why)}`)),
      );
    });
  }

  get workers(): WorkerCounts {
    return this.#workers;
  }

  /** Settles when every worker that the ProxyServer promised is ready; at once for a pool that has none. */
  allReady(): Promise<WorkerCounts> {
    return new Promise((resolve, reject) => {
      const check = (): boolean => {
        if (this.#over !== undefined) reject(new UnreachableError(`The session ended: ${sentence(this.#over)}`));
        else if (this.#workers.expected > 0 && this.#workers.ready >= this.#workers.expected) resolve(this.#workers);
        else return false;
        return true;
      };
      if (check()) return;
      const look = (): void => {
        if (!check()) return;
        this.off('workers', look);
        this.off('ended', look);
      };
      this.on('workers', look);
      this.on('ended', look);
    });
  }

  /** Hands a query in. @param texts program and packages by SHA-256: of them is sent what the master does not have */
  submit(query: Submit, texts: ReadonlyMap<string, Uint8Array>): Promise<Submitted> {
    const ref = this.#nextRef++;
    const message: ClientMessage = { type: 'submit', ref, key: randomUUID(), ...query };
    return new Promise((resolve, reject) => {
      if (this.#over !== undefined) {
        reject(this.#endError(this.#over));
        return;
      }
      if (query.packages !== undefined && this.#version !== undefined && !speaks(this.#version, 'packages')) {
        reject(new UsageError(`${this.host.name} is of an older release, which knows no packages.`));
        return;
      }
      this.#submitted.set(ref, { message, texts, resolve, reject, isSent: this.#link !== undefined });
      this.#link?.send(message); // else with the next connection
    });
  }

  /** The answer of a query, whenever it comes; `outputs` asks for live merged outputs until then. */
  answer(queryId: string, options: { outputs: boolean }): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#over !== undefined) {
        reject(this.#endError(this.#over));
        return;
      }
      this.#awaited.set(queryId, { ...options, resolve, reject });
      this.#link?.send({ type: 'attach', queryId, outputs: options.outputs });
    });
  }

  /** The session's queries that are not over, as far as is known: the ProxyServer may hear of the newest a moment later. */
  async running(): Promise<string[]> {
    const known = (await this.api.queries()).filter(({ sessionId }) => sessionId === this.sessionId);
    const over = new Set(known.filter(isQueryOver).map(({ query }) => query));
    const all = new Set([...known.map(({ query }) => query), ...this.#unanswered]);
    return [...all].filter((query) => !over.has(query));
  }

  stop(queryId: string): void {
    this.#say({ type: 'stop', queryId });
  }
  abort(queryId: string): void {
    this.#say({ type: 'abort', queryId });
  }
  setWorkers(n: number | null): void {
    this.#say({ type: 'setWorkers', n });
  }

  /** Whatever becomes of this client: the session ends when nothing runs in it and nobody has come back for as long as one dials. */
  closeWithClient(): void {
    this.#say({ type: 'closeWhenIdle', afterMs: GIVE_UP_AFTER_MS });
  }

  /** Leaves; the session and its queries stay, `oneOff` until the last of them is over. */
  detach(oneOff = false): void {
    if (oneOff) this.#link?.send({ type: 'closeWhenIdle', afterMs: 0 });
    this.#dialler.close('the client left');
  }

  /** Ends the session: its workers go back to the pool. */
  async close(): Promise<void> {
    if (this.#over !== undefined) return;
    const ended = new Promise<void>((resolve) => this.once('ended', () => resolve()));
    if (this.#link === undefined) await this.api.endSession(this.sessionId);
    else this.#link.send({ type: 'close' });
    const cancel = systemClock.after(5000, () => this.#dialler.close('closed'));
    await ended;
    cancel();
  }

  #say(message: ClientMessage): void {
    if (this.#link !== undefined) this.#link.send(message);
    else this.#unsaid.push(message);
  }

  /** What was handed in and not answered before the link broke, once more: its key keeps it from being run twice. */
  #submitAgain(version: number): void {
    for (const [ref, waiting] of this.#submitted) {
      if (waiting.isSent && !speaks(version, 'submitKey')) {
        this.#submitted.delete(ref);
        const why = 'whether the query was accepted is not known: the link broke. "proof queries" tells';
        waiting.reject(new UnreachableError(`The session ${this.sessionId}: ${why}.`));
      } else this.#link?.send(waiting.message);
    }
  }

  #receive(message: ToClientMessage): void {
    switch (message.type) {
      case 'welcome':
        this.#workers = { ...this.#workers, expected: message.workersExpected };
        this.#version = message.protocol;
        if (this.#hasLost) this.#submitAgain(message.protocol);
        this.emit('opened', message.sessionId);
        break;
      case 'refused':
        this.#dialler.close(message.error.message);
        break;
      case 'workers':
        this.#workers = message;
        this.emit('workers', message);
        break;
      case 'needProgram': {
        const code = this.#submitted.get(message.ref)?.texts.get(message.sha256);
        if (code !== undefined) this.#link?.send({ type: 'program', sha256: message.sha256, code });
        break;
      }
      case 'accepted':
        this.#unanswered.add(message.query);
        this.#submitted.get(message.ref)?.resolve(message);
        this.#submitted.delete(message.ref);
        break;
      case 'rejected':
        this.#submitted.get(message.ref)?.reject(new RemoteError(message.error.code, message.error.message));
        this.#submitted.delete(message.ref);
        break;
      case 'result':
        if (FINAL_QUERY_STATES.includes(message.result.status)) {
          this.#unanswered.delete(message.result.query);
          this.#awaited.get(message.queryId)?.resolve(message);
          this.#awaited.delete(message.queryId);
        }
        break;
      case 'notice':
        this.emit('notice', message.text);
        break;
      case 'ended':
        this.#dialler.close(message.why);
        break;
      case 'lookup':
        this.emit('lookup', message);
        break;
      case 'progress':
        this.emit('progress', message);
        break;
      case 'outputs':
        this.emit('outputs', message);
        break;
      case 'printed':
        this.emit('printed', message);
        break;
    }
  }

  #endError(why: string): UnreachableError {
    return new UnreachableError(`The session ${this.sessionId} ended: ${sentence(why)}`);
  }
  #end(why: string): void {
    this.#over = why;
    this.#link = undefined;
    const error = this.#endError(why);
    for (const { reject } of [...this.#submitted.values(), ...this.#awaited.values()]) reject(error);
    this.#submitted.clear();
    this.#awaited.clear();
    this.emit('ended', why);
  }
}

const sentence = (text: string): string => (text.endsWith('.') ? text : `${text}.`);
