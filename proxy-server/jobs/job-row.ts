/** A job as it is, and as a row of the state file. Pure. */
import type { JobInfo, JobSelection, JobState } from '../../protocol/job-messages.js';

export interface Job extends JobInfo {
  /** ClassAd text, arguments put in. */
  readonly jdl: string;
  /** What the matchmaker sees of it: job-wants.ts. */
  readonly wants: string;
  /** How often its agent was lost, since it was submitted or resubmitted. */
  readonly losses: number;
  /** `WAITING` for longer is an error; null: no limit. */
  readonly waitUntil: number | null;
  /** Of each time that it waits. */
  readonly waitMs: number | null;
}

export interface JobRow {
  job_id: number;
  master_id: number | null;
  is_master: number;
  merge_of: number | null;
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
  wait_ms: number | null;
  submitted_at: number;
  started_at: number | null;
  ended_at: number | null;
  exit_code: number | null;
  cpu_s: number;
  wall_s: number;
  memory_bytes: number;
  cost: number;
  resubmissions: number;
  losses: number;
  wants: string;
  why: string | null;
}

/** All that is shown in lists: not the texts, which may be long. */
export const LISTED = `job_id, master_id, is_master, merge_of, user, name, state, is_suspended, '' AS jdl, '' AS wants, price, cores, site, host, agent_id, run,
  wait_until, wait_ms, submitted_at, started_at, ended_at, exit_code, cpu_s, wall_s, memory_bytes, cost, resubmissions, losses, why`;

export function conditionOf(selection: Partial<JobSelection>): { where: string; values: (string | number)[] } {
  const parts = ['job_id > ?'];
  const values: (string | number)[] = [selection.after ?? 0];
  const oneOf = (column: string, wanted: readonly (string | number)[] | undefined): void => {
    if (wanted === undefined) return;
    parts.push(`${column} IN (SELECT value FROM json_each(?))`);
    values.push(JSON.stringify(wanted));
  };
  oneOf('state', selection.states);
  if (selection.exceptStates !== undefined) {
    parts.push('state NOT IN (SELECT value FROM json_each(?))');
    values.push(JSON.stringify(selection.exceptStates));
  }
  oneOf('user', selection.users);
  oneOf('site', selection.sites);
  oneOf('host', selection.hosts);
  oneOf('master_id', selection.masters);
  oneOf('job_id', selection.jobs);
  oneOf('merge_of', selection.mergesOf);
  if (selection.families !== undefined) {
    const columns = ['job_id', 'master_id', 'merge_of'];
    parts.push(`(${columns.map((column) => `${column} IN (SELECT value FROM json_each(?))`).join(' OR ')})`);
    values.push(...columns.map(() => JSON.stringify(selection.families)));
  }
  if (selection.mastersOnly === true) parts.push('is_master = 1');
  return { where: parts.join(' AND '), values };
}

export function fromRow(row: JobRow): Job {
  return {
    jobId: row.job_id,
    masterId: row.master_id,
    isMaster: row.is_master === 1,
    mergeOf: row.merge_of,
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
    waitMs: row.wait_ms,
    submittedAt: row.submitted_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    exitCode: row.exit_code,
    cpuSeconds: row.cpu_s,
    wallSeconds: row.wall_s,
    memoryBytes: row.memory_bytes,
    cost: row.cost,
    resubmissions: row.resubmissions,
    losses: row.losses,
    wants: row.wants,
    why: row.why,
  };
}
