/**
 * What users do in a chaos run: they run queries and wait, leave them and come back, vanish in the middle, work in a session that they detach
 * from and attach to again, and hand in batch jobs. Each answer is held against the right one.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { QueryInfo } from '../../protocol/api.js';
import { FINAL_QUERY_STATES } from '../../protocol/ids.js';
import type { JobInfo, TraceLine } from '../../protocol/job-messages.js';
import type { Ran } from '../support/cluster.js';
import type { Random } from './faults.js';
import { pause } from './pause.js';
import type { Task, World } from './world.js';

export interface Tally {
  queries: number;
  entries: number;
  jobs: number;
  /** Of them, those that were suspended while a session used their cores. */
  jobsSuspended: number;
  jobsResubmitted: number;
  clientsLost: number;
  refusedForRoom: number;
  /** Commands that began while no ProxyServer, or no catalog, was there. */
  notReached: number;
  /** What went otherwise than promised. */
  readonly differences: string[];
}

const QUERY = /\S+-\d+-\d+:q\d+/;
/** Of a job now and then; the others take up to 2.5 s. */
const LONG_JOB_S = 20;
const LONG_JOB_EVERY = 4;
/** A disk that is full refuses what is new, with this sentence; that is as promised. */
const NOT_REACHED = /Cannot reach chaos|CATALOG_UNREACHABLE/;
const NO_ROOM = /MASTER_JOURNAL|PROXY_STATE_DIR|ENOSPC|disk is full/;

export class Actors {
  readonly #world: World;
  readonly #tally: Tally;
  readonly #random: Random;
  /** Queries whose answer was looked at. */
  readonly #judged = new Set<string>();
  #isOver = false;
  #jobs = 0;
  /** What each does now. */
  readonly #doing = new Map<string, string>();

  constructor(world: World, tally: Tally, random: Random) {
    this.#world = world;
    this.#tally = tally;
    this.#random = random;
  }

  /** Until `finish` was called and each has come to the end of what it does. */
  async work(): Promise<void> {
    await Promise.all([
      this.#again(() => this.#runs()),
      this.#again(() => this.#leaves()),
      this.#again(() => this.#submits('first')),
      this.#again(() => this.#submits('second')),
    ]);
  }
  /** For whoever waits for them in vain. */
  get doing(): string {
    return JSON.stringify([...this.#doing]);
  }
  finish(): void {
    this.#isOver = true;
  }

  async #again(act: () => Promise<void>): Promise<void> {
    while (!this.#isOver) {
      await act();
      await pause(200 + this.#random() * 800);
    }
  }
  #task(): Task {
    const { tasks } = this.#world;
    return tasks[Math.floor(this.#random() * tasks.length)]!;
  }

  /** Runs a query and waits; where it is killed meanwhile, comes back from elsewhere. */
  async #runs(): Promise<void> {
    const task = this.#task();
    const { ran, wasKilled } = await this.#command('run', ...task.words, '--json', '-');
    if (!wasKilled) this.#judge(task, ran, 'run');
    else {
      this.#tally.clientsLost++;
      const ref = QUERY.exec(ran.stderr)?.[0];
      if (ref !== undefined) await this.#retrieve(task, ref, 'retrieve of a lost client');
    }
  }

  /** Leaves at once and comes back for the answer. */
  async #leaves(): Promise<void> {
    const task = this.#task();
    const { ran, wasKilled } = await this.#command('run', '--async', ...task.words);
    const ref = QUERY.exec(ran.stdout)?.[0];
    if (ref === undefined) {
      if (!wasKilled) this.#judge(task, ran, 'run --async');
      return;
    }
    await pause(this.#random() * 3_000);
    await this.#retrieve(task, ref, 'retrieve');
  }

  async #retrieve(task: Task, ref: string, how: string): Promise<void> {
    for (;;) {
      const { ran, wasKilled } = await this.#command('retrieve', ref, '--json', '-');
      this.#doing.set(how, `${ref} again; the last time: ${wasKilled ? 'killed' : ran.stderr.slice(-300)}`);
      if (wasKilled || NOT_REACHED.test(ran.stderr)) continue;
      this.#judge(task, ran, how);
      await this.#world.proof('remove', ref);
      this.#doing.delete(how);
      return;
    }
  }

  async #submits(who: string): Promise<void> {
    const n = this.#jobs++;
    const file = this.#world.file(`job${n}.jdl`);
    const seconds = n % LONG_JOB_EVERY === 0 ? LONG_JOB_S : (0.5 + this.#random() * 2).toFixed(1);
    const script = this.#world.file('job.sh');
    writeFileSync(script, 'echo begin $1; sleep $2; echo end $1\n');
    writeFileSync(file, `Executable = "/bin/sh"; Arguments = "${script} ${n} ${seconds}"; TTL = 600;`);
    const ran = await this.#world.proof('submit', file);
    const jobId = Number(ran.stdout.trim());
    if (ran.status !== 0 || !Number.isInteger(jobId)) {
      this.#refused(ran, 'submit');
      return;
    }
    for (;;) {
      const job = (await this.#world.ask<JobInfo[]>('/jobs')).find((one) => one.jobId === jobId);
      this.#doing.set(`submits, ${who}`, JSON.stringify(job));
      if (job?.state === 'DONE') break;
      if (job?.state === 'EXPIRED' || job?.state.startsWith('ERROR')) {
        await this.#world.proof('resubmit', String(jobId));
        this.#tally.jobsResubmitted++;
      }
      await pause(1_000);
    }
    const trace = await this.#world.ask<TraceLine[]>(`/jobs/${jobId}/trace`);
    const times = trace.filter(({ text }) => text.startsWith('DONE')).length;
    if (times !== 1) this.#tally.differences.push(`job ${jobId} was done ${times} times`);
    const said = await this.#world.text(`/jobs/${jobId}/file?name=stdout`);
    if (said !== `begin ${n}\nend ${n}\n`)
      this.#tally.differences.push(`job ${jobId} printed ${JSON.stringify(said.slice(0, 200))}`);
    if (trace.some(({ text }) => text.startsWith('suspended'))) this.#tally.jobsSuspended++;
    this.#tally.jobs++;
  }

  /** Answers that nobody has looked at: of clients that vanished before they said which query they had. */
  async judgeTheRest(queries: readonly QueryInfo[]): Promise<void> {
    for (const { query, title, state } of queries.filter((one) => !this.#judged.has(one.query))) {
      const task = this.#world.tasks.find(({ name }) => title.startsWith(name));
      if (task === undefined) this.#tally.differences.push(`${query} (${state}) has the title ${title}`);
      else await this.#retrieve(task, query, 'retrieve at the end');
    }
  }

  #judge(task: Task, ran: Ran, how: string): void {
    if (ran.status !== 0 && this.#refused(ran, how)) return;
    try {
      const answer = JSON.parse(ran.stdout) as { entries: unknown; outputs: unknown; query: string };
      const { entries } = task;
      this.#judged.add(answer.query);
      const whole = JSON.stringify({ total: entries, done: entries, failed: 0, missing: 0 });
      if (JSON.stringify(answer.entries) !== whole)
        this.#differs(`${how} ${answer.query}: entries ${JSON.stringify(answer.entries)}`, ran);
      else if (JSON.stringify(answer.outputs) !== task.outputs)
        this.#differs(`${how} ${answer.query}: other bits`, ran);
      else {
        this.#tally.queries++;
        this.#tally.entries += entries;
      }
    } catch {
      this.#differs(`${how}: exit status ${ran.status}, no answer`, ran);
    }
  }
  #refused(ran: Ran, how: string): boolean {
    if (NO_ROOM.test(ran.stderr)) {
      this.#tally.refusedForRoom++;
      const told = QUERY.exec(ran.stderr)?.[0];
      if (told !== undefined) this.#judged.add(told); // a disk without room for a row has none for the answer either
    } else if (NOT_REACHED.test(ran.stderr)) this.#tally.notReached++;
    else this.#differs(`${how}: exit status ${ran.status}`, ran);
    return true;
  }
  #differs(what: string, { stderr }: Ran): void {
    this.#tally.differences.push(
      `${new Date().toISOString()} ${what}: ${stderr.trim().split('\n').slice(-4).join(' | ')}`,
    );
  }

  /** A client that a fault may kill. */
  async #command(...words: string[]): Promise<{ ran: Ran; wasKilled: boolean }> {
    const child = spawn(process.execPath, [this.#world.command, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.#world.env },
    });
    this.#world.clients.add(child.pid!);
    this.#doing.set(`command ${child.pid}`, words.slice(0, 3).join(' '));
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (data: Buffer) => {
        said[name] += data.toString('utf8');
      });
    const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    this.#world.clients.delete(child.pid!);
    this.#doing.delete(`command ${child.pid}`);
    return { ran: { status, ...said }, wasKilled: signal === 'SIGKILL' };
  }
}

/** Those whose clients vanished run to their end too. */
export async function allOver(world: World): Promise<QueryInfo[]> {
  for (;;) {
    const queries = await world.ask<QueryInfo[]>('/queries');
    if (queries.every(({ state }) => FINAL_QUERY_STATES.includes(state))) return queries;
    await pause(500);
  }
}
