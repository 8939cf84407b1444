/**
 * A worker in its one session: dials the master (through the ProxyServer) with its ticket, and does what the master says.
 *
 * When the link breaks it asks its agent for another ticket and dials again; what was not committed is dropped, because the master has given
 * it to others already. It ends when the master lets it go, refuses it, or cannot be reached for `GIVE_UP_MS`.
 */

import { join } from 'node:path';
import { UserCodeError } from '../../analysis/errors.js';
import { loadProgram } from '../../analysis/load-program.js';
import { PackageSetUp } from '../../analysis/packages/package-set-up.js';
import type { ToWorkerProcess } from '../../protocol/agent-messages.js';
import type { Clock } from '../../protocol/clock.js';
import { errorBody } from '../../protocol/errors.js';
import { SPOKEN } from '../../protocol/version.js';
import {
  type QueryFile,
  type ToWorkerMessage,
  toWorkerMessage,
  type WorkerMessage,
} from '../../protocol/worker-messages.js';
import type { StorageOptions } from '../../storage/storage-options.js';
import type { CapturedOutput } from './captured-output.js';
import { KeptTables } from './kept-tables.js';
import { factsOf, openTable } from './open-table.js';
import { ProgramCache } from './program-cache.js';
import { QueryWork } from './query-work.js';
import type { LinkThread, ThreadedLink } from './threaded-dial.js';

type Attach = Extract<ToWorkerProcess, { type: 'attach' }>;
type Prepare = Extract<ToWorkerMessage, { type: 'prepare' }>;

const GIVE_UP_MS = 300_000;
/** The master closes the link of a worker that leaves; if not, the worker goes without. */
const LEAVE_MS = 5_000;

/** After these the query may be over for its user. */
const LAST_OF_A_QUERY: readonly WorkerMessage['type'][] = ['finished', 'packetFailed', 'prepareFailed', 'leaving'];

export interface SessionWorkerParts {
  /** Not used yet. */
  readonly thread: LinkThread;
  readonly clock: Clock;
  /** Credentials of this node for the storage. */
  readonly storage: StorageOptions;
  /** The link stands and the master has welcomed us. */
  readonly onAttached: () => void;
  /** The link broke, or never stood: `ticket` shall bring another ticket. */
  readonly onTicketWanted: () => void;
  /** What user code prints. */
  readonly output: CapturedOutput;
  /** Once: this process has nothing left to do. */
  readonly onEnded: (why: string) => void;
}

export class SessionWorker {
  readonly #parts: SessionWorkerParts;
  readonly #cache: ProgramCache;
  readonly #packages: PackageSetUp;
  readonly #storage: StorageOptions;
  readonly #link: ThreadedLink<WorkerMessage>;
  /** Of the query at hand. */
  #kept = new KeptTables();
  #isOpen = false;
  #work: QueryWork | undefined;
  /** The query whose packages are being set up, and whose program is being loaded. */
  #preparing: Prepare | undefined;
  /** The text that the master was asked for. */
  #wanted: { sha256: string; resolve: (text: Uint8Array) => void; reject: (why: Error) => void } | undefined;
  #leavingWhy: string | undefined;
  #ticket: string | undefined;
  #ticketCame: (ticket: string) => void = () => {};

  constructor(attach: Attach, parts: SessionWorkerParts) {
    this.#parts = parts;
    this.#ticket = attach.ticket;
    this.#cache = new ProgramCache(attach.cacheDir);
    this.#packages = new PackageSetUp(join(attach.cacheDir, 'packages'), attach.node.host);
    this.#storage = {
      ...parts.storage,
      onReplicaFailed: ({ url, error }) => this.#send({ type: 'replicaFailed', url, error: errorBody(error) }),
    };
    this.#link = parts.thread.dial<ToWorkerMessage, WorkerMessage>({
      url: attach.url,
      ticket: () => this.#nextTicket(),
      schema: toWorkerMessage,
      giveUpAfterMs: GIVE_UP_MS,
      longestPauseMs: 2_000,
      onOpen: () => {
        this.#isOpen = true;
        const { workerId, pid, node } = attach;
        this.#send({ type: 'hello', ...SPOKEN, workerId, pid, node });
      },
      onMessage: (message) => this.#receive(message),
      onLost: (why) => {
        this.#isOpen = false;
        void this.#endQuery();
        if (this.#leavingWhy !== undefined) this.#link.close(why);
      },
      onClosed: (why) => parts.onEnded(this.#leavingWhy ?? why),
    });
  }

  ticket(ticket: string): void {
    this.#ticketCame(ticket);
  }
  /** Each opens the door once. */
  #nextTicket(): Promise<string> {
    const ticket = this.#ticket;
    this.#ticket = undefined;
    if (ticket !== undefined) return Promise.resolve(ticket);
    this.#parts.onTicketWanted();
    return new Promise((resolve) => {
      this.#ticketCame = resolve;
    });
  }

  /** User code failed behind our back. @returns false: no packet of it is running */
  crash(error: unknown): boolean {
    return this.#work?.crash(error) ?? false;
  }
  /** This process has outgrown its limit: the packet in hand is reported, and the worker goes. */
  exceed(message: string): void {
    this.#work?.exceed(message);
    this.#sayLeaving(message);
  }
  printed(text: string): void {
    const queryId = this.#work?.queryId ?? this.#preparing?.queryId;
    if (queryId !== undefined) this.#send({ type: 'printed', queryId, text });
  }
  /** Its agent says so. */
  stop(why: string): void {
    this.#link.close(why);
  }

  #receive(message: ToWorkerMessage): void {
    switch (message.type) {
      case 'welcome':
        this.#parts.onAttached();
        break;
      case 'refused':
        this.#link.close(message.error.message);
        break;
      case 'prepare':
        void this.#prepare(message);
        break;
      case 'program':
        if (message.sha256 === this.#wanted?.sha256) this.#wanted.resolve(message.code);
        break;
      case 'count':
        void this.#count(message.requestId, message.file);
        break;
      case 'packet':
        this.#workOn(message.queryId)?.packet(message.packet);
        break;
      case 'drop':
        this.#workOn(message.queryId)?.drop(message.packetIds);
        break;
      case 'noMore':
        this.#workOn(message.queryId)?.noMore();
        break;
      case 'finish':
        void this.#workOn(message.queryId)?.finish();
        break;
      case 'endQuery':
        if (message.queryId === (this.#work?.queryId ?? this.#preparing?.queryId)) void this.#endQuery();
        break;
      case 'release':
        void this.#leave(message.why);
        break;
      case 'committed':
      case 'refusedCommit': // the master has given its packets to others
        this.#workOn(message.queryId)?.confirmed(message.commitId);
        break;
    }
  }

  #workOn(queryId: string): QueryWork | undefined {
    return this.#work?.queryId === queryId ? this.#work : undefined;
  }

  async #prepare(message: Prepare): Promise<void> {
    await this.#endQuery();
    this.#preparing = message;
    const { queryId, program, packages = [] } = message;
    const isStale = (): boolean => this.#preparing !== message;
    try {
      for (const ref of packages) {
        await this.#packages.setUp(ref, () => this.#fetch(ref.sha256));
        if (isStale()) return;
      }
      const code = await this.#codeOf(program.sha256);
      if (isStale()) return;
      const loaded = await loadProgram({ ...program, code });
      if (isStale()) return;
      const work = new QueryWork(message, loaded, {
        clock: this.#parts.clock,
        storage: this.#storage,
        kept: this.#kept,
        flushed: () => this.#link.flushed(),
        send: (said) =>
          this.#send(said.type === 'packetFailed' ? { ...said, output: this.#parts.output.lastWords() } : said),
      });
      this.#preparing = undefined;
      this.#work = work;
      this.#send({ type: 'prepared', queryId });
      work.begin();
    } catch (error) {
      if (isStale()) return;
      this.#preparing = undefined;
      const stack = error instanceof UserCodeError ? { stack: error.userStack } : {};
      this.#send({ type: 'prepareFailed', queryId, error: { ...errorBody(error), ...stack } });
    }
  }
  async #codeOf(sha256: string): Promise<string> {
    const kept = await this.#cache.find(sha256);
    if (kept !== undefined) return kept;
    const code = Buffer.from(await this.#fetch(sha256)).toString('utf8');
    // A cache that cannot be written costs time, not the query.
    void this.#cache.keep(sha256, code).catch((error: unknown) => this.printed(`${errorBody(error).message}\n`));
    return code;
  }
  /** A program or the archive of a package, of the master. Rejects when the query ends before it comes. */
  #fetch(sha256: string): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#wanted?.reject(new Error('no longer wanted'));
      this.#wanted = { sha256, resolve, reject };
      this.#send({ type: 'needProgram', sha256 });
    });
  }

  async #count(requestId: number, file: QueryFile): Promise<void> {
    const { position } = file;
    const kept = this.#kept;
    try {
      const opened = await openTable(file, this.#storage);
      const facts = { ...factsOf(opened), isOnlyTree: await opened.isOnlyTree() };
      this.#send({ type: 'counted', requestId, position, facts });
      await kept.keep(file, opened);
    } catch (error) {
      this.#send({ type: 'counted', requestId, position, error: errorBody(error) });
    }
  }

  async #endQuery(): Promise<void> {
    const work = this.#work;
    this.#work = undefined;
    this.#preparing = undefined;
    this.#wanted?.reject(new Error('the query is over'));
    this.#wanted = undefined;
    const kept = this.#kept;
    this.#kept = new KeptTables();
    await Promise.all([work?.end(), kept.closeAll()]);
  }
  async #leave(why: string): Promise<void> {
    if (this.#leavingWhy !== undefined) return;
    this.#leavingWhy = why;
    await this.#work?.leave();
    this.#sayLeaving(why);
  }
  #sayLeaving(why: string): void {
    this.#leavingWhy = why;
    this.#send({ type: 'leaving', why });
    this.#parts.clock.after(LEAVE_MS, () => this.#link.close(why));
    if (!this.#isOpen) this.#link.close(why);
  }
  #send(message: WorkerMessage): void {
    if (!this.#isOpen) return;
    if (LAST_OF_A_QUERY.includes(message.type)) this.#parts.output.flush();
    this.#link.send(message);
  }
}
