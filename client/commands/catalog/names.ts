/** The tree: ls, stat, mkdir, mv, rm, chmod, chown, touch. */
import type { Command } from 'commander';
import type { GridEntry } from '../../../catalog/grid/grid.js';
import { entryShape, type StatAnswer } from '../../../catalog/grid/wire.js';
import { UsageError } from '../../../protocol/errors.js';
import { plainText } from '../../../protocol/plain-text.js';
import { printJson } from '../../print.js';
import { formatTable } from '../../show/table.js';
import { shownName } from '../../show/tell.js';
import { JsonArray } from './json-array.js';
import { withCatalog, withCatalogOptions, withGrid } from './open-catalog.js';

export function addNameCommands(program: Command): void {
  addListing(program);
  addStat(program);
  addChanges(program);
}

function addListing(program: Command): void {
  withCatalogOptions(program.command('ls'))
    .description('list directories of the catalog')
    .argument('[paths...]', 'logical names', ['/'])
    .option('-l, --long', 'mode, owner, group, size and time as well')
    .option('-r, --recursive', 'everything below')
    .action(
      async (paths: string[], options: { long?: boolean; recursive?: boolean; json?: boolean }, command: Command) => {
        const array = options.json ? new JsonArray() : undefined;
        let isFirst = true;
        const print = (entries: readonly GridEntry[], top: string): void => {
          if (array !== undefined) for (const entry of entries) array.push(entry);
          else if (entries.length > 0) {
            const text = options.long ? longListing(entries, top, isFirst) : listing(entries, top);
            process.stdout.write(`${text}\n`);
            isFirst = false;
          }
        };
        if (options.recursive)
          await withCatalog(command, async (grid) => {
            for (const path of paths) {
              const batch: GridEntry[] = [];
              for await (const entry of grid.http.lines('/v1/list', { path, shape: 'entry' }, entryShape)) {
                batch.push(entry);
                if (batch.length === 500) print(batch.splice(0), '');
              }
              print(batch, '');
            }
          });
        else
          await withGrid(command, async (grid) => {
            for (const path of paths) for await (const page of grid.listPages(path)) print(page, path);
          });
        array?.end();
      },
    );
}

function listing(entries: readonly GridEntry[], top: string): string {
  return entries.map((entry) => shownName(nameBelow(top, entry))).join('\n');
}

/** A long directory comes in parts; the first has the header. */
function longListing(entries: readonly GridEntry[], top: string, isFirst: boolean): string {
  const rows = entries.map((entry) => [
    modeText(entry),
    entry.owner,
    entry.group,
    entry.size,
    entry.modified.slice(0, 19).replace('T', ' '),
    nameBelow(top, entry),
  ]);
  const text = formatTable(['mode', 'owner', 'group', 'size', 'modified', 'name'], rows);
  return isFirst ? text : text.slice(text.indexOf('\n') + 1);
}

function nameBelow(top: string, { path, type }: GridEntry): string {
  const prefix = top === '' ? '' : `${top.replace(/\/+$/, '')}/`;
  const isBelow = prefix !== '' && path.startsWith(prefix);
  return (isBelow ? path.slice(prefix.length) : path) + (type === 'directory' ? '/' : '');
}

/** `drwxr-xr-x`; c for a collection, l for a member of an archive. */
export function modeText({ type, mode }: Pick<GridEntry, 'type' | 'mode'>): string {
  const kind = { file: '-', directory: 'd', collection: 'c', link: 'l' }[type];
  const bits = [6, 3, 0].map((shift) =>
    ['r', 'w', 'x'].map((letter, i) => (((mode >> shift) & (4 >> i)) !== 0 ? letter : '-')).join(''),
  );
  const text = kind + bits.join('');
  return (mode & 0o1000) === 0 ? text : text.slice(0, -1) + (text.endsWith('x') ? 't' : 'T');
}

function addStat(program: Command): void {
  withCatalogOptions(program.command('stat'))
    .description('all that the catalog knows of an entry')
    .argument('<paths...>', 'logical names')
    .action(async (paths: string[], options: { json?: boolean }, command: Command) => {
      const found = await withCatalog(command, async (grid) => {
        const all: StatAnswer[] = [];
        for (const path of paths) all.push(await grid.stat(path));
        return all;
      });
      if (options.json) printJson(found.length === 1 ? found[0] : found);
      else process.stdout.write(`${found.map(statText).join('\n\n')}\n`);
    });
}

function statText(stat: StatAnswer): string {
  const lines: [string, unknown][] = [
    ['path', stat.path],
    ['type', stat.type],
    ['mode', `${modeText(stat)} (${(stat.mode & 0o7777).toString(8)})`],
    ['owner', `${stat.owner}:${stat.group}`],
    ['size', stat.size],
    ['checksum', stat.checksum],
    ['guid', stat.guid],
    ['tree', stat.tree],
    ['entries', stat.entries],
    ['replicas', stat.type === 'directory' ? null : stat.replicas],
    ['archive', stat.archive === null ? null : `${stat.archive} (${stat.member ?? ''})`],
    ['created', stat.created],
    ['modified', stat.modified],
  ];
  return lines
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${key.padEnd(9)} ${plainText(String(value))}`)
    .join('\n');
}

function addChanges(program: Command): void {
  withCatalogOptions(program.command('mkdir'))
    .description('make directories')
    .argument('<paths...>')
    .option('-p, --parents', 'those above as well; no error where it exists')
    .action((paths: string[], { parents }: { parents?: boolean }, command: Command) =>
      withGrid(command, async (grid) => {
        for (const path of paths) await grid.mkdir(path, { parents: parents ?? false });
      }),
    );
  withCatalogOptions(program.command('rm'))
    .description('remove names from the catalog; the bytes stay where they are')
    .argument('<paths...>')
    .option('-r, --recursive', 'directories with all below')
    .action((paths: string[], { recursive }: { recursive?: boolean }, command: Command) =>
      withGrid(command, async (grid) => {
        for (const path of paths) await grid.rm(path, { recursive: recursive ?? false });
      }),
    );
  withCatalogOptions(program.command('mv'))
    .description('rename; onto a directory: move into it')
    .argument('<from>')
    .argument('<to>')
    .action((from: string, to: string, _options: unknown, command: Command) =>
      withGrid(command, (grid) => grid.mv(from, to)),
    );
  addOwnership(program);
}

function addOwnership(program: Command): void {
  withCatalogOptions(program.command('chmod'))
    .description('set the mode of entries, in octal')
    .argument('<mode>', 'as 755')
    .argument('<paths...>')
    .option('-r, --recursive', 'everything below as well')
    .action((mode: string, paths: string[], { recursive }: { recursive?: boolean }, command: Command) => {
      if (!/^[0-7]{3,4}$/.test(mode)) throw new UsageError(`${mode} is no mode; write it in octal, as 755.`);
      return withCatalog(command, async ({ http }) => {
        for (const path of paths)
          await http.tell('/v1/chmod', { path, mode: Number.parseInt(mode, 8), recursive: recursive ?? false });
      });
    });
  withCatalogOptions(program.command('chown'))
    .description('give entries to a user or group')
    .argument('<owner>', 'USER, USER:GROUP or :GROUP')
    .argument('<paths...>')
    .option('-r, --recursive', 'everything below as well')
    .action((who: string, paths: string[], { recursive }: { recursive?: boolean }, command: Command) => {
      const [owner, group] = who.split(':');
      const to = { ...(owner ? { owner } : {}), ...(group ? { group } : {}) };
      return withCatalog(command, async ({ http }) => {
        for (const path of paths) await http.tell('/v1/chown', { path, ...to, recursive: recursive ?? false });
      });
    });
  withCatalogOptions(program.command('touch'))
    .description('set the time of change to now; make an empty file where there is none')
    .argument('<paths...>')
    .action((paths: string[], _options: unknown, command: Command) =>
      withCatalog(command, async ({ http }) => {
        for (const path of paths) await http.tell('/v1/touch', { path });
      }),
    );
}
