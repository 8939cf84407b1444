/** `proof meta`: typed tags of directories and files. */
import type { Command } from 'commander';
import { tagsAnswer } from '../../../catalog/grid/wire.js';
import { UsageError } from '../../../protocol/errors.js';
import { printJson, printTable } from '../../print.js';
import { withCatalog, withCatalogOptions } from './open-catalog.js';

export function addMetaCommands(program: Command): void {
  const meta = program.command('meta').description('metadata: typed tags, inherited downwards');
  withCatalogOptions(meta.command('set'))
    .description('set values; a tag defined nowhere above is defined here, with the type of its value')
    .argument('<path>')
    .argument('<values...>', 'TAG=VALUE')
    .action(async (path: string, words: string[], _options: unknown, command: Command) => {
      const values = assignments(words);
      await withCatalog(command, ({ http }) => http.tell('/v1/meta/set', { items: [{ path, values }] }));
    });
  withCatalogOptions(meta.command('get'))
    .description('tags in force, their own and inherited')
    .argument('<path>')
    .argument('[tags...]', 'only these')
    .action(async (path: string, names: string[], options: { json?: boolean }, command: Command) => {
      const answer = await withCatalog(command, ({ http }) => http.get('/v1/meta', { path }, tagsAnswer));
      const tags = names.length === 0 ? answer.tags : answer.tags.filter(({ name }) => names.includes(name));
      if (options.json) printJson({ path: answer.path, tags });
      else
        printTable(
          ['tag', 'type', 'value', 'from'],
          tags.map(({ name, type, value, from }) => [name, type, value === null ? null : String(value), from]),
        );
    });
  withCatalogOptions(meta.command('rm'))
    .description('remove values from an entry')
    .argument('<path>')
    .argument('<tags...>')
    .action((path: string, names: string[], _options: unknown, command: Command) =>
      withCatalog(command, ({ http }) => http.tell('/v1/meta/rm', { path, names })).then(() => undefined),
    );
  withCatalogOptions(meta.command('define'))
    .description('define tags on a directory: TAG:TYPE with int, float, string, bool or time')
    .argument('<directory>')
    .argument('<tags...>', 'as run:int')
    .action(async (path: string, words: string[], _options: unknown, command: Command) => {
      const tags = Object.fromEntries(words.map((word) => splitAt(word, ':', 'TAG:TYPE, as run:int')));
      await withCatalog(command, ({ http }) => http.tell('/v1/meta/define', { path, tags }));
    });
  withCatalogOptions(meta.command('undefine'))
    .description('take definitions back; values stay')
    .argument('<directory>')
    .argument('<tags...>')
    .action((path: string, names: string[], _options: unknown, command: Command) =>
      withCatalog(command, ({ http }) => http.tell('/v1/meta/undefine', { path, names })).then(() => undefined),
    );
}

/** `a=1 b=2`, or the two words `a 1`. */
function assignments(words: readonly string[]): Record<string, string> {
  if (words.length === 2 && words.every((word) => !word.includes('='))) return { [words[0]!]: words[1]! };
  return Object.fromEntries(words.map((word) => splitAt(word, '=', 'TAG=VALUE, as run=119000')));
}

function splitAt(word: string, separator: string, form: string): [string, string] {
  const at = separator === ':' ? word.lastIndexOf(':') : word.indexOf('=');
  if (at <= 0) throw new UsageError(`${word} is not of the form ${form}.`);
  return [word.slice(0, at), word.slice(at + 1)];
}
