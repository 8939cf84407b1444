/**
 * The user's configuration: which hosts there are, with what token, and which catalog.
 *
 *     defaultHost: voalice06
 *     hosts:
 *       voalice06: { url: https://voalice06.cern.ch:1093, tokenFile: ~/.config/proof/token }
 *     catalog: http://127.0.0.1:8093     # for commands that name no host; else the host's own
 *     site: CERN                         # where this computer is: replicas there come first
 *
 * It is `--config FILE`, else `$PROOF_CONFIG`, else ~/.config/proof/config.yaml, which need not exist.
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { checkConfig, configPath, HIGHEST_PORT, isLoopback, loadConfig } from '../protocol/config.js';
import { GridError, UsageError } from '../protocol/errors.js';
import { fileProblem } from '../protocol/file-problem.js';
import { didYouMean } from '../protocol/nearest.js';

export const DEFAULT_PORT = 1093;

const schema = z.strictObject({
  defaultHost: z.string().optional(),
  hosts: z
    .record(
      z.string(),
      z.strictObject({
        url: z.url({ protocol: /^https?$/, error: 'must be a URL, as in https://voalice06.cern.ch:1093' }),
        token: z.string().optional(),
        tokenFile: z.string().optional(),
        catalog: z.string().optional(),
        ca: z.string().optional(),
      }),
    )
    .default({}),
  catalog: z.string().optional(),
  site: z.string().optional(),
});

export interface ClientConfig extends z.infer<typeof schema> {
  /** Where it was read; null where there is none. */
  readonly file: string | null;
}

/** One ProxyServer as the user reaches it. */
export interface HostEntry {
  readonly name: string;
  readonly url: string;
  readonly token: string | null;
  readonly catalog: string | null;
  /** PEM of the authority to trust besides the system's. */
  readonly ca: string | null;
}

/** HOST is neither in the configuration nor a name that can be reached. */
export class UnknownHostError extends GridError {
  readonly code = 'CLIENT_UNKNOWN_HOST';
}

export function readClientConfig(named: string | undefined): ClientConfig {
  const wanted = named ?? (process.env['PROOF_CONFIG'] || undefined);
  if (wanted !== undefined) return { ...loadConfig(wanted, schema), file: wanted };
  const usual = usualFile();
  if (existsSync(usual)) return { ...loadConfig(usual, schema), file: usual };
  return { ...checkConfig({}, schema, usual), file: null };
}

/** HOST of the command line: a name of the configuration, or host[:port]; without one the configuration's default. */
export function hostEntry(config: ClientConfig, host: string | undefined): HostEntry {
  const name = host ?? config.defaultHost ?? onlyHost(config);
  if (name === undefined) {
    const known = Object.keys(config.hosts);
    const choice = known.length > 0 ? ` (${known.join(', ')})` : ', as localhost';
    throw new UsageError(
      `Which ProxyServer? Say --host HOST${choice}, or put \`defaultHost:\` into ${config.file ?? usualFile()}. ` +
        '"proof run" and "proof draw" also work without one, with --local.',
    );
  }
  const entry = config.hosts[name];
  if (entry !== undefined)
    return {
      name,
      url: entry.url.replace(/\/$/, ''),
      token: entry.token ?? readSecret(config, entry.tokenFile, entry.url),
      catalog: entry.catalog ?? null,
      ca: entry.ca === undefined ? null : readText(config, entry.ca, 'ca'),
    };
  const url = addressUrl(config, name);
  return { name, url, token: readSecret(config, undefined, url), catalog: null, ca: null };
}

function onlyHost(config: ClientConfig): string | undefined {
  const names = Object.keys(config.hosts);
  return names.length === 1 ? names[0] : undefined;
}

function addressUrl(config: ClientConfig, name: string): string {
  if (/^https?:\/\//.test(name)) return reachable(name.replace(/\/$/, ''), name);
  const match = /^([\w.-]+|\[[0-9a-f:]+\])(?::(\d+))?$/i.exec(name);
  const looksLikeAddress = match !== null && (match[2] !== undefined || match[1] === 'localhost' || name.includes('.'));
  if (match === null || !looksLikeAddress) {
    const known = Object.keys(config.hosts);
    throw new UnknownHostError(
      `No host ${name} in ${config.file ?? 'your configuration (there is none yet: ~/.config/proof/config.yaml)'}.` +
        didYouMean(name, known) +
        (known.length > 0 ? ` Known: ${known.join(', ')}.` : ' Name it there under `hosts:`, or give host:port.'),
    );
  }
  // Off the loopback a ProxyServer speaks TLS only.
  const scheme = isLoopback(match[1]!) ? 'http' : 'https';
  return reachable(`${scheme}://${match[1]}:${match[2] ?? DEFAULT_PORT}`, name);
}

/** @throws {UsageError} no connection can be made to what was said */
function reachable(url: string, said: string): string {
  const port = Number(/^https?:\/\/[^/]*:(\d+)(?:\/|$)/.exec(url)?.[1] ?? DEFAULT_PORT);
  if (port < 1 || port > HIGHEST_PORT)
    throw new UsageError(
      `${said} has no port that there can be: give one from 1 to ${HIGHEST_PORT}, as in HOST:${DEFAULT_PORT}.`,
    );
  if (!URL.canParse(url))
    throw new UsageError(`${said} is no address: give HOST:PORT or a URL, as in https://HOST:${DEFAULT_PORT}.`);
  return url;
}

/** What the configuration names, else $PROOF_TOKEN, else what "proof login" has kept. */
function readSecret(config: ClientConfig, path: string | undefined, url: string): string | null {
  if (path !== undefined) return readText(config, path, 'tokenFile').trim();
  return process.env['PROOF_TOKEN'] || keptToken(config, url);
}

/** Where "proof login" keeps the token of a server: beside the configuration, mode 0600. */
export function keptTokenFile(config: ClientConfig, url: string): string {
  const name = new URL(url).host.replace(/[^\w.-]/g, '_');
  return join(dirname(config.file ?? usualFile()), 'tokens', name);
}

function keptToken(config: ClientConfig, url: string): string | null {
  const file = keptTokenFile(config, url);
  return existsSync(file) ? readText(config, file, 'kept token').trim() : null;
}

function usualFile(): string {
  return join(process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'proof', 'config.yaml');
}

function readText(config: ClientConfig, path: string, key: string): string {
  const file = configPath(config.file ?? resolve('config.yaml'), path);
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`Cannot read ${file}, the ${key} of your configuration: ${fileProblem(cause)}.`, {
      cause,
    });
  }
}
