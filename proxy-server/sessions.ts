/**
 * The sessions and their masters: opens, takes back after a restart, starts a dead master again, ends; keeps the record of what masters report.
 *
 * A master lives on its own. Here it is known by its process and its socket; who gets which worker is the dispatcher's business. One that dies
 * goes on from its journals in a new process under the same name, as often as the limit allows; workers and clients dial again by themselves.
 */
import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { SessionInfo } from '../protocol/api.js';
import type { Clock } from '../protocol/clock.js';
import type { MasterMessage, NewSessionFile, QueryRecord, SessionFile } from '../protocol/control-messages.js';
import { GridError } from '../protocol/errors.js';
import { FINAL_QUERY_STATES, splitQueryRef } from '../protocol/ids.js';
import type { Logger } from '../protocol/log.js';
import { isSameProcess, sendSignal } from '../protocol/process-id.js';
import { LateWrites } from './late-writes.js';
import { MasterLink } from './master-link.js';
import type { MasterNursery } from './master-nursery.js';
import { type MasterPlaces, SOCKET } from './master-places.js';
import type { QueryStore } from './query-store.js';
import { type RestartLimit, restartAt } from './restart-limit.js';
import { Session } from './session.js';
import type { SessionRecord, SessionStore } from './session-store.js';
import { StateDirError, surviving } from './state-db.js';

/** No such session, or it is over: how to see which there are. */
export class NoSuchSessionError extends GridError {
  readonly code = 'PROXY_NO_SUCH_SESSION';
  constructor(sessionId: string, why: string | null) {
    super(
      why === null
        ? `There is no session ${sessionId}. "proof queries" shows what there is; "proof open" starts a new one.`
        : `Session ${sessionId} has ended (${why}). Open a new one with "proof open"; its results stay with "proof retrieve".`,
    );
  }
}
/** The master of a new session does not come up. */
export class MasterFailedError extends GridError {
  readonly code = 'PROXY_MASTER_FAILED';
}

export interface SessionsOptions {
  readonly host: string;
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly nursery: MasterNursery;
  readonly sessions: SessionStore;
  readonly queries: QueryStore;
  /** The catalog, with a token of that user. */
  readonly catalog: (user: string) => Promise<SessionFile['catalog']>;
  readonly site: string | null;
  readonly orphanedAfterMs: number;
  readonly idleAfterMs: number;
  readonly packetLimitMs: number;
  readonly logLevel: string;
  readonly heldBy: (sessionId: string) => number;
  /** Somebody wants more, or less. */
  readonly onChange: () => void;
  readonly onReleased: (session: Session, workerId: string, why: string) => void;
  readonly onEnded: (session: Session, why: string) => void;
  /** Its master died; another goes on. */
  readonly onRestarted: (session: Session) => void;
  readonly restarts: RestartLimit;
  readonly onQueryEnded: (user: string) => void;
}

const END_GRACE_MS = 3_000;

export class Sessions {
  readonly #options: SessionsOptions;
  readonly #sessions = new Map<string, Session>();
  readonly #dead: Session[] = [];
  readonly #late: LateWrites;
  #lastStart = 0;
  /** Settles when a session is over: for those that wait for an end. */
  readonly #endings = new Map<string, () => void>();

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#late = new LateWrites(options.clock, options.log);
  }

  /** The older first. */
  open(): Session[] {
    return [...this.#sessions.values()];
  }
  /** @throws {NoSuchSessionError} */
  get(sessionId: string): Session {
    const session = this.#sessions.get(sessionId);
    if (session !== undefined) return session;
    const record = this.#options.sessions.get(sessionId);
    throw new NoSuchSessionError(sessionId, record === undefined ? null : (record.why ?? 'no reason is known'));
  }
  /** Tells the clients of all sessions of that user. */
  notify(user: string, text: string): void {
    for (const session of this.open()) if (session.record.user === user) session.say({ type: 'notice', text });
  }
  find(sessionId: string): Session | undefined {
    return this.#sessions.get(sessionId);
  }

  /** Does any of them work on a query? */
  isAnyBusy(): boolean {
    return this.open().some(({ isBusy }) => isBusy);
  }

  /** The open ones, and those that ended since, the older first. */
  list(sinceMs: number): SessionInfo[] {
    return this.#options.sessions.since(sinceMs).map((record) => {
      const session = this.#sessions.get(record.sessionId);
      if (session !== undefined) return session.info(this.#options.heldBy(record.sessionId));
      const { sessionId, user, title, startedAt, endedAt } = record;
      return { sessionId, user, title, state: 'ended' as const, workers: 0, clients: 0, startedAt, endedAt };
    });
  }

  /** A new session; its master gets to work while the answer travels to the client. @throws {MasterFailedError} */
  async start(user: string, request: { workers: number | null; title: string }): Promise<Session> {
    const { host, stateDir, clock, nursery, sessions } = this.#options;
    const master = await nursery.take().catch((cause: Error) => {
      throw new StateDirError(`The session cannot be kept in ${stateDir}: ${cause.message}.`, { cause });
    });
    if (master.pid === 0)
      throw new MasterFailedError('The session master cannot be started: the log of the ProxyServer says why.');
    // Two sessions in one millisecond must not share a name.
    this.#lastStart = Math.max(clock.date().getTime(), this.#lastStart + 1);
    const sessionId = `${host}-${this.#lastStart}-${master.pid}`;
    const record: SessionRecord = {
      sessionId,
      user,
      title: request.title,
      state: 'starting',
      directory: join(stateDir, 'sessions', sessionId),
      socket: master.places.socket,
      pid: master.pid,
      pidStart: master.pidStart,
      maxWorkers: request.workers,
      startedAt: this.#lastStart,
      endedAt: null,
      why: null,
    };
    const file = join(record.directory, 'session.json');
    try {
      master.places.name(record.directory);
      await writeFile(file, JSON.stringify(await this.#sessionFile(record, master.places)), {
        mode: 0o600,
        flag: 'wx',
      });
      sessions.add(record);
    } catch (cause) {
      master.discard();
      await rm(record.directory, { recursive: true, force: true });
      throw new StateDirError(`The session cannot be kept in ${stateDir}: ${(cause as Error).message}.`, { cause });
    }
    const session = this.#remember(record);
    this.#options.log.info('session opened', { sessionId, user, pid: master.pid });
    master.adopt().then(
      () => this.#follow(session),
      (error: Error) => this.#died(session, `its master does not start: ${error.message}`),
    );
    this.#options.onChange(); // workers set out while the master gets ready
    return session;
  }

  /** Sessions that the last ProxyServer left: masters that outlived it are followed from now on, the others wait for `startDead`. */
  takeBack(): void {
    for (const record of this.#options.sessions.open()) {
      const session = this.#remember(record);
      if (isSameProcess(record.pid, record.pidStart) && existsSync(record.socket)) this.#follow(session);
      else this.#dead.push(session);
    }
  }
  /** Masters that died while no ProxyServer ran; the catalog must be there by now. */
  startDead(): void {
    for (const session of this.#dead.splice(0)) this.#died(session, 'its master ended while no ProxyServer ran');
  }

  /** @returns when it is over */
  async end(sessionId: string, why: string): Promise<void> {
    const session = this.get(sessionId);
    const over = new Promise<void>((resolve) => this.#endings.set(sessionId, resolve));
    session.link?.send({ type: 'end', why });
    const cancel = this.#options.clock.after(END_GRACE_MS, () => {
      killMaster(session.record);
      this.#ended(session, `${why}; its master did not end by itself`);
    });
    await over;
    cancel();
  }

  /** Ends all, for a clean stop. */
  async endAll(why: string): Promise<void> {
    await Promise.all(this.open().map((session) => this.end(session.record.sessionId, why)));
  }

  close(): void {
    this.#late.close();
  }

  /** Leaves the masters running. */
  leaveAll(): void {
    for (const session of this.#sessions.values()) session.link?.close();
  }

  async #sessionFile(record: SessionRecord, { inside }: MasterPlaces): Promise<NewSessionFile> {
    const { catalog, site, orphanedAfterMs, idleAfterMs, packetLimitMs, logLevel } = this.#options;
    const { sessionId, user } = record;
    const { directory, socket } = inside;
    const log = { file: join(directory, 'master.log'), level: logLevel };
    return {
      sessionId,
      user,
      directory,
      socket,
      catalog: await catalog(user),
      site,
      orphanedAfterMs,
      idleAfterMs,
      packetLimitMs,
      log,
    };
  }

  #remember(record: SessionRecord): Session {
    const session = new Session(record);
    this.#sessions.set(record.sessionId, session);
    return session;
  }

  #follow(session: Session): void {
    if (session.state === 'ended') return;
    const { record } = session;
    session.link = new MasterLink({
      socket: record.socket,
      pid: record.pid,
      pidStart: record.pidStart,
      clock: this.#options.clock,
      onMessage: (message) => surviving(this.#options.log, () => this.#hear(session, message)),
      onDead: (why) => this.#died(session, why),
    });
    session.link.send({ type: 'expect', workers: session.expected });
  }

  /** Its process is gone, or does not answer: another one goes on from what is on disk. */
  #died(session: Session, why: string): void {
    if (session.state === 'ended') return;
    const { restarts, clock, log } = this.#options;
    const { sessionId, directory } = session.record;
    const isEnding = this.#endings.has(sessionId);
    const times = isEnding ? undefined : restartAt(clock.now(), session.restarts, restarts);
    killMaster(session.record); // one that lives but does not answer must not write beside its successor
    if (times === undefined || !existsSync(join(directory, 'session.json'))) {
      const often = `${why}; it was started again ${session.restarts.length} times in ${restarts.withinMs / 1000} s`;
      const gone = `${why}; it cannot be started again, because ${directory} is gone`;
      this.#ended(session, isEnding ? why : times === undefined ? often : gone);
      return;
    }
    session.restarts = times;
    session.link?.close();
    session.link = undefined;
    session.awaitMaster();
    log.warn('a master died; it is started again', { sessionId, why, restarts: times.length });
    this.#startAgain(session).then(
      () => this.#follow(session),
      (error: Error) => this.#died(session, error.message),
    );
  }

  async #startAgain(session: Session): Promise<void> {
    const { nursery, sessions, onRestarted } = this.#options;
    const { pid, pidStart, places, adopt } = await nursery.take(session.record);
    const { socket } = places;
    session.record = { ...session.record, pid, pidStart, socket };
    this.#late.write(`${session.record.sessionId} master`, () =>
      sessions.moved(session.record.sessionId, { pid, pidStart, socket }),
    );
    const file = join(session.record.directory, 'session.json');
    try {
      await rm(`${file}.new`, { recursive: true, force: true });
      // Users' code can write there: nothing is written through a link of theirs.
      const text = JSON.stringify(await this.#sessionFile(session.record, places));
      await writeFile(`${file}.new`, text, { mode: 0o600, flag: 'wx' });
      await rename(`${file}.new`, file);
    } catch (error) {
      const { sessionId } = session.record;
      this.#options.log.warn(`a master starts with its old session.json: ${(error as Error).message}`, { sessionId });
    }
    onRestarted(session);
    await adopt();
    this.#options.log.info('a master goes on', { sessionId: session.record.sessionId, pid });
  }

  #hear(session: Session, message: MasterMessage): void {
    const { sessions, queries, onChange, onReleased } = this.#options;
    const owner = session.record;
    switch (message.type) {
      case 'hello':
        session.state = 'running';
        session.clients = message.clients;
        sessions.running(owner.sessionId);
        session.isBusy = message.queries.some(({ state }) => state === 'running');
        for (const record of message.queries.filter((record) => isKept(owner, record)))
          this.#late.write(record.query, () => queries.put(owner, record));
        session.isListening();
        session.sayUnsaid();
        onChange();
        return;
      case 'want':
        session.want = message.workers;
        onChange();
        return;
      case 'workerReady':
        this.#options.log.debug('worker ready', { sessionId: owner.sessionId, workerId: message.workerId });
        return;
      case 'workerReleased':
        session.leaving = Math.max(0, session.leaving - 1);
        onReleased(session, message.workerId, message.why);
        return;
      case 'query':
        session.isBusy = message.record.state === 'running';
        this.#late.write(message.record.query, () => queries.put(owner, message.record));
        if (FINAL_QUERY_STATES.includes(message.record.state)) this.#options.onQueryEnded(owner.user);
        return;
      case 'clients':
        session.clients = message.n;
        return;
      case 'ended':
        this.#ended(session, message.why);
    }
  }

  #ended(session: Session, why: string): void {
    if (session.state === 'ended') return;
    session.state = 'ended';
    const { sessionId } = session.record;
    this.#sessions.delete(sessionId);
    session.link?.close();
    session.failed(new NoSuchSessionError(sessionId, why));
    this.#record(session.record, why);
    this.#options.onEnded(session, why);
    this.#endings.get(sessionId)?.();
    this.#endings.delete(sessionId);
  }

  #record(record: SessionRecord, why: string): void {
    const nowMs = this.#options.clock.date().getTime();
    this.#late.write(record.sessionId, () => {
      this.#options.sessions.end(record.sessionId, why, nowMs);
      this.#options.queries.abortOpen(record.sessionId, nowMs);
    });
    this.#options.log.info('session ended', { sessionId: record.sessionId, why });
    void removeSocket(record.socket);
  }
}

/** A master may remember a query that was removed while it was not told. */
function isKept({ directory }: SessionRecord, { query, state }: QueryRecord): boolean {
  const queryId = splitQueryRef(query)?.queryId ?? '';
  return !FINAL_QUERY_STATES.includes(state) || existsSync(join(directory, queryId));
}

/** With its directory, which only masters of this release have. */
function removeSocket(socket: string): Promise<void> {
  return rm(basename(socket) === SOCKET ? dirname(socket) : socket, { recursive: true, force: true });
}

function killMaster({ pid, pidStart }: SessionRecord): void {
  if (isSameProcess(pid, pidStart)) sendSignal(pid, 'SIGKILL');
}
