/** `proof find`: names by pattern or query, streamed. */
import type { Command } from 'commander';
import { z } from 'zod';
import { entryShape, gridFileShape } from '../../../catalog/grid/wire.js';
import { shownName } from '../../show/tell.js';
import { JsonArray } from './json-array.js';
import { withCatalog, withCatalogOptions } from './open-catalog.js';
import { whole } from './whole.js';

interface FindOptions {
  readonly json?: boolean;
  readonly directories?: boolean;
  readonly limit?: string;
  readonly offset?: string;
  readonly unsorted?: boolean;
}

export function addFindCommands(program: Command): void {
  withCatalogOptions(program.command('find'))
    .description('names that match, in bytewise order')
    .argument('<pattern>', "'/alice/data/*/AliESDs.root', '/alice/data?run>=119000', or a directory")
    .argument('[name]', "names in that directory and below, as '*.root'")
    .option('-d, --directories', 'directories instead of files')
    .option('-l, --limit <N>', 'at most so many')
    .option('-o, --offset <N>', 'leave out the first so many')
    .option('-u, --unsorted', "in the catalog's own order, which costs it less")
    .action(async (pattern: string, name: string | undefined, options: FindOptions, command: Command) => {
      const question = asQuestion(pattern, name);
      const params = {
        ...question.params,
        directories: options.directories ?? false,
        unsorted: options.unsorted ?? false,
        ...(options.limit === undefined ? {} : { limit: whole(options.limit) }),
        ...(options.offset === undefined ? {} : { offset: whole(options.offset) }),
      };
      await withCatalog(command, async ({ http }) => {
        if (!options.json) {
          const names = http.lines(question.path, { ...params, shape: 'name' }, z.string());
          for await (const found of names) process.stdout.write(`${shownName(found)}\n`);
          return;
        }
        const shape = options.directories ? 'entry' : 'file';
        const array = new JsonArray();
        const line: z.ZodType<unknown> = options.directories ? entryShape : gridFileShape;
        for await (const found of http.lines(question.path, { ...params, shape }, line)) array.push(found);
        array.end();
      });
    });
}

/** A pattern of whole names, or a query below a base: what `find:` and `lfn:` stand for in a data set. */
function asQuestion(pattern: string, name: string | undefined): { path: string; params: Record<string, string> } {
  if (name !== undefined) {
    const base = pattern.replace(/^(find|lfn):/, '').replace(/\/+$/, '') || '/';
    return { path: '/v1/find', params: { query: `${base}?name='${name.replaceAll("'", "''")}'` } };
  }
  if (pattern.startsWith('find:')) return { path: '/v1/find', params: { query: pattern.slice(5) } };
  const text = pattern.replace(/^lfn:/, '');
  const isQuery = /\?.*(?:[=<>~]|\b(?:like|in|has)\b)/is.test(text);
  const isBase = !/[*?\\]/.test(text);
  return isQuery || isBase
    ? { path: '/v1/find', params: { query: text } }
    : { path: '/v1/glob', params: { pattern: text } };
}
