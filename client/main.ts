#!/usr/bin/env node
/**
 * The `proof` command: parses the command line, runs one command, turns its end into an exit status.
 *
 * 0 completed; 1 failed; 2 wrong usage; 3 incomplete or stopped; 130 interrupted. Commands are loaded when they are named,
 * so that `proof ls` does not pay for the analysis rooms.
 */
import { Command, CommanderError } from 'commander';
import { errorBody, UsageError } from '../protocol/errors.js';

/** First word -> who adds it to the command line. One loader may serve several words. */
type AddCommands = (program: Command) => void;
const LOADERS: readonly { words: readonly string[]; load: () => Promise<{ addCommands: AddCommands }> }[] = [];

/** A command that ended in a known way other than success sets this; main returns it. */
export class ExitStatus extends Error {
  constructor(readonly status: number) {
    super(`exit status ${status}`);
  }
}

async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('proof')
    .description('PROOF on the Grid: an interactive pool of analysis workers')
    .option('--config FILE', 'the configuration to use instead of ~/.config/proof/config.yaml')
    .enablePositionalOptions()
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'proof: ')) });
  const word = argv.find((part) => !part.startsWith('-'));
  const named = LOADERS.filter(({ words }) => word !== undefined && words.includes(word));
  for (const { load } of named.length > 0 ? named : LOADERS) (await load()).addCommands(program);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof ExitStatus) return error.status;
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const { code, message } = errorBody(error);
    process.stderr.write(`proof: ${message}${code === 'INTERNAL' || code === 'USAGE' ? '' : ` [${code}]`}\n`);
    if (code === 'INTERNAL' && process.env['PROOF_DEBUG']) process.stderr.write(`${(error as Error).stack}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0); // `proof ls | head` is no error
});
process.exitCode = await main(process.argv.slice(2));
