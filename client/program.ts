/**
 * The command line as a tree of commands. Each word is loaded when it is named, so that `proof ls` does not pay for the analysis rooms;
 * the prompt of `proof open` builds the same tree with its session in it.
 */
import { Command, Help, Option } from 'commander';
import { PACKAGE_VERSION } from '../protocol/version.js';
import type { AddCommands, AtPrompt } from './commands/add-commands.js';
import { EXAMPLES } from './commands/examples.js';
import { shownText } from './show/tell.js';

interface Loader {
  readonly words: readonly string[];
  readonly load: () => Promise<{ addCommands: AddCommands }>;
}

/** As "proof --help" groups them: first words -> who adds them. One line a file of client/commands/. */
const GROUPS: readonly (readonly [heading: string, loaders: readonly Loader[]])[] = [
  [
    'Sessions and queries:',
    [
      { words: ['open', 'attach', 'sessions'], load: () => import('./commands/open.js') },
      { words: ['run', 'draw'], load: () => import('./commands/run.js') },
      { words: ['queries', 'stop', 'abort', 'remove', 'archive'], load: () => import('./commands/queries.js') },
      { words: ['retrieve'], load: () => import('./commands/retrieve.js') },
      { words: ['packages'], load: () => import('./commands/packages.js') },
      { words: ['replay'], load: () => import('./commands/replay.js') },
    ],
  ],
  [
    'Data:',
    [
      {
        words: [
          ...['catalog', 'ls', 'find', 'whereis', 'register', 'mkdir', 'rm', 'mv', 'stat', 'meta', 'datasets'],
          ...['chmod', 'chown', 'touch', 'du', 'tree'],
        ],
        load: () => import('./commands/catalog.js'),
      },
      { words: ['root'], load: () => import('./commands/root.js') },
    ],
  ],
  [
    'Batch jobs:',
    [
      {
        words: ['submit', 'ps', 'masterjob', 'kill', 'resubmit', 'trace', 'spy', 'quota'],
        load: () => import('./commands/jobs.js'),
      },
      { words: ['jdl'], load: () => import('./commands/jdl.js') },
    ],
  ],
  [
    'The pool:',
    [
      { words: ['pilot', 'pilots', 'workers'], load: () => import('./commands/pilots.js') },
      { words: ['sites'], load: () => import('./commands/sites.js') },
      { words: ['request'], load: () => import('./commands/request.js') },
      { words: ['accounting'], load: () => import('./commands/accounting.js') },
      { words: ['proxy'], load: () => import('./commands/proxy.js') },
      { words: ['agent'], load: () => import('./commands/agent.js') },
    ],
  ],
  [
    'Users and rights:',
    [
      { words: ['login', 'logout', 'whoami'], load: () => import('./commands/login.js') },
      { words: ['token'], load: () => import('./commands/token.js') },
      { words: ['audit'], load: () => import('./commands/audit.js') },
    ],
  ],
];

/** Columns for what is said of an option or command, on a terminal of 80 that has long names to the left. */
const LEAST_HELP = 24;

export async function buildProgram(words: readonly string[], prompt?: AtPrompt): Promise<Command> {
  const program = new Command('proof')
    .description('PROOF on the Grid: an interactive pool of analysis workers')
    .version(PACKAGE_VERSION, '--version', 'the version of this installation')
    .option('--config <FILE>', 'the configuration to use instead of ~/.config/proof/config.yaml')
    .addOption(new Option('--at <HOST>', 'of the prompt: its host, for commands that name none').hideHelp())
    .enablePositionalOptions()
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ optionDescription, minWidthToWrap: LEAST_HELP })
    .configureOutput({
      outputError: (text, write) => write(shownText(process.stderr, text.replace(/^error: /, 'proof: '))),
    });
  program.hook('preAction', (_program, action) => {
    const host = prompt?.session.host.name ?? program.getOptionValue('at');
    if (host !== undefined && action.getOptionValue('host') === undefined) action.setOptionValue('host', host);
  });
  const loaders = GROUPS.flatMap(([, group]) => group);
  const allWords = loaders.flatMap(({ words }) => words);
  const named = loaders.filter((loader) => words.some((word) => loader.words.includes(word)));
  const wanted = new Set(named.length > 0 || words[0] === '--version' ? named : loaders);
  for (const [heading, group] of GROUPS) {
    program.commandsGroup(heading);
    for (const loader of group)
      if (wanted.has(loader))
        (await loader.load()).addCommands(program, { prompt, words: allWords, build: buildProgram });
  }
  tellHelp(program, 'proof');
  return program;
}

/** Whoever uses a command wrongly is told where its options stand, and there are examples. */
function tellHelp(command: Command, words: string): void {
  command.showHelpAfterError(`(see "${words} --help")`);
  const examples = EXAMPLES[words.replace(/^proof ?/, '')];
  if (examples !== undefined)
    command.addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}\n`).join('')}`);
  for (const part of command.commands) tellHelp(part, `${words} ${part.name()}`);
}

/** Commander would tell of options that begin empty that they begin with "", "{}" or "[]". */
function optionDescription(this: Help, option: Option): string {
  const { defaultValue, description } = option;
  const isEmpty =
    defaultValue === '' ||
    (typeof defaultValue === 'object' && defaultValue !== null && Object.keys(defaultValue).length === 0);
  return isEmpty ? description : Help.prototype.optionDescription.call(this, option);
}
