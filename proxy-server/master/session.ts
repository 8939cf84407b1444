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
import { PROTOCOL_VERSION, SPOKEN_VERSIONS } from '../../protocol/version.js';
import type { ToWorkerMessage, WorkerMessage } from '../../protocol/worker-messages.js';
import { ProtocolVersionError } from './errors.js';
import type { Peer, Receiver } from './peer.js';
import { QueryQueue, type RunEvents } from './query-queue.js';
import type { QueryRun } from './query-run.js';
import { type QuerySpec, querySpec } from './query-spec.js';
import type { QueryStore } from './query-store.js';
import { WorkerRoster } from './worker-roster.js';

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
  /** Query id -> whether it wants outputs. */
  readonly attached: Map<string, boolean>;
  /** Submissions that wait for their program. */
  readonly parked: Extract<ClientMessage, { type: 'submit' }>[];
}
type Submit = Extract<ClientMessage, { type: 'submit' }>;

/** A worker whose link broke is dead, unless the ProxyServer (through which its link went) is gone at the same time. */
const LOST_AFTER_MS = 50;

export class Session {
  readonly #parts: SessionParts;
  readonly #clients = new Set<Client>();
  readonly #roster: WorkerRoster;
  readonly #queries: QueryQueue;
  #control: Peer<MasterMessage> | undefined;
  /** It was opened for its queries alone: it ends with the last of them. */
  #isOneOff = false;
  #cancelIdle: () => void = () => {};
  #cancelOrphaned: () => void = () => {};
  #isOver = false;
  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#roster = new WorkerRoster();
    this.#queries = new QueryQueue({
      ...parts,
      tell: (queryId, message) => this.#tellAttached(queryId, message),
      onRecord: (record) => this.#control?.send({ type: 'query', record }),
      onCurrent: (run) => {
        if (run === undefined) this.#idle();
        else {
          this.#cancelIdle();
          this.#roster.remember(run.workersBefore());
          this.#deploy();
        }
      },
    });
    this.#orphaned();
    this.#idle();
  }

  /** Whose session it is. */
  get user(): string {
    return this.#parts.file.user;
  }

  /** Queries that an earlier life of this master did not finish go on. */
  recover(): Promise<void> {
    return this.#queries.recover();
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
    const client: Client = { peer, isWelcome: false, attached: new Map(), parked: [] };
    return {
      receive: (message) => this.#fromClient(client, message),
      closed: () => {
        if (!this.#clients.delete(client)) return;
        this.#control?.send({ type: 'clients', n: this.#clients.size });
        this.#idle();
      },
    };
  }

  /** `workerId` is what the ProxyServer vouches for. */
  worker(workerId: string, peer: Peer<ToWorkerMessage>): Receiver<WorkerMessage> {
    this.#dropWorker(workerId, 'lost', 'it connected again');
    this.#roster.connect(workerId, peer);
    this.#tellWorkers();
    return {
      receive: (message) => this.#fromWorker(workerId, peer, message),
      closed: (why) => {
        if (!this.#roster.isPeer(workerId, peer)) return;
        this.#roster.disconnect(workerId);
        this.#tellWorkers();
        this.#parts.log.info('worker link closed', { workerId, why });
        this.#parts.clock.after(LOST_AFTER_MS, () => {
          if (this.#roster.isConnected(workerId) || !this.#roster.has(workerId)) return;
          const isLeaving = this.#roster.isLeaving(workerId);
          this.#dropWorker(workerId, isLeaving ? 'left' : this.#control === undefined ? 'lost' : 'killed', why);
        });
      },
    };
  }

  end(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelIdle();
    this.#cancelOrphaned();
    for (const { peer } of this.#roster.all()) peer?.send({ type: 'release', why });
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
          ...{ type: 'hello', protocol: PROTOCOL_VERSION, sessionId: this.#parts.file.sessionId, pid: process.pid },
          workers: this.#roster.all().map(({ workerId }) => workerId),
          queries: this.#queries.records(),
          clients: this.#clients.size,
        });
        break;
      case 'expect':
        this.#roster.expected = message.workers;
        this.#tellWorkers();
        break;
      case 'letGo':
        for (const workerId of message.workers ??
          this.#roster.leastBusy(message.n, (id) => this.#queries.current?.busyWith(id) ?? 0))
          this.#release(workerId, message.why);
        break;
      case 'workerGone':
        this.#dropWorker(message.workerId, this.#roster.isLeaving(message.workerId) ? 'left' : 'killed', message.why);
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
    switch (message.type) {
      case 'hello':
        this.#welcome(client, message.protocol);
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
        this.#roster.cap = message.n;
        this.#deploy();
        this.#tellWorkers();
        break;
      case 'closeWhenIdle':
        this.#isOneOff = true;
        break;
      case 'close':
        this.end('closed by the client');
        break;
    }
  }

  #welcome(client: Client, protocol: number): void {
    if (!SPOKEN_VERSIONS.includes(protocol)) {
      client.peer.send({ type: 'refused', error: errorBody(new ProtocolVersionError(protocol)) });
      client.peer.close('protocol version');
      return;
    }
    client.isWelcome = true;
    this.#clients.add(client);
    this.#cancelIdle();
    this.#control?.send({ type: 'clients', n: this.#clients.size });
    const { sessionId } = this.#parts.file;
    client.peer.send({
      type: 'welcome',
      protocol: PROTOCOL_VERSION,
      sessionId,
      workersExpected: this.#roster.expected,
    });
    client.peer.send({ type: 'workers', ...this.#roster.counts() });
  }

  #submit(client: Client, message: Submit): void {
    if (this.#isOver) return;
    const { ref, program } = message;
    if (!this.#parts.store.hasProgram(program.sha256)) {
      client.parked.push(message);
      client.peer.send({ type: 'needProgram', ref, sha256: program.sha256 });
      return;
    }
    const { sessionId } = this.#parts.file;
    const queryId = this.#queries.nextId();
    const spec = querySpec(message, { sessionId, queryId, submittedAt: this.#parts.clock.date().getTime() });
    this.#queries.accept(spec).then(
      () => {
        client.peer.send({ type: 'accepted', ref, queryId, query: spec.query });
        this.#queries.startNext();
      },
      (error: unknown) => client.peer.send({ type: 'rejected', ref, error: errorBody(error) }),
    );
  }
  #program(client: Client, sha256: string, code: Uint8Array): void {
    const ready = client.parked.filter(({ program }) => program.sha256 === sha256);
    const waiting = client.parked.filter(({ program }) => program.sha256 !== sha256);
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
    if (outputs) run.live.isWanted = true;
    for (const message of run.sinceStart()) client.peer.send(message);
  }
  #sendStored(client: Client, queryId: string): void {
    this.#parts.store.result(queryId).then(
      (stored) => {
        if (stored === undefined) client.peer.send({ type: 'notice', text: `This session has no query ${queryId}.` });
        else client.peer.send({ type: 'result', queryId, ...stored });
      },
      (error: unknown) => client.peer.send({ type: 'notice', text: errorBody(error).message }),
    );
  }

  #fromWorker(workerId: string, peer: Peer<ToWorkerMessage>, message: WorkerMessage): void {
    if (!this.#roster.isPeer(workerId, peer)) return; // said before it was given up
    if (message.type === 'hello') {
      if (!SPOKEN_VERSIONS.includes(message.protocol)) {
        peer.send({ type: 'refused', error: errorBody(new ProtocolVersionError(message.protocol)) });
        peer.close('protocol version');
        return;
      }
      const { name } = this.#roster.ready(workerId, message.node);
      peer.send({ type: 'welcome', protocol: PROTOCOL_VERSION, sessionId: this.#parts.file.sessionId, name });
      this.#control?.send({ type: 'workerReady', workerId });
      this.#tellWorkers();
      this.#deploy();
    } else if (message.type === 'needProgram') {
      this.#parts.store.program(message.sha256).then(
        (code) => peer.send({ type: 'program', sha256: message.sha256, code }),
        (error: unknown) => peer.close(errorBody(error).message),
      );
    } else if (message.type === 'leaving') {
      this.#dropWorker(workerId, 'left', message.why);
      peer.close(message.why);
    } else this.#queries.current?.receive(workerId, message);
  }

  /** Every worker that the current query may use is at it; no other is. */
  #deploy(): void {
    const run = this.#queries.current;
    if (run === undefined || this.#isOver) return;
    const used = new Set<string>();
    for (const worker of this.#roster.usable(run.spec.workers)) {
      used.add(worker.workerId);
      run.addWorker(worker);
    }
    for (const workerId of run.workerIds()) if (!used.has(workerId)) run.dismiss(workerId);
  }
  #release(workerId: string, why: string): void {
    this.#roster.leaving(workerId)?.send({ type: 'release', why });
  }
  #dropWorker(workerId: string, how: 'left' | 'lost' | 'killed', why: string): void {
    const worker = this.#roster.remove(workerId);
    if (worker === undefined) return;
    this.#parts.log.info('worker gone', { workerId, how, why });
    this.#queries.current?.removeWorker(workerId, how, why);
    this.#control?.send({ type: 'workerReleased', workerId, why });
    this.#tellWorkers();
    this.#deploy();
  }

  #tellAttached(queryId: string, message: ToClientMessage): void {
    for (const { peer, attached } of this.#clients) {
      const outputs = attached.get(queryId);
      if (outputs === undefined || (message.type === 'outputs' && !outputs)) continue;
      peer.send(message);
    }
  }
  #tellWorkers(): void {
    const counts = this.#roster.counts();
    for (const { peer } of this.#clients) peer.send({ type: 'workers', ...counts });
  }

  #idle(): void {
    this.#cancelIdle();
    if (this.#clients.size > 0 || !this.#queries.isEmpty || this.#isOver) return;
    const idleAfterMs = this.#isOneOff ? 0 : this.#parts.file.idleAfterMs;
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
