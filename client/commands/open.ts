/** `proof open HOST`: a session and a prompt, where every command of `proof` works on that session. */
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { hostEntry, readClientConfig } from '../client-config.js';
import { reportFailure } from '../exit-status.js';
import type { ProofSession } from '../session/proof-session.js';
import { openSession } from '../session/session-lines.js';
import { splitWords } from '../session/split-words.js';
import { Screen } from '../show/screen.js';
import type { CommandContext } from './add-commands.js';

const HELP = `run SELECTOR.ts DATASET... [options]     one query over the session's workers
draw DATASET EXPR [CUT] [options]        one histogram of an expression
parallel [N]                             use N workers at most; without N all that there are
workers, sites, pilots, queries, ls, find, whereis, ...   as on the command line, for this host
help [command], exit`;

export function addCommands(program: Command, context: CommandContext): void {
  program
    .command('open [host]')
    .description('open an interactive session at a prompt')
    .option('--workers <N>', 'at most so many workers', Number)
    .option('--title <TEXT>', 'shown in listings', '')
    .action(async (host: string | undefined, options: { workers?: number; title: string }, command: Command) => {
      const { config } = command.optsWithGlobals<{ config?: string }>();
      const entry = hostEntry(readClientConfig(config), host);
      const screen = new Screen({ quiet: false, resultOnStdout: false });
      const { session } = await openSession(entry, screen, { workers: options.workers ?? null, title: options.title });
      try {
        await prompt(session, context, config);
      } finally {
        await session.close();
      }
    });
}

/** Runs lines until exit, end of input, or the end of the session. Lines of a pipe run one after the other. */
async function prompt(session: ProofSession, context: CommandContext, config: string | undefined): Promise<void> {
  const over = new AbortController();
  session.once('ended', (why) => {
    process.stdout.write(`\nThe session is over: ${why}\n`);
    over.abort();
  });
  const lines = process.stdin.isTTY ? typedLines(over.signal) : createInterface({ input: process.stdin });
  for await (const line of lines) {
    if (over.signal.aborted || (await oneLine(line, { ...context, session }, config)) === 'exit') break;
  }
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
): Promise<'exit' | 'more'> {
  const { session } = context;
  try {
    const words = splitWords(line);
    const [verb, argument] = words;
    if (verb === undefined || verb.startsWith('#')) return 'more';
    if (['exit', 'quit', '.q'].includes(verb)) return 'exit';
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
