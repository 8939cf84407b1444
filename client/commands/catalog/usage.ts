/** `proof du` and `proof tree`: what is below a name. */
import type { Command } from 'commander';
import type { GridEntry } from '../../../catalog/grid/grid.js';
import type { ProofGrid } from '../../../catalog/grid/proof-grid.js';
import { entryShape, usageAnswer } from '../../../catalog/grid/wire.js';
import { RemoteError } from '../../../protocol/errors.js';
import { formatBytes, printJson, printTable } from '../../print.js';
import { shownName } from '../../show/tell.js';
import { withCatalog, withCatalogOptions } from './open-catalog.js';
import { whole } from './whole.js';

export function addUsageCommands(program: Command): void {
  withCatalogOptions(program.command('du'))
    .description('files and bytes below names')
    .argument('[paths...]', 'logical names', ['/'])
    .action(async (paths: string[], options: { json?: boolean }, command: Command) => {
      const found = await withCatalog(command, async ({ http }) => {
        const all = [];
        for (const path of paths) for await (const line of http.lines('/v1/du', { path }, usageAnswer)) all.push(line);
        return all;
      });
      if (options.json) return printJson(found.length === 1 ? found[0] : found);
      const rows = found.map(({ path, files, directories, size }) => [formatBytes(size), files, directories, path]);
      printTable(['size', 'files', 'directories', 'path'], rows);
    });
  withCatalogOptions(program.command('tree'))
    .description('the tree below a directory')
    .argument('[path]', 'logical name', '/')
    .option('-L, --levels <N>', 'at most so many levels down')
    .action(async (path: string, options: { json?: boolean; levels?: string }, command: Command) => {
      const levels = options.levels === undefined ? Number.POSITIVE_INFINITY : whole(options.levels);
      const top = path.replace(/\/+$/, '');
      const kept: unknown[] = [];
      if (!options.json) process.stdout.write(`${shownName(top === '' ? '/' : top)}\n`);
      await withCatalog(command, async (grid) => {
        for await (const entry of entriesBelow(grid, top, levels)) {
          const depth = entry.path.slice(top.length).split('/').length - 1;
          const name = entry.path.slice(entry.path.lastIndexOf('/') + 1) + (entry.type === 'directory' ? '/' : '');
          if (options.json) kept.push(entry);
          else process.stdout.write(`${'  '.repeat(depth)}${shownName(name)}\n`);
        }
      });
      if (options.json) printJson(kept);
    });
}

/** What may not be looked into is left out, as in a whole listing. */
async function* entriesIn(grid: ProofGrid, path: string, levels: number): AsyncGenerator<GridEntry> {
  try {
    yield* entriesBelow(grid, path, levels);
  } catch (error) {
    if (!(error instanceof RemoteError) || error.code !== 'CATALOG_ACCESS_DENIED') throw error;
  }
}

/** Depth first; with few levels of a large tree, only those directories are listed. */
async function* entriesBelow(grid: ProofGrid, top: string, levels: number): AsyncGenerator<GridEntry> {
  if (levels === Number.POSITIVE_INFINITY) {
    yield* grid.http.lines('/v1/list', { path: top || '/', shape: 'entry' }, entryShape);
    return;
  }
  if (levels < 1) return;
  for await (const page of grid.listPages(top || '/'))
    for (const entry of page) {
      yield entry;
      if (entry.type === 'directory') yield* entriesIn(grid, entry.path, levels - 1);
    }
}
