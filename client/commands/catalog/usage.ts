/** `proof du` and `proof tree`: what is below a name. */
import type { Command } from 'commander';
import { entryShape, usageAnswer } from '../../../catalog/grid/wire.js';
import { formatBytes, printJson, printTable } from '../../print.js';
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
      if (!options.json) process.stdout.write(`${top === '' ? '/' : top}\n`);
      await withCatalog(command, async ({ http }) => {
        for await (const entry of http.lines('/v1/list', { path: top || '/', shape: 'entry' }, entryShape)) {
          const depth = entry.path.slice(top.length).split('/').length - 1;
          if (depth > levels) continue;
          const name = entry.path.slice(entry.path.lastIndexOf('/') + 1) + (entry.type === 'directory' ? '/' : '');
          if (options.json) kept.push(entry);
          else process.stdout.write(`${'  '.repeat(depth)}${name}\n`);
        }
      });
      if (options.json) printJson(kept);
    });
}
