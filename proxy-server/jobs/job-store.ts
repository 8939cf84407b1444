/** Jobs and their traces: the only module that knows these tables. Every move goes by the table of states and leaves a line. */
import type Database from 'better-sqlite3';
import type { JobSelection, JobState, TraceLine } from '../../protocol/job-messages.js';
import { WalSync } from '../wal-sync.js';
import { conditionOf, fromRow, type Job, type JobRow, LISTED } from './job-row.js';
import { ACTIVE_STATES, FINAL_STATES, type JobEvent, nextJobState } from './job-states.js';

export interface NewJob {
  readonly user: string;
  readonly name: string;
  readonly jdl: string;
  readonly wants: string;
  readonly price: number;
  readonly cores: number;
  /** It may wait for so long; null: no limit. */
  readonly waitMs: number | null;
}

const quotedList = (states: readonly JobState[]): string => states.map((state) => `'${state}'`).join(', ');
export class JobStore {
  readonly #db: Database.Database;
  readonly #one: Database.Statement<[number], JobRow>;
  readonly #insert: Database.Statement;
  readonly #update: Database.Statement;
  readonly #trace: Database.Statement;
  readonly #openPart: Database.Statement<[number], { job_id: number }>;
  readonly #move: Database.Transaction<(jobId: number, event: JobEvent, news: JobNews) => Job | undefined>;

  readonly #wal: WalSync;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#wal = new WalSync(db.name);
    this.#one = db.prepare('SELECT * FROM job WHERE job_id = ?');
    this.#insert = db.prepare(
      `INSERT INTO job (master_id, is_master, merge_of, user, name, state, jdl, wants, price, cores, wait_until, wait_ms, submitted_at)
       VALUES (@masterId, @isMaster, @mergeOf, @user, @name, @state, @jdl, @wants, @price, @cores, @waitUntil, @waitMs, @nowMs)`,
    );
    this.#update = db.prepare(
      `UPDATE job SET state = @state, is_suspended = @isSuspended, site = @site, host = @host, agent_id = @agentId, run = @run, wait_until = @waitUntil,
         started_at = @startedAt, ended_at = @endedAt, exit_code = @exitCode, cpu_s = @cpuSeconds, wall_s = @wallSeconds,
         memory_bytes = @memoryBytes, cost = @cost, resubmissions = @resubmissions, losses = @losses, why = @why
       WHERE job_id = @jobId`,
    );
    this.#trace = db.prepare('INSERT INTO job_trace (job_id, at, tag, text) VALUES (?, ?, ?, ?)');
    this.#openPart = db.prepare('SELECT job_id FROM job WHERE master_id = ? AND ended_at IS NULL LIMIT 1');
    this.#move = db.transaction((jobId, event, news) => this.#moved(jobId, event, news));
  }

  /** Settles when all that is known so far survives a power cut. @throws the disk's failure */
  durable(): Promise<void> {
    return this.#wal.durable();
  }
  close(): Promise<void> {
    return this.#wal.close();
  }

  /** Many changes as one: all of them or none, and one write to the disk. */
  together<T>(change: () => T): T {
    return this.#db.transaction(change)();
  }

  /** A job that is not split. @returns its number */
  add(job: NewJob, nowMs: number): number {
    return this.together(() => this.#add(job, { masterId: null, state: 'WAITING', nowMs }));
  }

  /** A master before its sub-jobs: SPLITTING. */
  addMaster(job: NewJob, nowMs: number): number {
    return this.together(() => this.#add(job, { masterId: null, state: 'SPLITTING', nowMs }));
  }
  /** Jobs that merge the outputs of its sub-jobs; those of an earlier time are no longer its own. */
  addMerging(masterId: number, jobs: readonly NewJob[], nowMs: number): Job[] {
    return this.together(() => {
      this.#db.prepare('UPDATE job SET merge_of = NULL WHERE merge_of = ?').run(masterId);
      return jobs.map(
        (job) => this.get(this.#add(job, { masterId: null, mergeOf: masterId, state: 'WAITING', nowMs }))!,
      );
    });
  }
  /** Some of its sub-jobs, INSERTING until `splitDone`. */
  addParts(masterId: number, parts: readonly NewJob[], nowMs: number): void {
    this.together(() => {
      for (const part of parts) this.#add(part, { masterId, state: 'INSERTING', nowMs });
    });
  }
  /** All sub-jobs are there, and wait. @returns them; none where the master was killed meanwhile */
  splitDone(masterId: number, nowMs: number): Pick<Job, 'jobId' | 'user' | 'wants' | 'waitUntil'>[] {
    return this.together(() => {
      const why = 'all sub-jobs are in the queue';
      if (this.#moved(masterId, 'split', { nowMs, why }) === undefined) return [];
      this.#db.prepare(`UPDATE job SET state = 'WAITING' WHERE master_id = ? AND state = 'INSERTING'`).run(masterId);
      return this.waiting(masterId);
    });
  }
  /** What was being split when the last ProxyServer ended: its sub-jobs are taken out again. */
  abandonSplits(nowMs: number): void {
    const masters = this.#db.prepare<[], { job_id: number }>(`SELECT job_id FROM job WHERE state = 'SPLITTING'`).all();
    for (const { job_id: masterId } of masters) this.dropParts(masterId, 'the ProxyServer ended meanwhile', nowMs);
  }
  dropParts(masterId: number, why: string, nowMs: number): void {
    this.together(() => {
      this.#db
        .prepare(
          `DELETE FROM job_trace WHERE job_id IN (SELECT job_id FROM job WHERE master_id = ? AND state = 'INSERTING')`,
        )
        .run(masterId);
      this.#db.prepare(`DELETE FROM job WHERE master_id = ? AND state = 'INSERTING'`).run(masterId);
      this.#moved(masterId, 'splitFailed', { nowMs, why });
    });
  }

  get(jobId: number): Job | undefined {
    const row = this.#one.get(jobId);
    return row === undefined ? undefined : fromRow(row);
  }
  /** Of one master or of all, the oldest first. */
  waiting(masterId: number | null = null): Pick<Job, 'jobId' | 'user' | 'wants' | 'waitUntil'>[] {
    const of = masterId === null ? '' : 'AND master_id = ?';
    const columns = 'job_id AS jobId, user, wants, wait_until AS waitUntil';
    return this.#db
      .prepare<number[], Pick<Job, 'jobId' | 'user' | 'wants' | 'waitUntil'>>(
        `SELECT ${columns} FROM job WHERE state IN ('WAITING', 'OVER_WAITING') ${of} ORDER BY job_id`,
      )
      .all(...(masterId === null ? [] : [masterId]));
  }
  usersOverWaiting(): string[] {
    return this.#db
      .prepare<[], { user: string }>(`SELECT DISTINCT user FROM job WHERE state = 'OVER_WAITING'`)
      .all()
      .map(({ user }) => user);
  }
  active(): Job[] {
    return this.#db
      .prepare<[], JobRow>(`SELECT * FROM job WHERE state IN (${quotedList(ACTIVE_STATES)}) ORDER BY job_id`)
      .all()
      .map(fromRow);
  }
  /** Runs that are over, of jobs that were not over at that time: whatever lived with them may still be alive. */
  runsOver(sinceMs: number): Pick<Job, 'jobId' | 'run' | 'user' | 'agentId' | 'submittedAt'>[] {
    return this.#db
      .prepare<[number], Pick<Job, 'jobId' | 'run' | 'user' | 'submittedAt'> & { isActive: 0 | 1 }>(
        `SELECT job_id AS jobId, run, user, submitted_at AS submittedAt, state IN (${quotedList(ACTIVE_STATES)}) AS isActive
           FROM job WHERE run > 0 AND (ended_at IS NULL OR ended_at >= ?)`,
      )
      .all(sinceMs)
      .flatMap(({ isActive, run, ...job }) =>
        Array.from({ length: run - isActive }, (_, i) => ({ ...job, run: i + 1, agentId: null })),
      );
  }
  /** Without their texts. */
  list(selection: Partial<JobSelection>): Job[] {
    const { where, values } = conditionOf(selection);
    return this.#db
      .prepare<unknown[], JobRow>(`SELECT ${LISTED} FROM job WHERE ${where} ORDER BY job_id LIMIT ?`)
      .all(...values, selection.limit ?? -1)
      .map(fromRow);
  }
  /** Sub-jobs of a master, without their texts. */
  subJobs(masterId: number): Job[] {
    return this.list({ masters: [masterId] });
  }
  hasOpenPart(masterId: number): boolean {
    return this.#openPart.get(masterId) !== undefined;
  }
  /** Masters that are SPLIT though all their sub-jobs have ended. */
  openMasters(): number[] {
    return this.#db
      .prepare<[], { job_id: number }>(
        `SELECT job_id FROM job AS master WHERE state = 'SPLIT'
           AND NOT EXISTS (SELECT 1 FROM job WHERE master_id = master.job_id AND ended_at IS NULL)`,
      )
      .all()
      .map(({ job_id: jobId }) => jobId);
  }
  /** How many sub-jobs are in which state. */
  partStates(masterId: number): Partial<Record<JobState, number>> {
    const rows = this.#db
      .prepare<[number], { state: JobState; n: number }>(
        'SELECT state, count(*) AS n FROM job WHERE master_id = ? GROUP BY state',
      )
      .all(masterId);
    return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
  }

  /** The move with what else became known, and its line in the trace; undefined (and nothing changes) where the table has no such move. */
  move(jobId: number, event: JobEvent, news: JobNews): Job | undefined {
    return this.#move(jobId, event, news);
  }

  /** The master of a job that was over and is to run again: SPLIT, or MERGING if that is what the job does. */
  reopenFor({ masterId, mergeOf }: Pick<Job, 'masterId' | 'mergeOf'>, nowMs: number, why: string): void {
    if (masterId !== null) this.move(masterId, 'reopen', { nowMs, why });
    if (mergeOf !== null) this.move(mergeOf, 'resubmit', { nowMs, why });
  }

  /** All jobs of a user that are in this state, each with its line in the trace. */
  moveAll(user: string, { from, event }: { from: JobState; event: JobEvent }, { nowMs, why }: JobNews): void {
    const to = nextJobState(from, event);
    if (to === undefined) return;
    this.together(() => {
      this.#db
        .prepare(
          `INSERT INTO job_trace (job_id, at, tag, text) SELECT job_id, ?, 'state', ? FROM job WHERE user = ? AND state = ? ORDER BY job_id`,
        )
        .run(nowMs, `${to}: ${why}`, user, from);
      this.#db.prepare('UPDATE job SET state = ? WHERE user = ? AND state = ?').run(to, user, from);
    });
  }

  /** What became known of a job that stays in its state. */
  update(job: Job): void {
    this.#save(job);
  }

  setSuspended(job: Job, isSuspended: boolean, nowMs: number): void {
    this.#save({ ...job, isSuspended });
    const text = isSuspended ? 'suspended: a session uses the cores' : 'continued';
    this.#trace.run(job.jobId, nowMs, 'proc', text);
  }

  note(jobId: number, tag: string, text: string, nowMs: number): void {
    this.#trace.run(jobId, nowMs, tag, text);
  }
  trace(jobId: number, after: number): TraceLine[] {
    return this.#db
      .prepare<[number, number], TraceLine>(
        'SELECT line, at, tag, text FROM job_trace WHERE job_id = ? AND line > ? ORDER BY line',
      )
      .all(jobId, after);
  }

  /** Forgets jobs that ended before, masters only with all their sub-jobs. @returns their ids */
  prune(beforeMs: number): number[] {
    return this.together(() => {
      const old = this.#db
        .prepare<[number], { job_id: number }>(
          `DELETE FROM job WHERE state IN (${quotedList(FINAL_STATES)}) AND ended_at < ?
             AND NOT EXISTS (SELECT 1 FROM job AS sub WHERE sub.master_id = job.job_id AND sub.ended_at IS NULL)
           RETURNING job_id`,
        )
        .all(beforeMs)
        .map((row) => row.job_id);
      const forget = this.#db.prepare('DELETE FROM job_trace WHERE job_id = ?');
      for (const jobId of old) forget.run(jobId);
      return old;
    });
  }

  #add(job: NewJob, { masterId, mergeOf = null, state, nowMs }: Place): number {
    const waitUntil = job.waitMs === null ? null : nowMs + job.waitMs;
    const row = { ...job, masterId, mergeOf, isMaster: state === 'SPLITTING' ? 1 : 0, state, waitUntil, nowMs };
    const jobId = Number(this.#insert.run(row).lastInsertRowid);
    const waits = state === 'INSERTING' ? 'WAITING' : state;
    this.#trace.run(jobId, nowMs, 'state', `${waits}: submitted by ${job.user}`);
    return jobId;
  }

  #moved(jobId: number, event: JobEvent, news: JobNews): Job | undefined {
    const job = this.get(jobId);
    const state = job === undefined ? undefined : nextJobState(job.state, event);
    if (job === undefined || state === undefined) return undefined;
    const isOver = FINAL_STATES.includes(state);
    const waitsAnew = state === 'WAITING' && event !== 'takeBack' && job.waitMs !== null;
    const next: Job = {
      ...job,
      isSuspended: false,
      waitUntil: waitsAnew ? news.nowMs + job.waitMs : job.waitUntil,
      endedAt: isOver ? news.nowMs : null,
      why: isOver ? news.why : null,
      ...news.facts,
      state,
    };
    this.#save(next);
    this.#trace.run(jobId, news.nowMs, 'state', `${state}: ${news.why}`);
    return next;
  }

  #save(job: Job): void {
    this.#update.run({ ...job, isSuspended: job.isSuspended ? 1 : 0, isMaster: job.isMaster ? 1 : 0 });
  }
}

/** Where a new job stands. */
interface Place {
  readonly masterId: number | null;
  readonly mergeOf?: number | null;
  readonly state: JobState;
  readonly nowMs: number;
}

/** What comes with a move. */
export interface JobNews {
  readonly nowMs: number;
  readonly why: string;
  readonly facts?: Partial<Job>;
}
