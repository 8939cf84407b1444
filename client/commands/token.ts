/** `proof token create | list | revoke`: through the ProxyServer's API, or `create` on its machine with the key itself (`--state-dir`). */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { issuedToken, type TokenInfo, tokenInfo } from '../../protocol/api.js';
import { UsageError } from '../../protocol/errors.js';
import { type Role, role } from '../../protocol/role.js';
import { openKey, signToken } from '../../protocol/tokens.js';
import { apiOf } from '../named-api.js';
import { printJson, printTable, WIDE } from '../print.js';
import { readSecretFile } from '../secret-file.js';
import { tell } from '../show/tell.js';

interface Options {
  readonly user: string;
  readonly role: Role;
  readonly days: number;
  readonly note: string;
  readonly stateDir?: string;
}

export function addCommands(program: Command): void {
  const token = program.command('token').description('tokens of users, operators and agents');
  const add: Add = (name, description) =>
    token.command(name).description(description).option('--host <HOST>', 'the ProxyServer');
  addCreate(add);
  addList(add);
  addRevoke(add);
}

type Add = (name: string, description: string) => Command;

function addCreate(add: Add): void {
  add('create', 'print a new token; put it into a file of mode 0600 and name that as tokenFile in the configuration')
    .requiredOption('--user <NAME>', 'whose it is')
    .addOption(new Option('--role <ROLE>', 'what it may do').choices(role.options).default('user'))
    .option('--days <N>', 'lifetime', days, 30)
    .option('--note <TEXT>', 'what it is for, as "proof token list" shows', '')
    .option('--state-dir <DIR>', "the ProxyServer's stateDir, on its own machine: signs with the key there")
    .action(async (options: Options, command: Command) => {
      const lifetimeS = Math.round(options.days * 86_400);
      const { user, role: wanted, note, stateDir } = options;
      const text =
        stateDir === undefined
          ? (await apiOf(command).call('POST', '/tokens', issuedToken, { user, role: wanted, lifetimeS, note })).token
          : await signHere(stateDir, { user, role: wanted, lifetimeS });
      tell(text);
    });
}

function addList(add: Add): void {
  add('list', 'tokens that were made or seen, without the tokens themselves')
    .option('--all', 'also those that expired or were revoked')
    .option('--json', 'as JSON')
    .option(...WIDE)
    .action(async (options: { all?: true; json?: true; wide?: true }, command: Command) => {
      const all = await apiOf(command).call('GET', '/tokens', z.array(tokenInfo));
      const shown = options.all ? all : all.filter((one) => stateOf(one) === 'valid');
      if (options.json) return printJson(shown);
      printTable(
        ['token', 'user', 'role', 'state', 'issued', 'expires', 'by', 'note'],
        shown.map((one) => [
          ...[one.tokenId, one.user, one.role, stateOf(one), date(one.issuedAt), date(one.expiresAt)],
          ...[one.issuedBy === '' ? null : one.issuedBy, one.note],
        ]),
        { cuts: ['note'], drops: ['by', 'issued', 'note', 'role'], wide: options.wide },
      );
    });
}

function addRevoke(add: Add): void {
  add('revoke [id...]', 'make tokens void at once, everywhere; connections that they opened are cut')
    .option('--user <NAME>', 'all tokens of this user that were issued until now, whoever issued them')
    .option(
      '--token-file <FILE>',
      'the token in this file, also one that was never used; - reads it from standard input',
    )
    .action(async (ids: string[], options: { user?: string; tokenFile?: string }, command: Command) => {
      if ([ids.length > 0, options.user !== undefined, options.tokenFile !== undefined].filter(Boolean).length !== 1)
        throw new UsageError('Which tokens? Give ids of "proof token list", or --token-file FILE, or --user NAME.');
      const api = apiOf(command);
      if (options.tokenFile !== undefined) {
        const text = readSecretFile(options.tokenFile, 'token').trim();
        const { tokenId } = await api.call('POST', '/tokens/revoke', z.object({ tokenId: z.string() }), {
          token: text,
        });
        tell(`${tokenId}: revoked`);
      }
      if (options.user !== undefined) {
        const answer = await api.call('POST', '/tokens/revoke', z.object({ tokens: z.number() }), {
          user: options.user,
        });
        process.stdout.write(
          `${options.user}: ${answer.tokens} listed tokens revoked, and all others issued until now\n`,
        );
      }
      for (const id of ids) {
        await api.call('DELETE', `/tokens/${encodeURIComponent(id)}`, z.unknown());
        tell(`${id}: revoked`);
      }
    });
}

async function signHere(stateDir: string, claims: { user: string; role: Role; lifetimeS: number }): Promise<string> {
  const file = join(stateDir, 'key.json');
  if (!existsSync(file))
    throw new UsageError(`There is no ${file}: is ${stateDir} the stateDir of a ProxyServer that has run?`);
  return signToken(await openKey(file), { ...claims, tokenId: randomUUID() });
}

function stateOf({
  revokedAt,
  expiresAt,
}: Pick<TokenInfo, 'revokedAt' | 'expiresAt'>): 'valid' | 'revoked' | 'expired' {
  return revokedAt !== null ? 'revoked' : expiresAt < Date.now() ? 'expired' : 'valid';
}
const date = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

function days(text: string): number {
  const n = Number(text);
  if (!(n > 0 && n <= 3650)) throw new InvalidArgumentError('must be a number of days, up to 3650.');
  return n;
}
