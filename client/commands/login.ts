/**
 * `proof login | logout | whoami`: a token of the ProxyServer's own for this computer, kept beside the configuration (mode 0600).
 *
 * It is given for a client certificate, or for a token: one of --token-file (- reads it from standard input), the one of $PROOF_TOKEN or of
 * the login before, or a bearer token as WLCG tools find it (BEARER_TOKEN, BEARER_TOKEN_FILE, $XDG_RUNTIME_DIR/bt_uUID, /tmp/bt_uUID).
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { issuedToken, whoami } from '../../protocol/api.js';
import { UsageError } from '../../protocol/errors.js';
import { storageOptionsFromEnvironment } from '../../storage/environment.js';
import { type ClientConfig, type HostEntry, hostEntry, keptTokenFile, readClientConfig } from '../client-config.js';
import { apiOf } from '../named-api.js';
import { printJson } from '../print.js';
import { readSecretFile } from '../secret-file.js';
import { ServerApi } from '../server-api.js';
import { tell } from '../show/tell.js';

interface Options {
  readonly config?: string;
  readonly host?: string;
  readonly tokenFile?: string;
  readonly certificate?: string | true;
  readonly key?: string;
}

export function addCommands(program: Command): void {
  addLogin(program);
  addWhoami(program);
}

function addLogin(program: Command): void {
  program
    .command('login [host]')
    .description('get a token of a ProxyServer for this computer, and keep it')
    .option('--token-file <FILE>', 'with the token in this file; - reads it from standard input')
    .option('--certificate [PEM]', 'with this X.509 certificate; default: ~/.globus/usercert.pem')
    .option('--key <PEM>', 'its key, not encrypted; default: ~/.globus/userkey.pem')
    .action(async (host: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const config = readClientConfig(options.config);
      const entry = hostEntry(config, host ?? options.host);
      requireUse(config, entry);
      const { token, info } = await new ServerApi(...credentials(entry, options)).call(
        'POST',
        '/login',
        issuedToken,
        {},
      );
      const file = keptTokenFile(config, entry.url);
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(`${file}.new`, `${token}\n`, { mode: 0o600 });
      renameSync(`${file}.new`, file);
      const until = new Date(info.expiresAt).toISOString();
      tell(`${entry.name}: logged in as ${info.user} (${info.role}) until ${until}`);
      if (process.env['PROOF_TOKEN'])
        process.stderr.write('proof: $PROOF_TOKEN is set, and is used instead of this login until you unset it.\n');
    });

  program
    .command('logout [host]')
    .description('revoke the token that "proof login" has kept, and forget it')
    .action(async (host: string | undefined, _options: unknown, command: Command) => {
      const { config: named } = command.optsWithGlobals<Options>();
      const config = readClientConfig(named);
      const entry = hostEntry(config, host);
      const file = keptTokenFile(config, entry.url);
      if (!existsSync(file)) throw new UsageError(`No login at ${entry.name} is kept on this computer.`);
      const api = new ServerApi({ ...entry, token: readFileSync(file, 'utf8').trim() });
      try {
        const { tokenId } = await api.call('GET', '/whoami', whoami);
        if (tokenId !== null) await api.call('DELETE', `/tokens/${encodeURIComponent(tokenId)}`, z.unknown());
      } finally {
        rmSync(file); // also where the server cannot be asked, or the token is void already
      }
      tell(`${entry.name}: logged out`);
    });
}

function addWhoami(program: Command): void {
  program
    .command('whoami')
    .description('the user and role that a ProxyServer takes you for')
    .option('--host <HOST>', 'the ProxyServer')
    .option('--json', 'as JSON')
    .action(async (options: { json?: true }, command: Command) => {
      const answer = await apiOf(command).call('GET', '/whoami', whoami);
      // A token counts in seconds, listings in milliseconds.
      const expiresAt = answer.expiresAt === null ? null : answer.expiresAt * 1000;
      if (options.json) return printJson({ ...answer, expiresAt });
      const until = expiresAt === null ? '' : ` until ${new Date(expiresAt).toISOString()}`;
      tell(`${answer.user} (${answer.role})${until}`);
    });
}

/** A login that no command would use is none. @throws {UsageError} */
function requireUse({ hosts, file }: ClientConfig, { name }: HostEntry): void {
  const { token, tokenFile } = hosts[name] ?? {};
  if (token === undefined && tokenFile === undefined) return;
  const key = token === undefined ? `tokenFile: ${tokenFile}` : 'token';
  throw new UsageError(
    `${file}: the host ${name} has \`${key}\`, which every command uses instead of a login. Take that out of the file, then log in again. Nothing was changed.`,
  );
}

function credentials(entry: HostEntry, options: Options): [HostEntry, { cert: string; key: string }?] {
  if (options.certificate !== undefined || options.key !== undefined) {
    const cert = options.certificate === true ? undefined : options.certificate;
    const globus = join(homedir(), '.globus');
    const pair = {
      cert: readSecretFile(cert ?? join(globus, 'usercert.pem'), 'certificate'),
      key: readSecretFile(options.key ?? join(globus, 'userkey.pem'), 'key'),
    };
    return [{ ...entry, token: null }, pair];
  }
  if (options.tokenFile !== undefined) {
    const token = readSecretFile(options.tokenFile, 'token').trim();
    return [{ ...entry, token }];
  }
  const { token, tokenFile } = storageOptionsFromEnvironment(process.env, process.getuid?.());
  const found = token ?? (tokenFile === undefined ? undefined : readSecretFile(tokenFile, 'token').trim());
  return [{ ...entry, token: found ?? entry.token }];
}
