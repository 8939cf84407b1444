/** `proof open HOST`: a session and a prompt, where every command of `proof` works on that session. */
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { UsageError } from '../../protocol/errors.js';
import { FINAL_QUERY_STATES, splitQueryRef } from '../../protocol/ids.js';
import { hostEntry, readClientConfig } from '../client-config.js';
import { ExitStatus, reportFailure } from '../exit-status.js';
import { apiOf } from '../named-api.js';
import { findPackages } from '../packages/find-packages.js';
import { printJson, printTable } from '../print.js';
import { endProcess } from '../run/users-code.js';
import { answerOrInterruption } from '../run/watched-query.js';
import type { ServerApi } from '../server-api.js';
import { ProofSession } from '../session/proof-session.js';
import { openSession } from '../session/session-lines.js';
import { splitWords } from '../session/split-words.js';
import { Screen } from '../show/screen.js';
import { endingInOrder } from '../show/stdout-errors.js';
import type { CommandContext } from './add-commands.js';
import { addWord, whole } from './run-options.js';

interface OpenOptions {
  readonly workers?: number;
  readonly title: string;
  readonly package: readonly string[];
}

/** As a shell tells it: 128 + SIGTERM. */
const TERMINATED = 143;

const HELP = `run SELECTOR.ts DATASET... [options]     one query over the session's workers
draw DATASET EXPR [CUT] [options]        one histogram of an expression
packages enable NAME|PATH...              every query from now on sets them up on its workers
parallel [N]                             use N workers at most; without N all that there are
workers, sites, pilots, queries, ls, find, whereis, ...   as on the command line, for this host
help [command], close (ends the session), exit (after "proof attach" the session stays)`;

export function addCommands(program: Command, context: CommandContext): void {
  program
    .command('open [host]')
    .description('open an interactive session at a prompt')
    .option('--workers <N>', 'at most so many workers', whole(1))
    .option('--package <NAME>', 'a package for every query: as of "proof run" (repeatable)', addWord, [])
    .option('--title <TEXT>', 'shown in listings', '')
    .action(async (host: string | undefined, options: OpenOptions, command: Command) => {
      notWithin(context);
      const { config } = command.optsWithGlobals<{ config?: string }>();
      const entry = hostEntry(readClientConfig(config), host);
      const screen = new Screen({ quiet: false, resultOnStdout: false });
      const opening = openSession(entry, screen, { workers: options.workers ?? null, title: options.title });
      // Nobody comes back to a prompt that was told to end; that of a lost terminal (SIGHUP) waits for "attach".
      let isTold = false;
      process.on('SIGTERM', () => {
        isTold = true;
        void opening.then(({ session }) => session.close()).finally(() => endProcess(TERMINATED)); // a line may still be awaited
      });
      const { session } = await opening;
      try {
        session.packages = await findPackages(options.package, () => session.api);
        await endingInOrder(() => prompt(session, context, config));
      } finally {
        await session.close();
      }
      if (isTold) throw new ExitStatus(TERMINATED);
    });
  program
    .command('sessions')
    .description('your sessions, open or ended lately')
    .option('--host <HOST>', 'the ProxyServer')
    .option('--json', 'as JSON')
    .action(async (options: { json?: true }, command: Command) => {
      const sessions = await apiOf(command).sessions();
      if (options.json) printJson(sessions);
      else
        printTable(
          ['session', 'user', 'state', 'workers', 'clients', 'started', 'title'],
          sessions.map((s) => [
            s.sessionId,
            s.user,
            s.state,
            s.workers,
            s.clients,
            new Date(s.startedAt).toISOString(),
            s.title,
          ]),
        );
    });
  program
    .command('attach [session]')
    .description('go back into a session of yours, from any computer: SESSION, a QUERY of it, or the newest')
    .option('--host <HOST>', 'the ProxyServer')
    .action(async (ref: string | undefined, _options: unknown, command: Command) => {
      notWithin(context);
      const { config } = command.optsWithGlobals<{ config?: string }>();
      const api = apiOf(command);
      const { sessionId, queryId } = await sessionOf(api, ref);
      const session = await ProofSession.attach(api, sessionId);
      const screen = new Screen({ quiet: false, resultOnStdout: false });
      session.on('notice', (text) => screen.say(text));
      await session.welcomed;
      screen.say(`Back in session ${sessionId} (${session.workers.ready} workers)`);
      if (queryId !== undefined) await follow(session, queryId, screen);
      const end = await endingInOrder(() => prompt(session, context, config));
      if (end === 'close') await session.close();
      else session.detach();
    });
}

/** One prompt reads the lines. @throws {UsageError} */
function notWithin({ session }: CommandContext): void {
  if (session !== undefined)
    throw new UsageError(`You are in session ${session.sessionId} already: leave it with "exit" or "close" first.`);
}

/** @throws {UsageError} where there is none, or it is over */
async function sessionOf(api: ServerApi, ref: string | undefined): Promise<{ sessionId: string; queryId?: string }> {
  const open = (await api.sessions()).filter(({ state }) => state !== 'ended');
  const query = ref === undefined ? undefined : splitQueryRef(ref);
  const sessionId = query?.sessionId ?? ref ?? open.at(-1)?.sessionId;
  if (sessionId === undefined)
    throw new UsageError(`You have no open session on ${api.host.name}. "proof open" starts one.`);
  if (!open.some((session) => session.sessionId === sessionId)) {
    const known = open.map((session) => session.sessionId).join(', ') || 'none';
    throw new UsageError(`Session ${sessionId} is not open (open: ${known}). Results stay with "proof retrieve".`);
  }
  return query === undefined ? { sessionId } : { sessionId, queryId: query.queryId };
}

/** A query that runs, until it ends or the user has seen enough. */
async function follow(session: ProofSession, queryId: string, screen: Screen): Promise<void> {
  const ref = `${session.sessionId}:${queryId}`;
  const { state } = await session.api.query(ref);
  if (FINAL_QUERY_STATES.includes(state)) screen.say(`${ref} is ${state}: "retrieve ${ref}" shows it`);
  else {
    const end = await answerOrInterruption(session, queryId, screen);
    screen.say(typeof end === 'string' ? `${ref}: ${end}` : `${ref} ${end.result.status}: "retrieve ${ref}" shows it`);
  }
}

/** Runs lines until exit, end of input, or the end of the session. Lines of a pipe run one after the other. */
async function prompt(
  session: ProofSession,
  context: CommandContext,
  config: string | undefined,
): Promise<'exit' | 'close'> {
  const over = new AbortController();
  session.once('ended', (why) => {
    process.stdout.write(`\nThe session is over: ${why}\n`);
    over.abort();
  });
  const lines = process.stdin.isTTY ? typedLines(over.signal) : createInterface({ input: process.stdin });
  for await (const line of lines) {
    if (over.signal.aborted) break;
    const next = await oneLine(line, { ...context, session }, config);
    if (next !== 'more') return next;
  }
  return 'exit';
}

/** What is typed at a terminal. Between two lines nothing listens to it, so that Ctrl-C reaches the command that runs. */
async function* typedLines(over: AbortSignal): AsyncGenerator<string> {
  let history: string[] = [];
  while (!over.aborted) {
    const terminal = createInterface({ input: process.stdin, output: process.stdout, history, prompt: 'proof> ' });
    const close = (): void => terminal.close();
    over.addEventListener('abort', close);
    terminal.on('history', (lines) => {
      history = lines;
    });
    terminal.on('SIGINT', () => {
      process.stdout.write('\n(type "exit" to end the session)\n');
      terminal.prompt();
    });
    const typed = new Promise<string | undefined>((resolve) => {
      terminal.once('line', resolve);
      terminal.once('close', () => resolve(undefined));
    });
    terminal.prompt();
    const line = await typed;
    over.removeEventListener('abort', close);
    terminal.close();
    if (line === undefined) return;
    yield line;
  }
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
    else if (verb === 'parallel') session.setWorkers(argument === undefined ? null : Number(argument));
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
