/**
 * One user's session: its workers, its clients, its queries in the order of their submission, one running at a time.
 *
 * Clients and the ProxyServer may come and go; the session ends when it is told to, when it idles without a client, or when the ProxyServer
 * leaves it alone for too long. A worker serves no second session: one that is let go ends. No sockets here: sockets.ts brings peers.
 */
import type { Clock } from '../../protocol/clock.js';
import type { MasterMessage, SessionFile, ToMasterMessage } from '../../protocol/control-messages.js';
import { errorBody } from '../../protocol/errors.js';
import type { Logger } from '../../protocol/log.js';
import type { ClientMessage, ToClientMessage } from '../../protocol/session-messages.js';
import { commonVersion, SPOKEN } from '../../protocol/version.js';
import type { ToWorkerMessage, WorkerMessage } from '../../protocol/worker-messages.js';
import type { Peer, Receiver } from './peer.js';
import { unstartedAnswer } from './query-answer.js';
import { QueryQueue, type RunEvents } from './query-queue.js';
import type { QueryRun } from './query-run.js';
import { type QuerySpec, querySpec } from './query-spec.js';
import type { QueryStore } from './query-store.js';
import { WorkerDesk } from './worker-desk.js';

export interface SessionParts {
  readonly file: SessionFile;
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: QueryStore;
  /** @throws {GridError} where the program does not load */
  readonly createRun: (spec: QuerySpec, events: RunEvents) => Promise<QueryRun>;
  /** Called once; the process ends then. */
  readonly onEnd: (why: string) => void;
}
interface Client {
  readonly peer: Peer<ToClientMessage>;
  isWelcome: boolean;
  /** Looks on, and is none for whom the session stays. */
  watches: boolean;
  /** Query id -> whether it wants outputs. */
  readonly attached: Map<string, boolean>;
  /** Submissions that wait for their program. */
  readonly parked: Extract<ClientMessage, { type: 'submit' }>[];
}
type Submit = Extract<ClientMessage, { type: 'submit' }>;

export class Session {
  readonly #parts: SessionParts;
  readonly #clients = new Set<Client>();
  readonly #workers: WorkerDesk;
  readonly #queries: QueryQueue;
  #control: Peer<MasterMessage> | undefined;
  /** Less for one that is for its queries alone than for others. */
  #idleAfterMs: number;
  #cancelIdle: () => void = () => {};
  #cancelOrphaned: () => void = () => {};
  #isOver = false;
  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#idleAfterMs = parts.store.oneOffAfterMs ?? parts.file.idleAfterMs;
    this.#queries = new QueryQueue({
      ...parts,
      tell: (queryId, message) => this.#tellAttached(queryId, message),
      onRecord: (record) => this.#control?.send({ type: 'query', record }),
      // The ProxyServer hears that it is released, and has its agent end the process.
      onStuck: (workerId, why) => this.#workers.gone(workerId, why),
      onCurrent: (run) => {
        if (run === undefined) this.#idle();
        else {
          this.#cancelIdle();
          this.#workers.remember(run.workersBefore());
          this.#workers.deploy();
        }
      },
    });
    this.#workers = new WorkerDesk({
      ...parts,
      sessionId: parts.file.sessionId,
      current: () => this.#queries.current,
      report: (message) => {
        this.#control?.send(message);
        return this.#control !== undefined;
      },
      onCounts: (counts) => {
        for (const { peer } of this.#clients) peer.send({ type: 'workers', ...counts });
      },
    });
    this.#orphaned();
  }

  /** Whose session it is. */
  get user(): string {
    return this.#parts.file.user;
  }

  /** Queries that an earlier life of this master did not finish go on. */
  async recover(): Promise<void> {
    await this.#queries.recover();
    this.#idle(); // not before: a session that was opened for its queries alone would end at once
  }

  /** The ProxyServer dials in: a new one replaces the old. */
  control(peer: Peer<MasterMessage>): Receiver<ToMasterMessage> {
    this.#control?.close('replaced by a newer connection');
    this.#control = peer;
    this.#cancelOrphaned();
    return {
      receive: (message) => this.#fromServer(message),
      closed: () => {
        if (this.#control !== peer) return;
        this.#control = undefined;
        this.#orphaned();
      },
    };
  }

  client(peer: Peer<ToClientMessage>): Receiver<ClientMessage> {
    const client: Client = { peer, isWelcome: false, watches: false, attached: new Map(), parked: [] };
    return {
      receive: (message) => this.#fromClient(client, message),
      closed: () => {
        if (!this.#clients.delete(client) || client.watches) return;
        this.#control?.send({ type: 'clients', n: this.#present() });
        this.#idle();
      },
    };
  }

  worker(workerId: string, peer: Peer<ToWorkerMessage>): Receiver<WorkerMessage> {
    return this.#workers.connect(workerId, peer);
  }

  end(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelIdle();
    this.#cancelOrphaned();
    this.#workers.close(why);
    void this.#queries.close(why).then(() => {
      for (const { peer } of this.#clients) peer.send({ type: 'ended', why });
      this.#control?.send({ type: 'ended', why });
      this.#parts.onEnd(why);
    });
  }

  #fromServer(message: ToMasterMessage): void {
    switch (message.type) {
      case 'hello':
        this.#control?.send({
          ...{ type: 'hello', ...SPOKEN, sessionId: this.#parts.file.sessionId, pid: process.pid },
          workers: this.#workers.ids(),
          queries: this.#queries.records(),
          clients: this.#present(),
        });
        this.#workers.catchUp();
        break;
      case 'expect':
        this.#workers.expect(message.workers);
        break;
      case 'letGo':
        this.#workers.letGo(message.n, message.workers, message.why);
        break;
      case 'workerGone':
        this.#workers.gone(message.workerId, message.why, message.withAgent);
        break;
      case 'notice':
        for (const { peer } of this.#clients) peer.send({ type: 'notice', text: message.text });
        break;
      case 'stopQuery':
        this.#queries.find(message.queryId)?.stop();
        break;
      case 'abortQuery':
        this.#queries.find(message.queryId)?.abort('It was aborted.');
        break;
      case 'end':
        this.end(message.why);
        break;
    }
  }

  #fromClient(client: Client, message: ClientMessage): void {
    if (!client.isWelcome && message.type !== 'hello') {
      client.peer.close('say hello first');
      return;
    }
    if (client.watches && message.type !== 'attach') {
      client.peer.close('you only watch');
      return;
    }
    switch (message.type) {
      case 'hello':
        this.#welcome(client, message);
        break;
      case 'submit':
        this.#submit(client, message);
        break;
      case 'program':
        this.#program(client, message.sha256, message.code);
        break;
      case 'attach':
        this.#attach(client, message.queryId, message.outputs);
        break;
      case 'stop':
        this.#queries.find(message.queryId)?.stop();
        break;
      case 'abort':
        this.#queries.find(message.queryId)?.abort('You aborted it.');
        break;
      case 'setWorkers':
        this.#workers.cap(message.n);
        break;
      case 'closeWhenIdle':
        this.#idleAfterMs = Math.min(message.afterMs ?? 0, this.#parts.file.idleAfterMs);
        this.#parts.store.markOneOff(this.#idleAfterMs);
        break;
      case 'close':
        this.end('closed by the client');
        break;
    }
  }

  /** Clients for whom the session stays open. */
  #present(): number {
    return [...this.#clients].filter(({ watches }) => !watches).length;
  }

  #welcome(client: Client, hello: Extract<ClientMessage, { type: 'hello' }>): void {
    let protocol: number;
    try {
      protocol = commonVersion(hello);
    } catch (error) {
      client.peer.send({ type: 'refused', error: errorBody(error) });
      client.peer.close('protocol version');
      return;
    }
    client.isWelcome = true;
    client.watches = hello.watches === true;
    this.#clients.add(client);
    if (!client.watches) {
      this.#cancelIdle();
      this.#control?.send({ type: 'clients', n: this.#present() });
    }
    const { sessionId } = this.#parts.file;
    const counts = this.#workers.counts();
    client.peer.send({ type: 'welcome', protocol, sessionId, workersExpected: counts.expected });
    client.peer.send({ type: 'workers', ...counts });
  }

  #submit(client: Client, message: Submit): void {
    if (this.#isOver) return;
    const { ref } = message;
    const sha256 = textsOf(message).find((text) => !this.#parts.store.hasProgram(text));
    if (sha256 !== undefined) {
      client.parked.push(message);
      client.peer.send({ type: 'needProgram', ref, sha256 });
      return;
    }
    const { sessionId } = this.#parts.file;
    const submittedAt = this.#parts.clock.date().getTime();
    const make = (): QuerySpec => querySpec(message, { sessionId, queryId: this.#queries.nextId(), submittedAt });
    this.#queries.submit(message.key, make).then(
      ({ queryId, query }) => {
        client.peer.send({ type: 'accepted', ref, queryId, query });
        this.#queries.startNext();
      },
      (error: unknown) => client.peer.send({ type: 'rejected', ref, error: errorBody(error) }),
    );
  }
  #program(client: Client, sha256: string, code: Uint8Array): void {
    const ready = client.parked.filter((message) => textsOf(message).includes(sha256));
    const waiting = client.parked.filter((message) => !textsOf(message).includes(sha256));
    client.parked.splice(0, client.parked.length, ...waiting);
    this.#parts.store.saveProgram(sha256, code).then(
      () => {
        for (const message of ready) this.#submit(client, message);
      },
      (error: unknown) => {
        for (const { ref } of ready) client.peer.send({ type: 'rejected', ref, error: errorBody(error) });
      },
    );
  }

  #attach(client: Client, queryId: string, outputs: boolean): void {
    client.attached.set(queryId, outputs);
    const run = this.#queries.find(queryId);
    if (run === undefined) {
      this.#sendStored(client, queryId);
      return;
    }
    if (outputs) run.live.want();
    for (const message of run.sinceStart()) client.peer.send(message);
  }
  #sendStored(client: Client, queryId: string): void {
    this.#parts.store.result(queryId).then(
      (stored) => {
        if (stored === undefined) client.peer.send({ type: 'notice', text: `This session has no query ${queryId}.` });
        else client.peer.send({ type: 'result', queryId, ...stored });
      },
      (error: unknown) => {
        const spec = this.#parts.store.specs().find((one) => one.queryId === queryId);
        if (spec === undefined) client.peer.send({ type: 'notice', text: errorBody(error).message });
        else {
          const result = unstartedAnswer(spec, errorBody(error)); // whoever waits for it hears why it does not come
          client.peer.send({ type: 'result', queryId, result, state: new Uint8Array() });
        }
      },
    );
  }

  #tellAttached(queryId: string, message: ToClientMessage): void {
    for (const { peer, attached } of this.#clients) {
      const outputs = attached.get(queryId);
      if (outputs === undefined || (message.type === 'outputs' && !outputs)) continue;
      peer.send(message);
    }
  }
  #idle(): void {
    this.#cancelIdle();
    if (this.#present() > 0 || !this.#queries.isEmpty || this.#isOver) return;
    const idleAfterMs = this.#idleAfterMs;
    this.#cancelIdle = this.#parts.clock.after(idleAfterMs, () => this.end(`idle for ${idleAfterMs} ms`));
  }
  #orphaned(): void {
    if (this.#isOver) return;
    const { orphanedAfterMs } = this.#parts.file;
    this.#cancelOrphaned();
    this.#cancelOrphaned = this.#parts.clock.after(orphanedAfterMs, () =>
      this.end(`no ProxyServer for ${orphanedAfterMs} ms`),
    );
  }
}

/** What a query needs on disk: its packages' archives and its program. */
const textsOf = ({ packages = [], program }: Submit): string[] => [...packages, program].map(({ sha256 }) => sha256);
