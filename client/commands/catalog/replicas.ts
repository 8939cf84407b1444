/** Files and where they are: register, whereis. */
import { existsSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import type { NewGridFile } from '../../../catalog/grid/grid.js';
import { UsageError } from '../../../protocol/errors.js';
import { printJson, printTable } from '../../print.js';
import { withCatalog, withCatalogOptions, withGrid } from './open-catalog.js';

interface RegisterOptions {
  readonly se?: string;
  readonly size?: string;
  readonly checksum?: string;
  readonly guid?: string;
  readonly entries?: string;
  readonly tree?: string;
  readonly json?: boolean;
}

export function addReplicaCommands(program: Command): void {
  withCatalogOptions(program.command('register'))
    .description('register a file and its replicas under a logical name')
    .argument('<lfn>', 'logical name')
    .argument('<urls...>', 'where its copies are: root://, https://, file: or a local path')
    .option('--se <SE>', 'storage element of the replicas, VO::SITE::NAME; else the one whose prefix fits')
    .option('--size <BYTES>', 'size; of a local file it is looked up')
    .option('--checksum <SUM>', 'as adler32:1a2b3c4d or md5:…')
    .option('--guid <GUID>')
    .option('--tree <NAME>', 'name of its tree')
    .option('--entries <N>', 'entries of that tree')
    .action(async (lfn: string, urls: string[], options: RegisterOptions, command: Command) => {
      const file = newFile(lfn, urls, options);
      await withGrid(command, (grid) => grid.register([file]));
      if (options.json) printJson(file);
    });
  withCatalogOptions(program.command('whereis'))
    .description('the replicas of files, closest first')
    .argument('<lfns...>')
    .action(async (lfns: string[], options: { json?: boolean }, command: Command) => {
      const found = await withCatalog(command, async (grid) => {
        const all = [];
        for (const lfn of lfns) all.push(await grid.whereis(lfn));
        return all;
      });
      if (options.json) return printJson(found.length === 1 ? found[0] : found);
      const rows = found.flatMap(({ lfn, replicas }) =>
        replicas.map(({ se, status, url }) => [...(found.length > 1 ? [lfn] : []), se, status, url]),
      );
      printTable([...(found.length > 1 ? ['lfn'] : []), 'se', 'status', 'url'], rows);
    });
}

function newFile(lfn: string, urls: readonly string[], options: RegisterOptions): NewGridFile {
  const local = urls.map(localPath).find((path) => path !== undefined && existsSync(path));
  const size =
    options.size === undefined ? (local === undefined ? undefined : statSync(local).size) : whole(options.size);
  return {
    lfn,
    ...(size === undefined ? {} : { size }),
    ...(options.checksum === undefined ? {} : { checksum: options.checksum }),
    ...(options.guid === undefined ? {} : { guid: options.guid }),
    ...(options.tree === undefined ? {} : { tree: options.tree }),
    ...(options.entries === undefined ? {} : { entries: whole(options.entries) }),
    replicas: urls.map((url) => ({ url: absoluteUrl(url), ...(options.se === undefined ? {} : { se: options.se }) })),
  };
}

/** The path of a replica on this machine. */
export function localPath(url: string): string | undefined {
  if (!/^[a-z][a-z0-9+.-]*:/i.test(url)) return url;
  return /^file:/i.test(url) && URL.canParse(url) ? decodeURIComponent(new URL(url).pathname) : undefined;
}

export function absoluteUrl(url: string): string {
  return /^[a-z][a-z0-9+.-]*:/i.test(url) ? url : pathToFileURL(url).href;
}

export function whole(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new UsageError(`${text} is no whole number.`);
  return value;
}
