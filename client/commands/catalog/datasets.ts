/** `proof datasets show|create|add|freeze|verify|rm`: named lists of files, in versions. */
import type { Command } from 'commander';
import type { ProofGrid } from '../../../catalog/grid/proof-grid.js';
import { parseDatasetWord, resolveDataset } from '../../../catalog/grid/resolve-dataset.js';
import { type NewMember, type SetAnswer, setAnswer, setChanged } from '../../../catalog/grid/wire.js';
import { plainText } from '../../../protocol/plain-text.js';
import { formatBytes, printJson, printTable } from '../../print.js';
import { expandListedWords } from '../../run/dataset-words.js';
import { readEntryList } from '../../run/entry-list-file.js';
import { addFriend, friendsOf } from '../run-options.js';
import { withCatalog, withCatalogOptions } from './open-catalog.js';
import { addVerifyCommand } from './verify.js';

interface CreateOptions {
  readonly tree?: string;
  readonly access?: string;
  readonly comment?: string;
  readonly entryList?: string;
  readonly friend: Readonly<Record<string, readonly string[]>>;
  readonly replace?: boolean;
  readonly json?: boolean;
}

export function addDatasetCommands(program: Command): void {
  const datasets = program.command('datasets').description('named data sets: lists of files, in versions');
  addShow(datasets);
  addCreate(datasets);
  addVerifyCommand(datasets);
  withCatalogOptions(datasets.command('freeze'))
    .description('freeze the last version; what is added later makes a new one')
    .argument('<name>')
    .action(async (name: string, _options: unknown, command: Command) => {
      await withCatalog(command, ({ http }) => http.tell('/v1/set/freeze', { name }));
    });
  withCatalogOptions(datasets.command('rm'))
    .description('remove data sets with all their versions; the files stay')
    .argument('<names...>')
    .action((names: string[], _options: unknown, command: Command) =>
      withCatalog(command, async (grid) => {
        for (const name of names) await grid.rm(pathOfSet(name));
      }),
    );
}

/** A name without a path is one in /datasets. */
function pathOfSet(name: string): string {
  return name.startsWith('/') ? name : `/datasets/${name}`;
}

function addShow(datasets: Command): void {
  withCatalogOptions(datasets.command('show'))
    .description('one data set with its files, or the names of all')
    .argument('[name]', 'NAME, or NAME@VERSION')
    .action(async (name: string | undefined, options: { json?: boolean }, command: Command) =>
      withCatalog(command, async (grid) => {
        if (name === undefined) return showAll(grid, options.json ?? false);
        const set = await grid.http.get('/v1/set', { name }, setAnswer);
        if (options.json) printJson(set);
        else process.stdout.write(`${describe(set)}\n`);
      }),
    );
}

async function showAll(grid: ProofGrid, json: boolean): Promise<void> {
  const sets: SetAnswer[] = [];
  for (const { path, type } of await grid.ls('/datasets'))
    if (type === 'collection') sets.push(await grid.http.get('/v1/set', { name: path }, setAnswer));
  if (json) return printJson(sets.map(({ members: _members, ...set }) => set));
  const rows = sets.map((set) => [
    set.path.replace('/datasets/', ''),
    set.version,
    set.frozen === null ? 'open' : 'frozen',
    set.files,
    set.entries,
    set.size,
    set.tree,
  ]);
  printTable(['name', 'version', 'state', 'files', 'entries', 'size', 'tree'], rows);
}

function describe(set: SetAnswer): string {
  const sums = `${set.files} files, ${set.entries ?? 'unknown'} entries, ${set.size === null ? 'size unknown' : formatBytes(set.size)}`;
  const head = `${set.path}@${set.version} (${set.frozen === null ? 'open' : `frozen ${set.frozen}`}), tree ${set.tree ?? '-'}, access ${set.access}: ${sums}`;
  const lines = set.members.map((member) => {
    const facts = [
      member.kind === 'file' ? null : member.kind,
      member.state,
      member.entries === null ? null : `${member.entries} entries`,
      member.selected === null ? null : `${member.selected} of them`,
    ];
    const told = facts.filter((fact) => fact !== null).join(', ');
    return `  ${member.name}${member.tree === null ? '' : `#${member.tree}`}${told === '' ? '' : `  (${told})`}`;
  });
  const friends = set.friends.map(({ alias, dataset }) => `  friend ${alias}: ${dataset.join(' ')}`);
  return [head, ...(set.comment === '' ? [] : [set.comment]), ...lines, ...friends].map(plainText).join('\n');
}

function addCreate(datasets: Command): void {
  const add = (word: string, description: string, how: (options: CreateOptions) => string): void => {
    withCatalogOptions(datasets.command(word))
      .description(description)
      .argument('<name>', 'a name in /datasets, or an absolute path')
      .argument('[words...]', 'DATASET words: files, patterns, queries, URLs, dataset:NAME')
      .option('--tree <NAME>', 'the tree of its files')
      .option('--access <HOW>', 'how files are meant to be read: any, local, remote or cache')
      .option('--comment <TEXT>', 'a line about it, shown with it')
      .option('--entry-list <FILE>', 'of the files only the entries that it names')
      .option('--friend <ALIAS=WORD>', 'files whose entries go with those of the set (repeatable)', addFriend, {})
      .option('--replace', 'instead of the members that it has')
      .action(async (name: string, words: string[], options: CreateOptions, command: Command) =>
        withCatalog(command, async (grid) => {
          const body = {
            name,
            how: how(options),
            members: await membersOf(grid, words, options.entryList),
            ...(Object.keys(options.friend).length === 0 ? {} : { friends: friendsOf(options.friend) }),
            ...(options.tree === undefined ? {} : { tree: options.tree }),
            ...(options.access === undefined ? {} : { access: options.access }),
            ...(options.comment === undefined ? {} : { comment: options.comment }),
          };
          const changed = await grid.http.post('/v1/set', body, setChanged);
          if (options.json) printJson(changed);
          else process.stdout.write(`${changed.path}@${changed.version}: ${changed.added} added\n`);
        }),
      );
  };
  add('create', 'make a data set', ({ replace }) => (replace ? 'replace' : 'create'));
  add('add', 'add to a data set; a frozen one gets a new version', ({ replace }) => (replace ? 'replace' : 'add'));
}

/** Data sets named as such are nested; everything else is resolved now. An entry list is for files, not for nested sets. */
async function membersOf(grid: ProofGrid, words: readonly string[], entryList?: string): Promise<NewMember[]> {
  const { dataset, lists } = await expandListedWords(words);
  if (entryList !== undefined) lists.push({ name: entryList, words: null, parts: await readEntryList(entryList) });
  const isSet = (word: string): boolean => lists.length === 0 && parseDatasetWord(word).kind === 'dataset';
  const members: NewMember[] = [];
  for (let first = 0; first < dataset.length; ) {
    const { text, tree } = parseDatasetWord(dataset[first]!);
    if (isSet(dataset[first]!)) {
      members.push({ set: text, ...named(tree) });
      first++;
      continue;
    }
    // With lists all words are resolved together, because a list may count entries along them.
    const end = lists.length > 0 ? dataset.length : first + 1;
    for (const file of await resolveDataset(dataset.slice(first, end), grid, { lists })) {
      const place = file.lfn === null ? { url: file.urls[0]! } : { lfn: file.lfn };
      const selected = file.selected === null ? {} : { selected: [...file.selected] };
      members.push({ ...place, ...named(lists.length > 0 ? file.tree : tree), ...selected });
    }
    first = end;
  }
  return members;
}

const named = (tree: string | null): { tree?: string } => (tree === null ? {} : { tree });
