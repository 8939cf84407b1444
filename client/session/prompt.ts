/** The prompt of a session: every line is a command of `proof`, or one of the prompt's own. */
import { createInterface } from 'node:readline';
import { UsageError } from '../../protocol/errors.js';
import type { CommandContext } from '../commands/add-commands.js';
import { reportFailure } from '../exit-status.js';
import type { ProofSession } from './proof-session.js';
import { splitWords } from './split-words.js';
import { typedLines } from './typed-lines.js';

const HELP = `run SELECTOR.ts DATASET... [options]     one query over the session's workers
draw DATASET EXPR [CUT] [options]        one histogram of an expression
packages enable NAME|PATH...              every query from now on sets them up on its workers
parallel [N]                             use N workers at most; without N all that there are
workers, sites, pilots, queries, ls, find, whereis, ...   as on the command line, for this host
help [command], close (ends the session, and what runs in it), exit (ends it when nothing runs in it; after "proof attach" it stays)`;

const OWN_WORDS = ['parallel', 'help', 'close', 'exit', 'quit'];
const NOT_WITHIN = ['open', 'attach'];

/** Runs lines until exit, end of input, or the end of the session. Lines of a pipe run one after the other. */
export async function prompt(
  session: ProofSession,
  context: CommandContext,
  config: string | undefined,
): Promise<'exit' | 'close'> {
  const over = new AbortController();
  session.once('ended', (why) => {
    process.stdout.write(`\nThe session is over: ${why}\n`);
    over.abort();
  });
  const words = [...context.words.filter((word) => !NOT_WITHIN.includes(word)), ...OWN_WORDS].sort();
  const lines = process.stdin.isTTY ? typedLines(over.signal, words) : createInterface({ input: process.stdin });
  for await (const line of lines) {
    if (over.signal.aborted) break;
    const next = await oneLine(line, { ...context, session }, config);
    if (next !== 'more') return next;
  }
  return 'exit';
}

async function oneLine(
  line: string,
  context: CommandContext & { session: ProofSession },
  config: string | undefined,
): Promise<'exit' | 'close' | 'more'> {
  const { session } = context;
  try {
    const words = splitWords(line);
    const [verb, argument] = words;
    if (verb === undefined || verb.startsWith('#')) return 'more';
    if (['exit', 'quit', '.q'].includes(verb)) return 'exit';
    if (verb === 'close') return 'close';
    if (verb === 'help' && argument === undefined) process.stdout.write(`${HELP}\n`);
    else if (verb === 'parallel') process.stdout.write(`${parallel(session, words.slice(1))}\n`);
    else {
      const program = await context.build(words, session);
      program.setOptionValue('host', session.host.name);
      if (config !== undefined) program.setOptionValue('config', config);
      await program.parseAsync(words, { from: 'user' });
    }
    process.exitCode = 0;
  } catch (error) {
    process.exitCode = reportFailure(error); // of a pipe's last line, it is the status of the whole
  }
  return 'more';
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
