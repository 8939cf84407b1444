/**
 * Where a batch system's commands are run and its files lie: this machine (here), or a login node (ssh-host.ts).
 * A command that fails becomes a SiteError that names the site, the command and the first thing it said.
 */
import { copyFile, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandResult, runCommand } from './command-runner.js';
import { SiteError } from './site.js';

export interface BatchHost {
  /** @throws {SiteError} it is not there, too slow, or ended with another status than 0 */
  run(words: readonly string[], input?: string): Promise<string>;
  /** For commands whose status is an answer. @throws {SiteError} it is not there, or too slow */
  tryRun(words: readonly string[], input?: string): Promise<{ status: number; stdout: string; stderr: string }>;
  /** Absolute path of the directory for the files of pilots, made for this user alone. */
  directory(): Promise<string>;
  /** Mode 0600. */
  write(file: string, text: string): Promise<void>;
  /** Copies a file of this machine into the directory of pilots, over an older one. @returns its path there */
  provide(file: string, name: string): Promise<string>;
  /** The end of a file; '' where there is none. */
  tail(file: string): Promise<string>;
  remove(files: readonly string[]): Promise<void>;
}

export interface HostOptions {
  readonly site: string;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export const OUTPUT_TAIL_BYTES = 16_384;
const INHERITED = ['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR', 'KRB5CCNAME', 'SSH_AUTH_SOCK'];

/** What batch commands get: they would hand all of this process's variables, secrets included, on to the job. */
export function commandEnvironment(environment: Readonly<Record<string, string>>): Record<string, string> {
  const inherited = INHERITED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(inherited), LANG: 'C', LC_ALL: 'C', ...environment };
}

/** @throws {SiteError} as BatchHost.run does */
export function outputOf(site: string, words: readonly string[], result: CommandResult): string {
  const { status, stdout, stderr } = answerOf(site, result);
  if (status === 0) return stdout;
  const said = firstLine(stderr) ?? firstLine(stdout) ?? 'it said nothing';
  throw new SiteError(`Site ${site}: ${words[0]} ended with status ${status}: ${said}`);
}

export function answerOf(site: string, result: CommandResult): { status: number; stdout: string; stderr: string } {
  if (result.how === 'failed') throw new SiteError(`Site ${site}: ${result.why}.`);
  return result;
}

export function firstLine(text: string): string | undefined {
  const line = text.split('\n').find((part) => part.trim() !== '');
  return line
    ?.replace(/[^\x20-\x7e\u00a0-\uffff]/g, '?')
    .trim()
    .slice(0, 300);
}

export class LocalBatchHost implements BatchHost {
  readonly #options: HostOptions;
  constructor(options: HostOptions) {
    this.#options = options;
  }

  async run(words: readonly string[], input?: string): Promise<string> {
    return outputOf(this.#options.site, words, await this.#start(words, input));
  }

  async tryRun(words: readonly string[], input?: string): Promise<{ status: number; stdout: string; stderr: string }> {
    return answerOf(this.#options.site, await this.#start(words, input));
  }

  async directory(): Promise<string> {
    await mkdir(this.#options.directory, { recursive: true, mode: 0o700 });
    return this.#options.directory;
  }

  write(file: string, text: string): Promise<void> {
    return writeFile(file, text, { mode: 0o600, flag: 'wx' });
  }

  async provide(file: string, name: string): Promise<string> {
    const target = join(await this.directory(), name);
    await copyFile(file, `${target}.part`);
    await rename(`${target}.part`, target);
    return target;
  }

  async tail(file: string): Promise<string> {
    const handle = await open(file, 'r').catch(() => undefined); // it never wrote a word
    if (handle === undefined) return '';
    try {
      const { size } = await handle.stat();
      const first = Math.max(0, size - OUTPUT_TAIL_BYTES);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - first), 0, size - first, first);
      return buffer.subarray(0, bytesRead).toString('utf8');
    } finally {
      await handle.close();
    }
  }

  async remove(files: readonly string[]): Promise<void> {
    for (const file of files) await rm(file, { force: true });
  }

  #start(words: readonly string[], input: string | undefined): Promise<CommandResult> {
    const { environment, timeoutMs } = this.#options;
    return runCommand(words, {
      env: commandEnvironment(environment),
      timeoutMs,
      ...(input === undefined ? {} : { input }),
    });
  }
}
