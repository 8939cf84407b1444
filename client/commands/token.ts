/** `proof token create`: a token signed with the ProxyServer's key, on its machine (`--state-dir`) or through its API by an admin. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { UsageError } from '../../protocol/errors.js';
import { openKey, type Role, role, signToken } from '../../protocol/tokens.js';
import { apiOf } from '../named-api.js';

interface Options {
  readonly user: string;
  readonly role: Role;
  readonly days: number;
  readonly stateDir?: string;
}

export function addCommands(program: Command): void {
  program
    .command('token')
    .description('tokens of users, operators and agents')
    .command('create')
    .description('print a new token; put it into a file of mode 0600 and name that as tokenFile in the configuration')
    .requiredOption('--user <NAME>', 'whose it is')
    .addOption(new Option('--role <ROLE>').choices(role.options).default('user'))
    .option('--days <N>', 'lifetime', days, 30)
    .option('--state-dir <DIR>', "the ProxyServer's stateDir, on its own machine: signs with the key there")
    .option('--host <HOST>', 'the ProxyServer, where you are admin')
    .action(async (options: Options, command: Command) => {
      const lifetimeS = Math.round(options.days * 86_400);
      const { user, role: wanted, stateDir } = options;
      if (stateDir === undefined) {
        const body = { user, role: wanted, lifetimeS };
        const { token } = await apiOf(command).call('POST', '/tokens', z.object({ token: z.string() }), body);
        process.stdout.write(`${token}\n`);
        return;
      }
      const file = join(stateDir, 'key.json');
      if (!existsSync(file))
        throw new UsageError(`There is no ${file}: is ${stateDir} the stateDir of a ProxyServer that has run?`);
      const key = await openKey(file);
      process.stdout.write(`${await signToken(key, { user, role: wanted, lifetimeS, tokenId: randomUUID() })}\n`);
    });
}

function days(text: string): number {
  const n = Number(text);
  if (!(n > 0 && n <= 3650)) throw new InvalidArgumentError('must be a number of days, up to 3650.');
  return n;
}
