/** `proof packages`: code, data and settings that the workers of a query get before it begins. */
import type { Command } from 'commander';
import { UsageError } from '../../protocol/errors.js';
import { apiOf } from '../named-api.js';
import { findPackages, withPackages } from '../packages/find-packages.js';
import { packPath } from '../packages/pack-directory.js';
import { printJson, printTable } from '../print.js';
import { tell } from '../show/tell.js';
import type { CommandContext } from './add-commands.js';

export function addCommands(program: Command, { prompt }: CommandContext): void {
  const session = prompt?.session;
  const packages = program.command('packages').description('packages (PAR): what the workers of a query set up first');
  const add = (words: string, description: string): Command =>
    packages.command(words).description(description).option('--host <HOST>', 'the ProxyServer');
  add(
    'upload <path>',
    'keep a directory, .par or .tar.gz file at the ProxyServer, under the name of its directory',
  ).action(async (path: string, _options: unknown, command: Command) => {
    const { name, files, bytes, sha256 } = await apiOf(command).uploadPackage(packPath(path));
    tell(`${name}: ${files} files, ${bytes} bytes packed, ${sha256.slice(0, 12)}`);
  });
  add('enable <name...>', 'at the prompt of "proof open": every query from now on sets them up on its workers').action(
    async (names: string[], _options: unknown, command: Command) => {
      if (session === undefined)
        throw new UsageError(
          'proof packages enable is for the prompt of "proof open"; for one query say "proof run --package NAME".',
        );
      session.packages = withPackages(session.packages, await findPackages(names, () => apiOf(command)));
      const all = session.packages.map(({ ref }) => ref.name).join(', ');
      tell(`Enabled for the queries of this session: ${all}`);
    },
  );
  add('list', 'your packages at the ProxyServer')
    .option('--json', 'as JSON')
    .action(async (options: { json?: true }, command: Command) => {
      const all = await apiOf(command).packages();
      if (options.json) printJson(all);
      else
        printTable(
          ['package', 'files', 'bytes', 'sha256', 'uploaded', 'enabled'],
          all.map(({ name, files, bytes, sha256, uploadedAt }) => [
            ...[name, files, bytes, sha256.slice(0, 12), new Date(uploadedAt).toISOString()],
            session?.packages.some(({ ref }) => ref.sha256 === sha256) === true ? 'yes' : '',
          ]),
        );
    });
  add('clear [name...]', 'remove packages of yours from the ProxyServer; queries that run keep what they have')
    .option('--all', 'all of them')
    .action(async (names: string[], options: { all?: true }, command: Command) => {
      const api = apiOf(command);
      if (names.length === 0 && !options.all) throw new UsageError('proof packages clear needs NAME... or --all.');
      const going = options.all ? (await api.packages()).map(({ name }) => name) : names;
      for (const name of going) await api.clearPackage(name);
      if (session !== undefined) session.packages = session.packages.filter(({ ref }) => !going.includes(ref.name));
      tell(`removed: ${going.join(', ') || 'nothing'}`);
    });
}
