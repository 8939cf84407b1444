/** Jobs and their traces: the only module that knows these tables. Every move goes by the table of states and leaves a line. */
import type Database from 'better-sqlite3';
import type { JobInfo, JobState, TraceLine } from '../../protocol/job-messages.js';
import { ACTIVE_STATES, FINAL_STATES, type JobEvent, nextJobState } from './job-states.js';

export interface Job extends JobInfo {
  /** ClassAd text, arguments put in. */
  readonly jdl: string;
  /** `WAITING` for longer is an error; null: no limit. */
  readonly waitUntil: number | null;
}

export interface NewJob {
  readonly user: string;
  readonly name: string;
  readonly jdl: string;
  readonly price: number;
  readonly cores: number;
  readonly waitUntil: number | null;
}

interface JobRow {
  job_id: number;
  master_id: number | null;
  is_master: number;
  user: string;
  name: string;
  state: string;
  is_suspended: number;
  jdl: string;
  price: number;
  cores: number;
  site: string | null;
  host: string | null;
  agent_id: string | null;
  run: number;
  wait_until: number | null;
  submitted_at: number;
  started_at: number | null;
  ended_at: number | null;
  exit_code: number | null;
  cpu_s: number;
  wall_s: number;
  why: string | null;
}

const quotedList = (states: readonly JobState[]): string => states.map((state) => `'${state}'`).join(', ');
const MOST_LISTED = 200_000;

export class JobStore {
  readonly #db: Database.Database;
  readonly #one: Database.Statement<[number], JobRow>;
  readonly #waiting: Database.Statement<[number], JobRow>;
  readonly #active: Database.Statement<[], JobRow>;
  readonly #insert: Database.Statement;
  readonly #update: Database.Statement;
  readonly #trace: Database.Statement;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#one = db.prepare('SELECT * FROM job WHERE job_id = ?');
    this.#waiting = db.prepare(`SELECT * FROM job WHERE state = 'WAITING' ORDER BY job_id LIMIT ?`);
    this.#active = db.prepare(`SELECT * FROM job WHERE state IN (${quotedList(ACTIVE_STATES)}) ORDER BY job_id`);
    this.#insert = db.prepare(
      `INSERT INTO job (master_id, is_master, user, name, state, jdl, price, cores, wait_until, submitted_at)
       VALUES (@masterId, @isMaster, @user, @name, @state, @jdl, @price, @cores, @waitUntil, @nowMs)`,
    );
    this.#update = db.prepare(
      `UPDATE job SET state = @state, is_suspended = @isSuspended, site = @site, host = @host, agent_id = @agentId, run = @run,
         started_at = @startedAt, ended_at = @endedAt, exit_code = @exitCode, cpu_s = @cpuSeconds, wall_s = @wallSeconds, why = @why
       WHERE job_id = @jobId`,
    );
    this.#trace = db.prepare('INSERT INTO job_trace (job_id, at, tag, text) VALUES (?, ?, ?, ?)');
  }

  /** One job, or a master with its sub-jobs: all or none. @returns the id of the job or master */
  add(job: NewJob, subJobs: readonly NewJob[] | null, nowMs: number): number {
    const insert = (one: NewJob, masterId: number | null, isMaster: boolean): number => {
      const state = isMaster ? 'SPLIT' : 'WAITING';
      const row = { ...one, masterId, isMaster: isMaster ? 1 : 0, state, nowMs };
      const jobId = Number(this.#insert.run(row).lastInsertRowid);
      this.#trace.run(jobId, nowMs, 'state', `${state}: submitted by ${one.user}`);
      return jobId;
    };
    return this.#db.transaction(() => {
      const jobId = insert(job, null, subJobs !== null);
      for (const subJob of subJobs ?? []) insert(subJob, jobId, false);
      if (subJobs !== null) this.#trace.run(jobId, nowMs, 'state', `split into ${subJobs.length} sub-jobs`);
      return jobId;
    })();
  }

  get(jobId: number): Job | undefined {
    const row = this.#one.get(jobId);
    return row === undefined ? undefined : fromRow(row);
  }
  /** The oldest first. */
  waiting(most = MOST_LISTED): Job[] {
    return this.#waiting.all(most).map(fromRow);
  }
  active(): Job[] {
    return this.#active.all().map(fromRow);
  }
  subJobs(masterId: number): Job[] {
    return this.#db
      .prepare<[number], JobRow>('SELECT * FROM job WHERE master_id = ? ORDER BY job_id')
      .all(masterId)
      .map(fromRow);
  }
  /** Of one user, or of all (null). */
  list(user: string | null): Job[] {
    return this.#db
      .prepare<[string | null, string | null, number], JobRow>(
        'SELECT * FROM job WHERE ? IS NULL OR user = ? ORDER BY job_id LIMIT ?',
      )
      .all(user, user, MOST_LISTED)
      .map(fromRow);
  }
  unfinished(user: string): number {
    return this.#db
      .prepare<[string], { n: number }>(
        `SELECT count(*) AS n FROM job WHERE user = ? AND is_master = 0 AND state NOT IN (${quotedList(FINAL_STATES)})`,
      )
      .get(user)!.n;
  }

  /** The move with what else became known, and its line in the trace; undefined (and nothing changes) where the table has no such move. */
  move(jobId: number, event: JobEvent, news: { nowMs: number; why: string; facts?: Partial<Job> }): Job | undefined {
    return this.#db.transaction(() => {
      const job = this.get(jobId);
      const state = job === undefined ? undefined : nextJobState(job.state, event);
      if (job === undefined || state === undefined) return undefined;
      const isOver = FINAL_STATES.includes(state);
      const next: Job = {
        ...job,
        isSuspended: false,
        endedAt: isOver ? news.nowMs : null,
        why: isOver ? news.why : null,
        ...news.facts,
        state,
      };
      this.#save(next);
      this.#trace.run(jobId, news.nowMs, 'state', `${state}: ${news.why}`);
      return next;
    })();
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
    return this.#db.transaction(() => {
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
    })();
  }

  #save(job: Job): void {
    this.#update.run({ ...job, isSuspended: job.isSuspended ? 1 : 0, isMaster: job.isMaster ? 1 : 0 });
  }
}

function fromRow(row: JobRow): Job {
  return {
    jobId: row.job_id,
    masterId: row.master_id,
    isMaster: row.is_master === 1,
    user: row.user,
    name: row.name,
    state: row.state as JobState,
    isSuspended: row.is_suspended === 1,
    jdl: row.jdl,
    price: row.price,
    cores: row.cores,
    site: row.site,
    host: row.host,
    agentId: row.agent_id,
    run: row.run,
    waitUntil: row.wait_until,
    submittedAt: row.submitted_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    exitCode: row.exit_code,
    cpuSeconds: row.cpu_s,
    wallSeconds: row.wall_s,
    why: row.why,
  };
}
