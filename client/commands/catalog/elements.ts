/** `proof catalog se …` and `distance`: storage elements and how far sites are from one another. */
import type { Command } from 'commander';
import { elementsAnswer } from '../../../catalog/grid/wire.js';
import { UsageError } from '../../../protocol/errors.js';
import { printJson, printTable } from '../../print.js';
import { withCatalog, withCatalogOptions } from './open-catalog.js';

export function addElementCommands(catalog: Command): void {
  const se = catalog.command('se').description('storage elements');
  withCatalogOptions(se.command('list'))
    .description('all of them, and the distances between sites')
    .action(async (options: { json?: boolean }, command: Command) => {
      const answer = await withCatalog(command, ({ http }) => http.get('/v1/elements', {}, elementsAnswer));
      if (options.json) return printJson(answer);
      const rows = answer.elements.map(({ name, site, status, tags, prefix }) => [
        name,
        site,
        status,
        tags.join(','),
        prefix,
      ]);
      printTable(['se', 'site', 'status', 'tags', 'prefix'], rows);
      for (const { site, other, value } of answer.distances) process.stdout.write(`${site} - ${other}: ${value}\n`);
    });
  withCatalogOptions(se.command('set'))
    .description('make or change a storage element')
    .argument('<name>', 'VO::SITE::NAME')
    .option('--prefix <URL>', 'URLs that begin so are on it')
    .option('--status <STATUS>', 'up, readonly or down')
    .option('--tags <TAGS>', 'quality of service, as disk,fast')
    .action(async (name: string, options: { prefix?: string; status?: string; tags?: string }, command: Command) => {
      const { prefix, status, tags } = options;
      const body = { name, prefix, status, ...(tags === undefined ? {} : { tags: tags.split(',').filter(Boolean) }) };
      await withCatalog(command, ({ http }) => http.tell('/v1/elements', body));
    });
  withCatalogOptions(se.command('rm'))
    .description('remove a storage element that holds no replicas')
    .argument('<name>')
    .action(async (name: string, _options: unknown, command: Command) => {
      await withCatalog(command, ({ http }) => http.tell('/v1/elements/rm', { name }));
    });
  withCatalogOptions(catalog.command('distance'))
    .description('say how far two sites are from one another; smaller is closer')
    .argument('<from>')
    .argument('<to>')
    .argument('<value>')
    .action(async (from: string, to: string, text: string, _options: unknown, command: Command) => {
      const value = Number(text);
      if (text.trim() === '' || !(value >= 0)) throw new UsageError(`${text} is no distance.`);
      await withCatalog(command, ({ http }) => http.tell('/v1/distance', { from, to, value }));
    });
}
