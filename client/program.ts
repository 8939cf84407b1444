/**
 * The command line as a tree of commands. Each word is loaded when it is named, so that `proof ls` does not pay for the analysis rooms;
 * the prompt of `proof open` builds the same tree with its session in it.
 */
import { Command } from 'commander';
import type { AddCommands } from './commands/add-commands.js';
import type { ProofSession } from './session/proof-session.js';

/** First words -> who adds them. One line a file of client/commands/. */
const LOADERS: readonly { words: readonly string[]; load: () => Promise<{ addCommands: AddCommands }> }[] = [
  { words: ['root'], load: () => import('./commands/root.js') },
  { words: ['jdl'], load: () => import('./commands/jdl.js') },
  { words: ['agent'], load: () => import('./commands/agent.js') },
  { words: ['proxy'], load: () => import('./commands/proxy.js') },
  { words: ['pilot', 'pilots', 'workers'], load: () => import('./commands/pilots.js') },
  {
    words: ['submit', 'ps', 'masterjob', 'kill', 'resubmit', 'trace', 'spy', 'quota'],
    load: () => import('./commands/jobs.js'),
  },
  { words: ['request'], load: () => import('./commands/request.js') },
  { words: ['accounting'], load: () => import('./commands/accounting.js') },
  { words: ['sites'], load: () => import('./commands/sites.js') },
  {
    words: [
      ...['catalog', 'ls', 'find', 'whereis', 'register', 'mkdir', 'rm', 'mv', 'stat', 'meta', 'datasets'],
      ...['chmod', 'chown', 'touch', 'du', 'tree'],
    ],
    load: () => import('./commands/catalog.js'),
  },
  { words: ['replay'], load: () => import('./commands/replay.js') },
  { words: ['retrieve'], load: () => import('./commands/retrieve.js') },
  { words: ['run', 'draw'], load: () => import('./commands/run.js') },
  { words: ['login', 'logout', 'whoami'], load: () => import('./commands/login.js') },
  { words: ['audit'], load: () => import('./commands/audit.js') },
  { words: ['token'], load: () => import('./commands/token.js') },
  { words: ['open', 'attach', 'sessions'], load: () => import('./commands/open.js') },
  {
    words: ['queries', 'stop', 'abort', 'remove', 'archive'],
    load: () => import('./commands/queries.js'),
  },
];

export async function buildProgram(words: readonly string[], session?: ProofSession): Promise<Command> {
  const program = new Command('proof')
    .description('PROOF on the Grid: an interactive pool of analysis workers')
    .option('--config <FILE>', 'the configuration to use instead of ~/.config/proof/config.yaml')
    .enablePositionalOptions()
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'proof: ')) });
  const named = LOADERS.filter((loader) => words.some((word) => loader.words.includes(word)));
  for (const { load } of named.length > 0 ? named : LOADERS)
    (await load()).addCommands(program, { session, build: buildProgram });
  return program;
}
