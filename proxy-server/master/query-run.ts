/**
 * One query from submission to result: names -> files -> entry counts -> packets -> merged outputs. The life of a query is the table of
 * query-states.ts; its packets are Processing's. Workers may join and leave at any time. It ends exactly once, through `onEnd`.
 */
import { type ErrorBody, errorBody } from '../../protocol/errors.js';
import type { QueryState } from '../../protocol/ids.js';
import { endStatus } from '../../protocol/query-end.js';
import type { EntryCounts, ToClientMessage } from '../../protocol/session-messages.js';
import type { WorkerMessage } from '../../protocol/worker-messages.js';
import { Checkpoints } from './checkpoints.js';
import { DataSet, type DataSetFile } from './data-set.js';
import { EntryCounting } from './entry-counting.js';
import { QueryAbortedError, WorkerDiedError } from './errors.js';
import type { Checkpoint } from './journal-records.js';
import { LiveOutputs } from './live-outputs.js';
import { Processing } from './processing.js';
import type { Leaving, QueryWorker } from './processing-parts.js';
import { answerOf, failureOf, finalCounts, timingOf, type UserError } from './query-answer.js';
import { QueryFigures } from './query-figures.js';
import type { QueryParts } from './query-parts.js';
import { type LookupStage, lookupMessage, progressMessage } from './query-progress.js';
import { type QuerySeat, QuerySeats } from './query-seats.js';
import type { QuerySpec } from './query-spec.js';
import { nextRunState, type RunEvent, type RunState } from './query-states.js';
import { checkpointOf, type Recovery } from './recovery.js';
import { SettledRanges } from './settled-ranges.js';
import { Timers } from './timers.js';

const USERS_MISTAKES: readonly string[] = ['ROOT_WHICH_TABLE', 'ANALYSIS_FRIEND_SHORT'];
const COMMIT_MS = 400;
const PROGRESS_MS = 250;
/** A stopped query waits so long for the packets in hand. */
const STOP_MS = 3_000;
/** And every query so long for what workerTerminate fills. */
const FINISH_MS = 30_000;

export class QueryRun {
  readonly spec: QuerySpec;
  readonly #parts: QueryParts;
  readonly #seats = new QuerySeats();
  readonly #figures = new QueryFigures();
  readonly #processing: Processing;
  #state: RunState = 'queued';
  #dataSet = new DataSet([]);
  #counting: EntryCounting | undefined;
  #isTotalKnown = false;
  readonly #failedReplicas = new Set<string>();
  #isStopped = false;
  readonly #times: { start: number; processing: number | null };
  readonly #timers: Timers;
  #status: QueryState | undefined;
  readonly #checkpoints: Checkpoints;
  readonly live = new LiveOutputs();

  constructor(spec: QuerySpec, parts: QueryParts) {
    this.spec = spec;
    this.#parts = parts;
    this.#timers = new Timers(parts.clock);
    this.#checkpoints = new Checkpoints(parts.journal);
    this.#times = { start: parts.clock.now(), processing: null };
    this.#processing = new Processing({
      ...parts,
      queryId: spec.queryId,
      maxAttempts: spec.maxAttempts,
      maxFailures: spec.maxFailures,
      figures: this.#figures,
      onMerged: () => {
        this.live.changed();
        if (this.#checkpoints.isDue) this.#checkpoint();
      },
      onSettled: () => this.#settled(),
      onBroken: (error) => this.#end('failed', error),
    });
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }
  get state(): QueryState {
    return this.#status ?? (this.#state === 'queued' ? 'submitted' : 'running');
  }
  entries(): EntryCounts {
    const counts = this.#processing.counts();
    if (!this.#isTotalKnown) return { ...counts, total: null, missing: null };
    return this.isOver ? finalCounts(counts) : counts;
  }
  /** Those that had done something when its master died. */
  workersBefore(): readonly { workerId: string; name: string }[] {
    return this.#parts.recovered?.workers() ?? [];
  }
  workerIds(): string[] {
    return this.#seats.ids();
  }
  busyWith(workerId: string): number {
    return this.#processing.busyWith(workerId);
  }
  sinceStart(): ToClientMessage[] {
    if (this.#state === 'queued' || this.#state === 'lookingUp') return [];
    const stages: LookupStage[] = this.#state === 'counting' ? ['located'] : ['located', 'validated'];
    return [...stages.map((stage) => this.#lookupMessage(stage)), this.#progressMessage()];
  }

  async start(): Promise<void> {
    this.#times.start = this.#parts.clock.now();
    this.#move('start');
    this.#tick();
    const { recovered } = this.#parts;
    if (recovered?.checkpoint !== undefined) {
      this.#resume(recovered, recovered.checkpoint);
      return;
    }
    let files: DataSetFile[];
    try {
      files = await this.#parts.lookUp(this.spec);
    } catch (error) {
      this.#end('failed', errorBody(error));
      return;
    }
    if (this.isOver) return;
    this.#dataSet = new DataSet(files);
    this.#move('located');
    this.#parts.tell(this.#lookupMessage('located'));
    this.#counting = new EntryCounting(this.#dataSet, this.spec);
    for (const workerId of this.#seats.ids()) this.#counting.join(workerId);
    this.#count();
  }

  addWorker(worker: QueryWorker): void {
    if (this.isOver || this.#seats.get(worker.workerId) !== undefined) return;
    this.#seats.add(worker);
    const { queryId, program, packages, params, inputs, seed } = this.spec;
    worker.send({ type: 'prepare', queryId, program, packages, params, inputs, seed, commitMs: COMMIT_MS });
    if (this.#state !== 'counting') return;
    this.#counting?.join(worker.workerId);
    this.#count();
  }

  removeWorker(workerId: string, how: Leaving, why: string): void {
    const seat = this.#seats.get(workerId);
    if (seat === undefined || this.isOver) return;
    this.#seats.remove(workerId);
    if (how === 'killed' && seat.phase === 'preparing') {
      const message = `Worker ${seat.worker.name} died while it loaded the program: ${why}.`;
      this.#preparationFailed(errorBody(new WorkerDiedError(message)));
    }
    this.#counting?.leave(workerId);
    if (this.#state === 'counting') this.#count();
    this.#processing.leave(workerId, how, why);
    this.#checkFinished();
  }

  /** Its link broke before, and now we hear that the process is dead: the packet that it ran is blamed. */
  died(workerId: string, why: string): void {
    if (!this.isOver) this.#processing.died(workerId, why);
  }

  /** It stays in the session, but does not work for this query any more. */
  dismiss(workerId: string): void {
    this.#seats.get(workerId)?.worker.send({ type: 'endQuery', queryId: this.spec.queryId });
    this.removeWorker(workerId, 'left', 'it is not needed');
  }

  receive(workerId: string, message: WorkerMessage): void {
    const seat = this.#seats.get(workerId);
    if (seat === undefined || this.isOver) return;
    switch (message.type) {
      case 'prepared': {
        const { name, node } = seat.worker;
        seat.phase = 'ready';
        const who = { name, host: node.host, site: node.site };
        this.#figures.join(workerId, who);
        this.#parts.journal
          .append({ t: 'worker', workerId, ...who })
          .catch((e: unknown) => this.#end('failed', errorBody(e)));
        this.#processing.join(seat.worker);
        break;
      }
      case 'prepareFailed':
        seat.phase = 'failed';
        this.#preparationFailed(message.error);
        break;
      case 'want':
        this.#processing.want(workerId, message.n, message.running);
        break;
      case 'fileOpened':
        if (!this.#dataSet.has(message.position)) break;
        this.#dataSet.learn(message.position, message.facts);
        this.#processing.setClusters(message.position, message.facts.clusters);
        break;
      case 'counted':
        this.#counted(workerId, message);
        break;
      case 'commit':
        this.#processing.commit(workerId, message);
        break;
      case 'packetFailed':
        this.#processing.packetFailed(workerId, message);
        break;
      case 'finished':
        this.#finished(seat, message);
        break;
      case 'replicaFailed':
        this.#replicaFailed(message.url, message.error);
        break;
      case 'printed':
        this.#processing.printed(workerId, message.text);
        this.#parts.tell({ type: 'printed', queryId: this.spec.queryId, worker: seat.worker.name, text: message.text });
        break;
    }
  }

  /** Keeps what is merged, and what the packets in hand still bring. */
  stop(): void {
    if (this.isOver || this.#state === 'stopping' || this.#state === 'finishing') return;
    this.#isStopped = true;
    if (this.#state !== 'processing') this.#end('stopped', null);
    else {
      this.#move('stop');
      this.#timers.after(STOP_MS, () => this.#end('stopped', null));
      this.#processing.halt();
    }
  }
  abort(why: string): void {
    this.#end('aborted', errorBody(new QueryAbortedError(why)));
  }

  #count(): void {
    const counting = this.#counting!;
    for (const { worker, requestId, position } of counting.next()) {
      const seat = this.#seats.get(worker)!;
      seat.worker.send({ type: 'count', requestId, file: this.#dataSet.forNode(position, seat.worker.node) });
    }
    if (this.#state === 'counting' && counting.isFinished) this.#process();
  }
  #counted(workerId: string, message: Extract<WorkerMessage, { type: 'counted' }>): void {
    if (this.#counting?.counted(workerId, message) !== true) return;
    if (message.facts !== undefined) this.#processing.setClusters(message.position, message.facts.clusters);
    // Which tree is meant, or which friend, is the user's to say: no other worker can know better.
    if (message.error !== undefined && USERS_MISTAKES.includes(message.error.code)) this.#end('failed', message.error);
    else this.#count();
  }
  #resume(recovered: Recovery, { files }: Checkpoint): void {
    this.#dataSet = DataSet.restored(files);
    for (const [position, error] of recovered.missing) this.#dataSet.lose(position, error);
    this.#figures.restore(recovered.workers(), recovered.bytes);
    this.#processing.failures.restore(recovered.failures, recovered.failuresLeftOut);
    this.#move('located');
    this.#process(recovered.settled);
  }
  #process(settled = new SettledRanges()): void {
    const { first, entries } = this.spec;
    const { files, total } = this.#dataSet.window(first, entries);
    this.#isTotalKnown = total !== null;
    this.#move('counted');
    this.#times.processing = this.#parts.clock.now();
    this.#figures.begin(this.#times.processing);
    this.#parts.tell(this.#lookupMessage('validated'));
    this.#parts.onFiles(this.#dataSet.dump());
    const learnt = this.#dataSet.learnt();
    if (learnt.length > 0) this.#parts.learn(learnt);
    this.#processing.begin(this.#dataSet, files, settled);
    this.#checkpoint();
  }

  /** Everything so far, in the place of the journal. */
  #checkpoint(): void {
    if (this.isOver) return;
    const { merger } = this.#parts;
    const parts = { dataSet: this.#dataSet, processing: this.#processing, figures: this.#figures, merger };
    this.#checkpoints.write(checkpointOf(parts)).catch((error: unknown) => this.#end('failed', errorBody(error)));
  }

  /** Each is told once a query: every worker finds out for itself. */
  #replicaFailed(url: string, { message }: ErrorBody): void {
    if (this.#failedReplicas.has(url)) return;
    this.#failedReplicas.add(url);
    this.#parts.tell({ type: 'notice', text: `The replica ${url} failed and is avoided for a while: ${message}` });
  }
  #preparationFailed(error: UserError): void {
    if (this.#seats.preparationFailed(this.spec.maxAttempts)) this.#end('failed', error);
  }

  /** The workers run workerTerminate before the query ends. */
  #settled(): void {
    this.#move('settled');
    this.#timers.after(FINISH_MS, () => this.#conclude());
    this.#seats.finish(this.spec.queryId);
    this.#checkFinished();
  }
  #finished(seat: QuerySeat, { increment, error }: Extract<WorkerMessage, { type: 'finished' }>): void {
    if (seat.phase !== 'finishing') return;
    seat.phase = 'ready';
    if (increment !== undefined) this.#processing.mergeLast(seat.worker.workerId, increment);
    if (error !== undefined) this.#end('failed', error);
    else this.#checkFinished();
  }
  #checkFinished(): void {
    if (this.#state === 'finishing' && this.#seats.isFinished) this.#conclude();
  }

  #conclude(): void {
    if (this.isOver) return;
    const missingFiles = this.#dataSet.missingFiles();
    if (this.#isStopped) this.#end('stopped', null);
    else {
      const status = endStatus(this.#processing.counts(), missingFiles.length);
      this.#end(status, status === 'failed' ? failureOf(missingFiles, this.#processing.failures.first) : null);
    }
  }

  #end(status: QueryState, error: UserError | null): void {
    if (this.isOver) return;
    this.#timers.cancelAll();
    this.#move('end');
    this.#processing.end();
    this.#seats.tellAll({ type: 'endQuery', queryId: this.spec.queryId });
    this.#status = status;
    this.#parts.tell(this.#progressMessage());
    const timing = timingOf(this.#times, this.#parts.clock.now(), this.#figures.mergeMs);
    const { failures } = this.#processing;
    const [entries, missingFiles] = [this.entries(), this.#dataSet.missingFiles()];
    const parts = { status, error, entries, missingFiles, failures, figures: this.#figures, timing };
    this.#parts.onEnd(answerOf(this.spec, parts));
  }

  /** Progress, overdue packets, outputs: every PROGRESS_MS. */
  #tick(): void {
    this.#timers.after(PROGRESS_MS, () => {
      this.#processing.serveAll();
      this.#processing.endStuck();
      if (this.isOver) return;
      this.#parts.tell(this.#progressMessage());
      if (this.#state === 'counting') this.#parts.tell(this.#lookupMessage('validating'));
      const state = this.live.due(this.#parts.clock.now(), () => this.#parts.merger.live());
      if (state !== undefined) this.#parts.tell({ type: 'outputs', queryId: this.spec.queryId, state });
      this.#tick();
    });
  }
  #lookupMessage(stage: LookupStage): ToClientMessage {
    return lookupMessage(this.spec.queryId, stage, { dataSet: this.#dataSet, counting: this.#counting });
  }
  #progressMessage(): ToClientMessage {
    const what = { queryId: this.spec.queryId, state: this.state, entries: this.entries() };
    const parts = { figures: this.#figures, processing: this.#processing };
    return progressMessage(what, parts, { now: this.#parts.clock.now(), since: this.#times.processing });
  }
  #move(event: RunEvent): void {
    this.#state = nextRunState(this.#state, event);
  }
}
