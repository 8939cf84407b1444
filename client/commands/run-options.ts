/** The options that `run` and `draw` share: declared once, checked once. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { FriendSet } from '../../protocol/entry-list.js';
import { UsageError } from '../../protocol/errors.js';
import { expandDatasetWords } from '../run/dataset-words.js';
import { checkOutputs } from '../run/output-files.js';

export interface RunOptions {
  readonly host?: string;
  readonly local?: true;
  readonly catalog?: string;
  readonly workers?: number;
  readonly tree?: string;
  readonly objects?: string;
  readonly entryList?: string;
  readonly friend: Readonly<Record<string, readonly string[]>>;
  readonly package: readonly string[];
  readonly first: number;
  readonly entries?: number;
  readonly param: Readonly<Record<string, string>>;
  readonly output?: string;
  /** FILE, or `-` for standard output. */
  readonly json?: string;
  readonly seed: number;
  readonly plot?: string;
  readonly log?: true;
  readonly async?: true;
  readonly quiet?: true;
  readonly maxAttempts: number;
  readonly maxFailures: number;
}

export const whole = (least: number) => (text: string) => {
  const n = Number(text);
  if (!Number.isSafeInteger(n) || n < least) throw new InvalidArgumentError(`must be a whole number from ${least} on.`);
  return n;
};

function addParam(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('must be KEY=VALUE.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** `--friend`: words of one alias stand behind one another. */
export function addFriend(text: string, before: Record<string, string[]>): Record<string, string[]> {
  const match = /^([A-Za-z_]\w{0,99})=(.+)$/s.exec(text);
  if (match === null) throw new InvalidArgumentError('must be ALIAS=WORD, the alias a word of letters and digits.');
  const [, alias, word] = match as unknown as [string, string, string];
  return { ...before, [alias]: [...(before[alias] ?? []), word] };
}

/** An option that may be given more than once. */
export const addWord = (word: string, before: readonly string[]): string[] => [...before, word];

export function friendsOf(given: RunOptions['friend']): FriendSet[] {
  return Object.entries(given).map(([alias, words]) => ({ alias, dataset: expandDatasetWords(words) }));
}

export function addRunOptions(command: Command): Command {
  return command
    .option('--host <HOST>', 'the ProxyServer: a name of your configuration, or host[:port]')
    .addOption(new Option('--local', 'run in this process, without a server').conflicts(['host', 'workers', 'async']))
    .option(
      '--catalog <URL>',
      'with --local: the catalog of lfn:, find: and dataset: words; a ProxyServer asks its own',
    )
    .option('--workers <N>', 'at most so many workers', whole(1))
    .option('--tree <NAME>', 'the tree of files that do not name one behind #')
    .addOption(
      new Option(
        '--objects <CLASS>',
        'one object of this class an entry (columns: object, path), instead of a tree',
      ).conflicts('tree'),
    )
    .option(
      '--entry-list <FILE>',
      'only the entries that it names: text, JSON, or a TEntryList in a ROOT file (FILE.root#NAME)',
    )
    .option('--friend <ALIAS=WORD>', 'files whose entries go with those of the data set (repeatable)', addFriend, {})
    .option(
      '--package <NAME>',
      'a package that was uploaded, or PATH of one on this computer, set up on every worker (repeatable)',
      addWord,
      [],
    )
    .option('--first <N>', 'skip so many entries of the data set', whole(0), 0)
    .option('--entries <N>', 'process so many entries at most', whole(0))
    .option('--param <KEY=VALUE>', 'a parameter for the selector (repeatable)', addParam, {})
    .option('--output <FILE.root>', 'write the outputs as a ROOT file')
    .option('--json <FILE>', 'write the result as JSON; - is standard output, which then holds nothing else')
    .option('--seed <N>', 'seed of the random numbers', whole(0), 0)
    .option('--plot <FILE.png|.svg>', 'draw the outputs into a picture')
    .option('--log', 'contents of that picture on a logarithmic scale')
    .option('--async', 'print the id of the query and leave; see "proof retrieve"')
    .option('--max-attempts <N>', 'tries before a failing packet is halved', whole(1), 3)
    .option('--max-failures <N>', 'failing entries to set aside before the query fails', whole(0), 100)
    .option('--quiet', 'no progress, no pictures; errors only');
}

/** What commander cannot check by itself. @throws {UsageError} */
export function checkRunOptions(options: RunOptions): void {
  if (options.catalog !== undefined && options.local !== true)
    throw new UsageError('--catalog goes with --local: a ProxyServer asks its own catalog.');
  checkOutputs(options);
}
