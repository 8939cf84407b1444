/** `proof submit | ps | masterjob | kill | resubmit | trace | spy`: batch jobs, with AliEn's words and flags. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { z } from 'zod';
import { UsageError } from '../../protocol/errors.js';
import { type JobInfo, jobInfo, submittedJob, traceLine } from '../../protocol/job-messages.js';
import { isOver, readPsFlags, shortCode } from '../jobs/ps-flags.js';
import { apiOf } from '../named-api.js';
import { printJson, printTable } from '../print.js';
import type { ServerApi } from '../server-api.js';
import { formatSpan } from '../show/span.js';

const jobWithJdl = jobInfo.extend({ jdl: z.string(), subJobs: z.array(jobInfo) });
const FOLLOW_EVERY_MS = 500;

export function addCommands(program: Command): void {
  const add = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option('--host <HOST>', 'the ProxyServer')
      .option('--json', 'as JSON');
  addSubmit(add);
  addPs(add);
  addVerbs(add);
  addLooks(add);
}

type Add = (name: string, description: string) => Command;

function addSubmit(add: Add): void {
  add('submit', 'hand a job to the queue; prints its number')
    .argument('<file>', 'the JDL, - for standard input')
    .argument('[args...]', 'what $1, $2 … stand for')
    .action(async (file: string, args: string[], options: { json?: true }, command: Command) => {
      const answer = await apiOf(command).call('POST', '/jobs', submittedJob, { jdl: readJdl(file), args });
      for (const warning of answer.warnings) process.stderr.write(`proof: warning: ${warning}\n`);
      if (options.json) return printJson(answer);
      const parts = answer.subJobs > 0 ? ` (${answer.subJobs} sub-jobs)` : '';
      process.stdout.write(`${answer.jobId}${parts}\n`);
    });
}

function addPs(add: Add): void {
  add('ps', 'your jobs: those that are not over, or as the flags say')
    .argument(
      '[flags...]',
      '-f STATES|GROUP, -u USERS, -s SITES, -n NODES, -m MASTERS, -j JOBS, -l N, -o KEY, -a -A -X -W -E -M -L -id, -jdl JOB, -trace JOB',
    )
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (_flags: unknown, options: { json?: true }, command: Command) => {
      const flags = readPsFlags(command.args);
      const api = apiOf(command);
      if (flags.jdl !== null) process.stdout.write(await jdlOf(api, flags.jdl, options.json === true));
      if (flags.trace !== null) await printTrace(api, flags.trace, { json: options.json === true });
      if (flags.jdl !== null || flags.trace !== null) return;
      const all = await api.call('GET', `/jobs?all=${flags.everyones ? 1 : 0}`, z.array(jobInfo));
      const shown = flags.choose(all);
      if (options.json) printJson(shown);
      else if (flags.idsOnly) process.stdout.write(shown.map(({ jobId }) => `${jobId}\n`).join(''));
      else printJobs(shown, flags.isLong);
    });
}

function addVerbs(add: Add): void {
  for (const { verb, method, path, done, about } of VERBS)
    add(verb, about)
      .argument('<job...>', 'numbers; a master stands for all its sub-jobs')
      .action(async (jobs: string[], options: { json?: true }, command: Command) => {
        for (const job of jobs) {
          const answer = await apiOf(command).call(
            method,
            `/jobs/${jobNumber(job)}${path}`,
            z.object({ jobs: z.number() }),
          );
          if (options.json) printJson({ jobId: jobNumber(job), ...answer });
          else process.stdout.write(`${job}: ${done}${answer.jobs > 1 ? ` (${answer.jobs} jobs)` : ''}\n`);
        }
      });
}

const VERBS = [
  { verb: 'kill', method: 'DELETE', path: '', done: 'killed', about: 'end jobs' },
  {
    verb: 'resubmit',
    method: 'POST',
    path: '/resubmit',
    done: 'resubmitted',
    about: 'give jobs that failed, expired or were killed to the queue again',
  },
] as const;

function addLooks(add: Add): void {
  add('masterjob', 'a master: its state, and how many sub-jobs are in which')
    .argument('<job>', 'its number')
    .option('--ids', 'also the numbers of the sub-jobs in each state')
    .action(async (job: string, options: { json?: true; ids?: true }, command: Command) => {
      const master = await apiOf(command).call('GET', `/jobs/${jobNumber(job)}`, jobWithJdl);
      if (!master.isMaster) throw new UsageError(`Job ${job} is no master; "proof ps -j ${job}" shows it.`);
      const states = new Map<string, number[]>();
      for (const { state, jobId } of master.subJobs) states.set(state, [...(states.get(state) ?? []), jobId]);
      if (options.json)
        return printJson({ jobId: master.jobId, state: master.state, states: Object.fromEntries(states) });
      process.stdout.write(`${master.jobId} ${master.state}, ${master.subJobs.length} sub-jobs\n`);
      for (const [state, ids] of states)
        process.stdout.write(`${String(ids.length).padStart(8)} ${state}${options.ids ? `: ${ids.join(' ')}` : ''}\n`);
    });
  add('trace', 'what became of a job, step by step')
    .argument('<job>', 'its number')
    .option('--follow', 'until it is over, with its standard output as it comes')
    .action(async (job: string, options: { json?: true; follow?: true }, command: Command) => {
      const api = apiOf(command);
      if (options.follow) await follow(api, jobNumber(job));
      else await printTrace(api, jobNumber(job), { json: options.json === true });
    });
  add('spy', 'the files of a job that are here: standard streams while it runs, outputs when it is over')
    .argument('<job>', 'its number')
    .argument('[file]', 'print this one; without it they are listed')
    .action(async (job: string, file: string | undefined, options: { json?: true }, command: Command) => {
      const api = apiOf(command);
      if (file !== undefined) {
        process.stdout.write(await api.bytes(`/jobs/${jobNumber(job)}/file?name=${encodeURIComponent(file)}`));
        return;
      }
      const shape = z.array(z.object({ name: z.string(), size: z.number() }));
      const files = await api.call('GET', `/jobs/${jobNumber(job)}/files`, shape);
      if (options.json) printJson(files);
      else
        printTable(
          ['file', 'bytes'],
          files.map(({ name, size }) => [name, size]),
        );
    });
}

function printJobs(jobs: readonly JobInfo[], isLong: boolean): void {
  const row = (job: JobInfo): (string | number | null)[] => {
    const { jobId, masterId, user, price, state, isSuspended, name } = job;
    const id = masterId === null ? String(jobId) : `-${jobId}`;
    const code = isSuspended ? `${shortCode(state)} (suspended)` : shortCode(state);
    if (!isLong) return [user, id, price, code, name];
    const age = formatSpan((job.endedAt ?? Date.now()) - job.submittedAt);
    return [user, id, price, code, name, job.site, job.host, job.run, job.cpuSeconds.toFixed(1), age, job.why];
  };
  const header = ['owner', 'id', 'priority', 'state', 'name'];
  printTable(isLong ? [...header, 'site', 'node', 'run', 'cpu s', 'age', 'why'] : header, jobs.map(row));
}

async function jdlOf(api: ServerApi, jobId: number, json: boolean): Promise<string> {
  const { jdl } = await api.call('GET', `/jobs/${jobId}`, jobWithJdl);
  const text = jdl.endsWith('\n') ? jdl : `${jdl}\n`;
  return json ? `${JSON.stringify({ jobId, jdl }, null, 2)}\n` : text;
}

/** @returns the last line's number */
async function printTrace(
  api: ServerApi,
  jobId: number,
  { json = false, after = 0 }: { json?: boolean; after?: number } = {},
): Promise<number> {
  const lines = await api.call('GET', `/jobs/${jobId}/trace?after=${after}`, z.array(traceLine));
  if (json) printJson(lines);
  else
    for (const { at, tag, text } of lines)
      process.stdout.write(`${new Date(at).toISOString()} [${tag.padEnd(10)}]: ${text}\n`);
  return lines.at(-1)?.line ?? after;
}

async function follow(api: ServerApi, jobId: number): Promise<void> {
  let after = 0;
  let shown = 0;
  for (;;) {
    const job = await api.call('GET', `/jobs/${jobId}`, jobWithJdl);
    after = await printTrace(api, jobId, { after });
    const files = await api.call(
      'GET',
      `/jobs/${jobId}/files`,
      z.array(z.object({ name: z.string(), size: z.number() })),
    );
    if ((files.find(({ name }) => name === 'stdout')?.size ?? 0) > shown) {
      const all = await api.bytes(`/jobs/${jobId}/file?name=stdout`);
      process.stdout.write(all.subarray(shown));
      shown = all.length;
    }
    if (isOver(job.state)) return;
    await new Promise((resolve) => setTimeout(resolve, FOLLOW_EVERY_MS));
  }
}

function jobNumber(text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) throw new UsageError(`${text} is no number of a job; "proof ps" shows them.`);
  return Math.abs(Number(text)); // ps shows sub-jobs with a dash
}

function readJdl(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (cause) {
    throw new UsageError(`The JDL ${file} cannot be read: ${(cause as Error).message}.`, { cause });
  }
}
