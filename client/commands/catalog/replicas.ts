/** Where files are: whereis, and what is known of single replicas. */
import type { Command } from 'commander';
import { Argument } from 'commander';
import type { WhereisAnswer } from '../../../catalog/grid/wire.js';
import { printJson, printTable } from '../../print.js';
import { withCatalog, withCatalogOptions } from './open-catalog.js';

export function addReplicaCommands(program: Command): void {
  withCatalogOptions(program.command('whereis'))
    .description('the replicas of files, closest first')
    .argument('<lfns...>')
    .action(async (lfns: string[], options: { json?: boolean }, command: Command) => {
      const found = await withCatalog(command, async (grid) => {
        const all: WhereisAnswer[] = [];
        for (const lfn of lfns) all.push(await grid.whereis(lfn.replace(/^lfn:/, '')));
        return all;
      });
      if (options.json) return printJson(found.length === 1 ? found[0] : found);
      const rows = found.flatMap(({ lfn, replicas }) =>
        replicas.map(({ se, status, url }) => [...(found.length > 1 ? [lfn] : []), se, status, url]),
      );
      printTable([...(found.length > 1 ? ['lfn'] : []), 'se', 'status', 'url'], rows);
    });
}

/** `proof catalog replica LFN bad|good|removed URL` */
export function addReplicaMarks(catalog: Command): void {
  withCatalogOptions(catalog.command('replica'))
    .description('mark a replica bad or good again, or forget it')
    .argument('<lfn>')
    .addArgument(new Argument('<to>').choices(['bad', 'good', 'removed']))
    .argument('<url>')
    .action(async (lfn: string, to: string, url: string, _options: unknown, command: Command) => {
      await withCatalog(command, ({ http }) => http.tell('/v1/replica', { lfn, to, url }));
    });
}
