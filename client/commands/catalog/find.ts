/** `proof find`: names by pattern. */
import type { Command } from 'commander';
import { z } from 'zod';
import { gridFileShape } from '../../../catalog/grid/wire.js';
import { JsonArray } from './json-array.js';
import { withCatalog, withCatalogOptions } from './open-catalog.js';

export function addFindCommands(program: Command): void {
  withCatalogOptions(program.command('find'))
    .description('names that match, in bytewise order')
    .argument('<pattern>', "as '/alice/data/*/AliESDs.root'")
    .action(async (pattern: string, options: { json?: boolean }, command: Command) => {
      const params = { pattern, shape: options.json ? 'file' : 'name' };
      await withCatalog(command, async ({ http }) => {
        if (options.json) {
          const array = new JsonArray();
          for await (const file of http.lines('/v1/glob', params, gridFileShape)) array.push(file);
          array.end();
        } else for await (const name of http.lines('/v1/glob', params, z.string())) process.stdout.write(`${name}\n`);
      });
    });
}
