/** The prompt of a session: every line is a command of `proof`, or one of the prompt's own. */
import { createInterface } from 'node:readline';
import { UsageError } from '../../protocol/errors.js';
import type { CommandContext } from '../commands/add-commands.js';
import { reportFailure } from '../exit-status.js';
import { tellText } from '../show/tell.js';
import { runAsChild, runInterruptibly } from './in-terminal.js';
import type { ProofSession } from './proof-session.js';
import { splitWords } from './split-words.js';
import { TypedLines } from './typed-lines.js';

const HELP = `run SELECTOR.ts DATASET... [options]     one query over the session's workers
draw DATASET EXPR [CUT] [options]        one histogram of an expression
packages enable NAME|PATH...              every query from now on sets them up on its workers
parallel [N]                             use N workers at most; without N all that there are
workers, sites, pilots, queries, ls, find, whereis, ...   as on the command line, for this host
help [command], close (ends the session, and what runs in it), exit (ends it when nothing runs in it; after "proof attach" it stays)`;

const OWN_WORDS = ['parallel', 'help', 'close', 'exit', 'quit'];
const NOT_WITHIN = ['open', 'attach'];

/** What works on the session of the prompt, or says that it cannot be done there; everything else may be a process of its own. */
const ON_SESSION = ['run', 'draw', 'packages', ...NOT_WITHIN];

interface Prompt {
  readonly session: ProofSession;
  readonly context: CommandContext;
  readonly config: string | undefined;
  readonly isTerminal: boolean;
}

/** Runs lines until exit, end of input, or the end of the session. Lines of a pipe run one after the other. */
export async function prompt(
  session: ProofSession,
  context: CommandContext,
  config: string | undefined,
): Promise<'exit' | 'close'> {
  const over = new AbortController();
  session.once('ended', (why) => {
    tellText(`\nThe session is over: ${why}\n`);
    over.abort();
  });
  const words = [...context.words.filter((word) => !NOT_WITHIN.includes(word)), ...OWN_WORDS].sort();
  const typed = process.stdin.isTTY ? new TypedLines(over.signal, words) : undefined;
  const given = { session, context, config, isTerminal: typed !== undefined };
  for await (const line of typed ?? createInterface({ input: process.stdin })) {
    if (over.signal.aborted) break;
    const next = await oneLine(line, given);
    if (next === 'interrupted') typed?.dropPasted();
    else if (next !== 'more') return next;
  }
  return 'exit';
}

async function oneLine(line: string, given: Prompt): Promise<'exit' | 'close' | 'more' | 'interrupted'> {
  const { session } = given;
  try {
    const words = splitWords(line);
    const [verb, argument] = words;
    if (verb === undefined || verb.startsWith('#')) return 'more';
    if (['exit', 'quit', '.q'].includes(verb)) return 'exit';
    if (verb === 'close') return 'close';
    if (verb === 'help' && argument === undefined) process.stdout.write(`${HELP}\n`);
    else if (verb === 'parallel') process.stdout.write(`${parallel(session, words.slice(1))}\n`);
    else await command(verb, words, given);
    process.exitCode = 0;
  } catch (error) {
    const status = reportFailure(error);
    process.exitCode = status; // of a pipe's last line, it is the status of the whole
    if (status === 130) return 'interrupted';
  }
  return 'more';
}

/** @throws {ExitStatus} and what the command throws */
async function command(verb: string, words: string[], { session, context, config, isTerminal }: Prompt): Promise<void> {
  const configured = config === undefined ? [] : ['--config', config];
  if (isTerminal && !ON_SESSION.includes(verb)) return runAsChild([...configured, '--at', session.host.name, ...words]);
  const run = async (interrupted?: AbortSignal): Promise<void> => {
    const program = await context.build(words, { session, interrupted });
    await program.parseAsync([...configured, ...words], { from: 'user' });
  };
  await (isTerminal ? runInterruptibly(run) : run());
}

/** @returns what holds from now on. @throws {UsageError} */
function parallel(session: ProofSession, words: readonly string[]): string {
  const { ready } = session.workers;
  const most = words[0] === undefined ? null : Number(words[0]);
  if (words.length > 1 || (most !== null && !(Number.isSafeInteger(most) && most >= 1)))
    throw new UsageError(
      `parallel N: the number of workers to use at most, a whole number from 1 on (without N: all that there are), not "${words.join(' ')}".`,
    );
  session.setWorkers(most);
  const more = most !== null && most > ready ? `; ${most} at most, when there are more` : '';
  return `PROOF set to parallel mode (${Math.min(most ?? ready, ready)} workers${more})`;
}
