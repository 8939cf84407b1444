/**
 * Packages in a process that runs a selector: unpacked and built once in its lifetime, then `PROOF-INF/SETUP.sh` and `SETUP.mjs` change its
 * environment. In a process of one user: scripts are user code.
 */
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GridError } from '../../protocol/errors.js';
import { type PackageContents, sha256Of, unpackPackage } from '../../protocol/package-archive.js';
import type { PackageRef } from '../../protocol/package-ref.js';

/** A package cannot be built or set up: which, where, and the last that its script said. */
export class PackageBuildError extends GridError {
  readonly code = 'ANALYSIS_PACKAGE_BUILD';
}

const BUILD_MS = 600_000;
const SETUP_MS = 60_000;
const LAST_WORDS_MS = 1_000;
const TAIL_CHARS = 2_000;
const MOST_OUTPUT_CHARS = 1_000_000;

/** The variable that says where the package lies: `PROOF_PACKAGE_MY_TOOLS` for my-tools. */
export const packageVariable = (name: string): string => `PROOF_PACKAGE_${name.toUpperCase().replace(/\W/g, '_')}`;

export class PackageSetUp {
  readonly #folder: string;
  readonly #where: string;
  readonly #done = new Map<string, Promise<void>>();
  /** @param where the machine, as errors name it */
  constructor(folder: string, where: string) {
    this.#folder = folder;
    this.#where = where;
  }

  /** Once for each archive; `fetch` is asked for its bytes where it is not there yet. @throws {PackageBuildError | PackageArchiveError} */
  async setUp(ref: PackageRef, fetch: () => Promise<Uint8Array>): Promise<void> {
    const work = this.#done.get(ref.sha256) ?? this.#install(ref, fetch);
    this.#done.set(ref.sha256, work);
    try {
      await work;
    } catch (error) {
      this.#done.delete(ref.sha256); // a build that failed is tried again by the next query
      throw error;
    }
    process.env[packageVariable(ref.name)] = this.#directoryOf(ref); // another of that name may have come between
  }
  #directoryOf({ name, sha256 }: PackageRef): string {
    return join(this.#folder, sha256.slice(0, 16), name);
  }

  async #install(ref: PackageRef, fetch: () => Promise<Uint8Array>): Promise<void> {
    const archive = await fetch();
    const contents = await unpackPackage(archive);
    if (sha256Of(archive) !== ref.sha256 || contents.name !== ref.name)
      throw new PackageBuildError(`Package ${ref.name} arrived changed.`);
    const directory = this.#directoryOf(ref);
    await writeFiles(contents, directory);
    const has = (script: string): boolean => contents.files.some(({ path }) => path === `PROOF-INF/${script}`);
    process.env[packageVariable(ref.name)] = directory;
    if (has('BUILD.sh')) await this.#script(ref.name, directory, 'BUILD.sh', BUILD_MS);
    if (has('SETUP.sh')) setVariables(await this.#script(ref.name, directory, 'SETUP.sh', SETUP_MS));
    if (has('SETUP.mjs'))
      await import(pathToFileURL(join(directory, 'PROOF-INF/SETUP.mjs')).href).catch((cause: unknown) => {
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new PackageBuildError(`Package ${ref.name} on ${this.#where}: PROOF-INF/SETUP.mjs fails: ${why}`, {
          cause,
        });
      });
  }

  /** @returns its standard output */
  async #script(name: string, cwd: string, script: string, limitMs: number): Promise<string> {
    const { output, tail, end } = await runScript(cwd, script, limitMs);
    if (end === undefined) return output;
    const last = tail.trim() === '' ? 'It printed nothing.' : `Its last output:\n${tail.trimEnd()}`;
    throw new PackageBuildError(`Package ${name} on ${this.#where}: PROOF-INF/${script} ${end}. ${last}`);
  }
}

async function writeFiles({ files }: PackageContents, directory: string): Promise<void> {
  for (const { path, isExecutable, content } of files) {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, content, { mode: isExecutable ? 0o700 : 0o600 });
  }
}

/** `KEY=VALUE` lines; others are talk. */
function setVariables(output: string): void {
  for (const line of output.split('\n')) {
    const match = /^([A-Za-z_]\w*)=(.*)$/.exec(line);
    if (match !== null) process.env[match[1]!] = match[2]!;
  }
}

interface ScriptEnd {
  readonly output: string;
  /** The last of all that it printed. */
  readonly tail: string;
  /** How it failed; undefined: it did not. */
  readonly end: string | undefined;
}

/** In the process group of its worker (or, at a terminal, of its command), so that it does not outlive them. */
function runScript(cwd: string, script: string, limitMs: number): Promise<ScriptEnd> {
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', [join('PROOF-INF', script)], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let tail = '';
    let isLate = false;
    const limit = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, limitMs);
    const onOutput = (isOut: boolean) => (part: Buffer) => {
      const text = part.toString('utf8');
      tail = (tail + text).slice(-TAIL_CHARS);
      if (isOut && output.length < MOST_OUTPUT_CHARS) output += text;
    };
    child.stdout.on('data', onOutput(true));
    child.stderr.on('data', onOutput(false));
    const ended = (end: string | undefined): void => {
      clearTimeout(limit);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ output, tail, end });
    };
    child.once('error', (error) => ended(`cannot be started: ${error.message}`));
    child.once('exit', (status, signal) => {
      const failed = signal === null ? `ends with status ${status}` : `is ended by ${signal}`;
      const end = isLate ? `took longer than ${limitMs / 1000} s` : status === 0 ? undefined : failed;
      // What it has left in the background may hold the pipes open.
      const last = setTimeout(() => ended(end), LAST_WORDS_MS);
      child.once('close', () => {
        clearTimeout(last);
        ended(end);
      });
    });
  });
}
