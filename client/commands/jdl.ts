/** `proof jdl check|print|eval|match`: look into JDLs without any server. */
import { createInterface } from 'node:readline';
import { Argument, type Command, Option } from 'commander';
import { answerLine } from '../../jdl/check-request.js';
import {
  type ClassAd,
  DIALECTS,
  type Dialect,
  explainMatch,
  type JobProblem,
  matchAds,
  notServed,
  type ParsedJdl,
  type ParsedJob,
  type Position,
  parseJdl,
  parseJobDescription,
  printAd,
  reviewAd,
  type Surroundings,
  shortcomings,
} from '../../jdl/index.js';
import { UsageError } from '../../protocol/errors.js';
import { ExitStatus } from '../exit-status.js';
import { readJdl } from '../jobs/read-jdl.js';
import { askJobMatch } from '../jobs/why-waits.js';
import { apiOf } from '../named-api.js';
import { printJson } from '../print.js';
import type { ServerApi } from '../server-api.js';
import { tell, tellText } from '../show/tell.js';

/** This machine's clock and zone. */
const here: Surroundings = {
  now: () => Date.now(),
  zoneOffset: (epochSeconds) => -60 * new Date(epochSeconds * 1000).getTimezoneOffset(),
  random: () => Math.random(),
};

export function addCommands(program: Command): void {
  const jdl = program.command('jdl').description('look into a JDL');
  const dialect = (): Option =>
    new Option('--dialect <NAME>', 'the language of the text').choices(DIALECTS).default('alien' satisfies Dialect);
  jdl
    .command('check')
    .description('parse a JDL and say what is wrong with it')
    .argument('<file>', 'the JDL, - for standard input')
    .argument('[args...]', 'what $1, $2 … stand for')
    .addOption(dialect())
    .option('--json', 'as JSON')
    .action(check);
  jdl
    .command('print')
    .description('a JDL as canonical ClassAd text')
    .argument('<file>', 'the JDL, - for standard input')
    .argument('[args...]', 'what $1, $2 … stand for')
    .addOption(dialect())
    .action((file: string, args: string[], options: { dialect: Dialect }) => {
      tellText(printAd(read(file, args, options.dialect).ad));
    });
  jdl
    .command('eval')
    .description('answer requests: JSON lines on standard input, one JSON value a line on standard output')
    .action(evalLines);
  jdl
    .command('match')
    .description('do two ads match? exit status 1 if not')
    .addArgument(new Argument('<left>', 'a file'))
    .addArgument(new Argument('[right]', 'a file; without it <left> is the number of a job, asked of all agents'))
    .addOption(dialect())
    .option('--host <HOST>', 'the ProxyServer, for the number of a job')
    .option('--json', 'as JSON')
    .action(match);
}

/** What is wrong with it, or would not be served by any queue of ours. */
function checkedJob(ad: ClassAd): Pick<ParsedJob, 'warnings'> & { problems: readonly JobProblem[] } {
  const { description, problems, warnings } = parseJobDescription(ad);
  if (description === undefined) return { problems, warnings };
  const refusals = notServed(description).map((message) => ({ attribute: message.split(' ')[0]!, message }));
  const told = shortcomings(description, { hasEmailHook: true }).map((message) => ({ attribute: '', message }));
  return { problems: refusals, warnings: [...warnings, ...told] };
}

interface MatchOptions {
  readonly dialect: Dialect;
  readonly json?: true;
}

/** What is wrong with a JDL, by place. */
function check(file: string, args: string[], options: MatchOptions): void {
  const { ad, warnings } = read(file, args, options.dialect);
  const job = options.dialect === 'alien' ? checkedJob(ad) : { problems: [], warnings: [] };
  const others = [...job.warnings, ...reviewAd(ad)];
  if (options.json) {
    const said = [...warnings, ...others.map(({ message }) => ({ message, position: null }))];
    printJson({ file, isGood: job.problems.length === 0, problems: job.problems, warnings: said });
    if (job.problems.length > 0) throw new ExitStatus(1);
    return;
  }
  const say = (kind: string, message: string, position?: Position): void => {
    const place = position === undefined ? file : `${file}:${position.line}:${position.column}`;
    tell(`${place}: ${kind}: ${message}`);
  };
  for (const { message } of job.problems) say('error', message);
  for (const { message, position } of warnings) say('warning', message, position);
  for (const { message } of others) say('warning', message);
  if (job.problems.length > 0) throw new ExitStatus(1);
  tell(`${file}: good`);
}

async function match(left: string, right: string | undefined, options: MatchOptions, command: Command): Promise<void> {
  if (right === undefined) return explainJob(left, apiOf(command), options);
  const [a, b] = [read(left, [], options.dialect).ad, read(right, [], options.dialect).ad];
  const { symmetricMatch, leftMatchesRight, rightMatchesLeft } = matchAds(a, b, here);
  const { clauses } = explainMatch(a, [b], here);
  if (options.json) {
    printJson({ symmetricMatch, leftMatchesRight, rightMatchesLeft, clauses });
    if (!symmetricMatch) throw new ExitStatus(1);
    return;
  }
  const said = (is: boolean): string => (is ? 'wants' : 'does not want');
  tell(`${left} ${said(rightMatchesLeft)} ${right}`, `${right} ${said(leftMatchesRight)} ${left}`);
  for (const { clause, failsOn, undefinedOn } of clauses)
    if (failsOn > 0) tell(`  ${undefinedOn > 0 ? 'undefined' : 'not true'}: ${clause}`);
  if (!symmetricMatch) throw new ExitStatus(1);
}

/** Why a job of the queue waits. */
async function explainJob(job: string, api: ServerApi, { json }: Pick<MatchOptions, 'json'>): Promise<void> {
  if (!/^-?\d{1,15}$/.test(job)) throw new UsageError('proof jdl match takes two files, or the number of one job.');
  const answer = await askJobMatch(api, Math.abs(Number(job)));
  const { agents, matching, clauses, refusedByAgents, heldBack } = answer;
  if (json) {
    printJson(answer);
    if (matching === 0) throw new ExitStatus(1);
    return;
  }
  tell(`job ${job} matches ${matching} of ${agents} agents`);
  for (const { clause, failsOn, undefinedOn, onlyObstacleOn } of clauses) {
    if (failsOn === 0) continue;
    const unknown = undefinedOn > 0 ? `, ${undefinedOn} of them do not say` : '';
    tell(`  fails on ${failsOn} (alone on ${onlyObstacleOn}${unknown}): ${clause}`);
  }
  if (refusedByAgents > 0) tell(`  ${refusedByAgents} do not want it: their site's requirements`);
  if (heldBack !== null) tell(`  nothing of its owner is given out at present: ${heldBack}`);
  if (matching === 0) throw new ExitStatus(1);
}

const read = (file: string, args: readonly string[], dialect: Dialect): ParsedJdl =>
  parseJdl(readJdl(file), { dialect, args, zoneOffset: here.zoneOffset });

/** One answer a request, in order; waits for the reader where it is slower than we are. */
async function evalLines(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue;
    if (!process.stdout.write(`${answerLine(line, here)}\n`))
      await new Promise<void>((resolve) => process.stdout.once('drain', () => resolve()));
  }
}
