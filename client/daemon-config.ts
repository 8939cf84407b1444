/** The configuration of a daemon that is started by hand. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../protocol/errors.js';

export interface Daemon {
  /** As in "the ProxyServer's configuration". */
  readonly title: string;
  /** Of its usual file in ~/.config/proof, without .yaml. */
  readonly name: string;
  /** The variable that may name another. */
  readonly variable: string;
  readonly page: string;
}

/** `--config FILE`, else what the variable names, else the usual file. @throws {UsageError} there is none */
export function daemonConfig(named: string | undefined, { title, name, variable, page }: Daemon): string {
  const usual = join(process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'proof', `${name}.yaml`);
  const file = named ?? (process.env[variable] || usual);
  if (named === undefined && !existsSync(file))
    throw new UsageError(`There is no ${file}. Give ${title}'s configuration with --config FILE; ${page} shows one.`);
  return file;
}
