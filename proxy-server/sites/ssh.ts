/**
 * A login node as host of a batch system: every command goes through the system's ssh over one shared connection (ControlMaster),
 * which ends by itself when it was idle for a minute.
 *
 * ssh hands the remote account's shell one line, so each word is quoted for it; texts go through standard input. BatchMode: it
 * fails rather than ask for a password.
 */
import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { answerOf, type BatchHost, commandEnvironment, OUTPUT_TAIL_BYTES, outputOf } from './batch-host.js';
import { type CommandResult, runCommand } from './command-runner.js';
import { quoteWord } from './quote-word.js';
import { SiteError } from './site.js';
import type { SshSettings } from './site-settings.js';

/** A payload on a slow line. Who submits meanwhile is told that it takes long, and finds it there later. */
const PROVIDE_MS = 600_000;

export class SshBatchHost implements BatchHost {
  readonly #settings: SshSettings & { readonly name: string };
  #directory: Promise<string> | undefined;

  constructor(settings: SshSettings & { readonly name: string }) {
    this.#settings = settings;
  }

  async run(words: readonly string[], input?: string): Promise<string> {
    const result = await this.#start(words, input);
    if (result.how === 'ended' && result.status === 255) throw this.#unreachable(result.stderr);
    return outputOf(this.#settings.name, words, result);
  }

  async tryRun(words: readonly string[], input?: string): Promise<{ status: number; stdout: string; stderr: string }> {
    const answer = answerOf(this.#settings.name, await this.#start(words, input));
    if (answer.status === 255) throw this.#unreachable(answer.stderr);
    return answer;
  }

  directory(): Promise<string> {
    const { name, remote } = this.#settings;
    const wanted = remote.directory ?? `.proof-pilots/${name}`; // below the account's home
    this.#directory ??= this.run(['sh', '-c', 'umask 077; mkdir -p "$1" && cd "$1" && pwd', 'sh', wanted]).then(
      (path) => path.trim(),
    );
    this.#directory.catch(() => {
      this.#directory = undefined; // the next call tries again
    });
    return this.#directory;
  }

  async write(file: string, text: string): Promise<void> {
    await this.run(['sh', '-c', 'umask 077; set -C; cat >"$1"', 'sh', file], text);
  }

  async provide(file: string, name: string): Promise<string> {
    const target = join(await this.directory(), name);
    const words = ['sh', '-c', 'umask 077; cat >"$1.part" && mv -f "$1.part" "$1"', 'sh', target];
    outputOf(this.#settings.name, words, await this.#start(words, await readFile(file), PROVIDE_MS));
    return target;
  }

  tail(file: string): Promise<string> {
    const script = '[ ! -e "$1" ] || tail -c "$2" "$1"';
    return this.run(['sh', '-c', script, 'sh', file, String(OUTPUT_TAIL_BYTES)]);
  }

  async remove(files: readonly string[]): Promise<void> {
    if (files.length > 0) await this.run(['rm', '-f', '--', ...files]);
  }

  #start(
    words: readonly string[],
    input: string | Uint8Array | undefined,
    timeoutMs = this.#settings.remote.commandTimeoutS * 1000,
  ): Promise<CommandResult> {
    const { sshCommand, sshOptions, host, remote } = this.#settings;
    const variables = Object.entries({ LANG: 'C', LC_ALL: 'C', ...remote.environment });
    const line = ['env', ...variables.map(([name, value]) => `${name}=${value}`), ...words].map(quoteWord).join(' ');
    const options = ['BatchMode=yes', 'ConnectTimeout=10', 'ServerAliveInterval=10', 'ControlMaster=auto'];
    const shared = ['ControlPersist=60', `ControlPath=${controlPath(this.#settings)}`];
    return runCommand(
      [sshCommand, ...[...options, ...shared].flatMap((option) => ['-o', option]), ...sshOptions, '--', host, line],
      {
        env: commandEnvironment({}),
        timeoutMs,
        ...(input === undefined ? {} : { input }),
      },
    );
  }

  /** ssh's own failures have status 255. */
  #unreachable(said: string): SiteError {
    const { name, host } = this.#settings;
    const last = said.trim().split('\n').at(-1) || 'ssh said nothing';
    return new SiteError(`Site ${name}: login node ${host} cannot be used: ${last.slice(0, 300)}`);
  }
}

/** Socket of the connection that all commands for this login node share. @throws {SiteError} no place for it */
export function controlPath({
  host,
  sshOptions,
}: Pick<SshSettings, 'host'> & { readonly sshOptions: readonly string[] }): string {
  const hash = createHash('sha256').update(JSON.stringify([host, sshOptions]));
  return join(controlDirectory(), hash.digest('hex').slice(0, 16));
}

/** A short path (a socket's may have 107 bytes), for this user alone. @throws {SiteError} somebody else made it */
function controlDirectory(): string {
  const { uid } = userInfo();
  const directory = join(tmpdir(), `proof-ssh-${uid}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const found = lstatSync(directory);
  if (!found.isDirectory() || found.uid !== uid)
    throw new SiteError(`${directory} belongs to somebody else: remove it, or set TMPDIR to a directory of your own.`);
  chmodSync(directory, 0o700);
  return directory;
}
