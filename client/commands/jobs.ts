/** `proof submit | ps | masterjob | kill | resubmit | trace | spy | quota`: batch jobs, with AliEn's words and flags. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { z } from 'zod';
import { GridError, UsageError } from '../../protocol/errors.js';
import { submittedJob, userQuota } from '../../protocol/job-messages.js';
import { ExitStatus } from '../exit-status.js';
import { jobNumber, jobWithJdl, listJobs } from '../jobs/ask-jobs.js';
import { followJob, printTrace } from '../jobs/follow-job.js';
import { jobTable, NARROW_JOBS } from '../jobs/job-table.js';
import { masterLines, readMasterWords } from '../jobs/masterjob-words.js';
import { PS_HELP, readPsFlags } from '../jobs/ps-flags.js';
import { readJdl } from '../jobs/read-jdl.js';
import { askJobMatch, waitingSentence, withWhyTheyWait } from '../jobs/why-waits.js';
import { apiOf } from '../named-api.js';
import { formatBytes, printJson, printTable, WIDE } from '../print.js';
import type { ServerApi } from '../server-api.js';
import { complain, tell, tellText } from '../show/tell.js';

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
  addMaster(add);
  addLooks(add);
  addQuota(add);
}

type Add = (name: string, description: string) => Command;

function addSubmit(add: Add): void {
  add('submit', 'hand a job to the queue; prints its number')
    .argument('<file>', 'the JDL, - for standard input; a text with = in it, which is no file, is the JDL itself')
    .argument('[args...]', 'what $1, $2 … stand for')
    .action(async (file: string, args: string[], options: { json?: true }, command: Command) => {
      const answer = await apiOf(command).call('POST', '/jobs', submittedJob, { jdl: givenJdl(file), args });
      for (const warning of answer.warnings) complain(`proof: warning: ${warning}`);
      if (options.json) return printJson(answer);
      const parts = answer.subJobs > 0 ? ` (${answer.subJobs} sub-jobs)` : '';
      tell(`${answer.jobId}${parts}`);
    });
}

function addPs(add: Add): void {
  add('ps', 'your jobs: those that are not over, or as the flags say')
    .argument('[flags...]', 'as below')
    .addHelpText('after', PS_HELP)
    .option(...WIDE)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (_flags: unknown, options: { json?: true; wide?: true }, command: Command) => {
      const flags = readPsFlags(command.args);
      const api = apiOf(command);
      if (flags.jdl !== null) tellText(await jdlOf(api, flags.jdl, options.json === true));
      if (flags.trace !== null) await printTrace(api, flags.trace, { json: options.json === true });
      if (flags.jdl !== null || flags.trace !== null) return;
      const most = flags.isSortedById ? flags.most : Number.POSITIVE_INFINITY;
      const shown = flags.sort(await listJobs(api, flags.selection, most));
      if (options.json) printJson(shown);
      else if (flags.idsOnly) process.stdout.write(shown.map(({ jobId }) => `${jobId}\n`).join(''));
      else {
        const told = flags.isLong ? await withWhyTheyWait(api, shown) : shown;
        const { header, rows } = jobTable(told, flags, Date.now());
        printTable(header, rows, { ...NARROW_JOBS, wide: options.wide });
      }
    });
}

function addVerbs(add: Add): void {
  for (const { verb, method, path, done, about } of VERBS)
    add(verb, about)
      .argument('<job...>', 'numbers; a master stands for all its sub-jobs')
      .action(async (jobs: string[], options: { json?: true }, command: Command) => {
        const api = apiOf(command);
        const numbers = jobs.map(jobNumber); // a word that is no number: nothing is done
        const answers: { jobId: number; jobs: number }[] = [];
        try {
          for (const jobId of numbers) {
            const answer = await api.call(method, `/jobs/${jobId}${path}`, z.object({ jobs: z.number() }), {});
            answers.push({ jobId, ...answer });
            const count = answer.jobs > 1 ? ` (${answer.jobs} jobs)` : '';
            if (!options.json) tell(`${jobId}: ${done}${count}`);
          }
        } finally {
          if (options.json) printJson(answers);
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

function addMaster(add: Add): void {
  add(
    'masterjob',
    'a master: its state, and how many sub-jobs are in which; or kill, resubmit some of them, merge their outputs',
  )
    .argument('<job>', 'its number')
    .argument('[words...]', '-status STATES, -id JOBS, -site SITES, -printid, -printsite, kill, resubmit, merge')
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (job: string, _words: unknown, options: { json?: true }, command: Command) => {
      const words = readMasterWords(command.args.slice(1));
      const api = apiOf(command);
      const masterId = jobNumber(job);
      const master = await api.call('GET', `/jobs/${masterId}`, jobWithJdl);
      if (!master.isMaster) throw new UsageError(`Job ${job} is no master; "proof ps -j ${job}" shows it.`);
      if (words.verb === 'merge') {
        const answer = await api.call('POST', `/jobs/${masterId}/merge`, z.object({ jobs: z.number() }), {});
        if (options.json) return printJson({ jobId: masterId, verb: 'merge', ...answer });
        tell(`${masterId}: merging`);
        return;
      }
      const chosen = words.choose(await listJobs(api, { masters: [masterId], everyones: true }));
      if (words.verb !== null) {
        const done = await tellParts(api, words.verb, words.choosesAll ? [masterId] : chosen.map(({ jobId }) => jobId));
        if (options.json) return printJson({ jobId: masterId, verb: words.verb, jobs: done });
        tell(`${masterId}: ${words.verb}, ${done} jobs`);
        return;
      }
      const lines = masterLines(chosen);
      const merging = await listJobs(api, { mergesOf: [masterId], everyones: true });
      if (options.json)
        return printJson({ jobId: masterId, state: master.state, subJobs: chosen.length, states: lines, merging });
      tell(`${masterId} ${master.state}, ${chosen.length} sub-jobs`);
      for (const { state, n, ids, sites } of lines) {
        const places = Object.entries(sites).map(([site, count]) => `${site} ${count}`);
        const more = [
          ...(words.printsSites ? [` (${places.join(', ') || 'no site'})`] : []),
          ...(words.printsIds ? [`: ${ids.join(' ')}`] : []),
        ].join('');
        tell(`${String(n).padStart(8)} ${state}${more}`);
      }
      for (const { jobId, state, why } of merging)
        tell(`  merging: ${jobId} ${state}${why === null ? '' : `: ${why}`}`);
    });
}

/** Those that cannot be killed or resubmitted in their state are passed over. @returns how many jobs it touched */
async function tellParts(api: ServerApi, verb: 'kill' | 'resubmit', jobs: readonly number[]): Promise<number> {
  const { method, path } = VERBS.find((one) => one.verb === verb)!;
  let done = 0;
  for (const jobId of jobs) {
    try {
      done += (await api.call(method, `/jobs/${jobId}${path}`, z.object({ jobs: z.number() }), {})).jobs;
    } catch (error) {
      if (!(error instanceof GridError && error.code === 'PROXY_JOB_STATE')) throw error;
    }
  }
  return done;
}

function addQuota(add: Add): void {
  add('quota', 'what you may have and have used; operators: of a user, or of all')
    .argument('[user]', 'whose')
    .option(...WIDE)
    .action(async (user: string | undefined, options: { json?: true; wide?: true }, command: Command) => {
      const query = user === undefined ? '' : `?user=${encodeURIComponent(user)}`;
      const quotas = await apiOf(command).call('GET', `/quotas${query}`, z.array(userQuota));
      if (options.json) return printJson(quotas);
      const of = (has: number, most: number | null): string => `${Math.round(has)} / ${most ?? 'no limit'}`;
      printTable(
        [
          'user',
          'priority',
          'computed',
          'cores',
          'waiting',
          'unfinished',
          'core s in 24 h',
          'cpu cost in 24 h',
          'files in 24 h',
          'output in 24 h',
        ],
        quotas.map((q) => [
          q.user,
          q.priority,
          Number(q.computedPriority.toFixed(1)),
          of(q.runningCores, q.maxParallelCores),
          q.waiting,
          of(q.unfinished, q.maxUnfinished),
          of(q.runningSecondsLast24h, q.maxRunningSecondsLast24h),
          of(q.cpuCostLast24h, q.maxCpuCostLast24h),
          of(q.outputFilesLast24h, q.maxOutputFilesLast24h),
          `${formatBytes(q.outputBytesLast24h)} / ${q.maxOutputBytesLast24h === null ? 'no limit' : formatBytes(q.maxOutputBytesLast24h)}`,
        ]),
        {
          drops: ['computed', 'files in 24 h', 'output in 24 h', 'cpu cost in 24 h', 'core s in 24 h', 'priority'],
          wide: options.wide,
        },
      );
    });
}

function addLooks(add: Add): void {
  add('trace', 'what became of a job, step by step')
    .argument('<job>', 'its number')
    .option(
      '--follow',
      'until it is over, with its standard output as it comes; exit status 1 where it did not end well',
    )
    .action(async (job: string, options: { json?: true; follow?: true }, command: Command) => {
      const api = apiOf(command);
      const jobId = jobNumber(job);
      const json = options.json === true;
      if (options.follow) {
        const { state } = await followJob(api, jobId, { json });
        if (state !== 'DONE' && state !== 'DONE_WARN') throw new ExitStatus(1);
        return;
      }
      await printTrace(api, jobId, { json });
      if (json || (await api.call('GET', `/jobs/${jobId}`, jobWithJdl)).state !== 'WAITING') return;
      complain(
        `proof: it waits: ${waitingSentence(await askJobMatch(api, jobId))} ("proof jdl match ${jobId}" says more)`,
      );
    });
  add('spy', 'the files of a job that are here: standard streams while it runs, outputs when it is over')
    .argument('<job>', 'its number')
    .argument('[file]', 'print this one; without it they are listed')
    .action(async (job: string, file: string | undefined, options: { json?: true }, command: Command) => {
      const api = apiOf(command);
      if (file !== undefined) {
        tellText(await api.bytes(`/jobs/${jobNumber(job)}/file?name=${encodeURIComponent(file)}`));
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

async function jdlOf(api: ServerApi, jobId: number, json: boolean): Promise<string> {
  const { jdl } = await api.call('GET', `/jobs/${jobId}`, jobWithJdl);
  const text = jdl.endsWith('\n') ? jdl : `${jdl}\n`;
  return json ? `${JSON.stringify({ jobId, jdl }, null, 2)}\n` : text;
}

/** As on AliEn, a first word with `=` may be the JDL itself. */
const givenJdl = (word: string): string => (word.includes('=') && !existsSync(word) ? word : readJdl(word));
