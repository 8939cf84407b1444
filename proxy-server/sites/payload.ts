/**
 * The pilot payload: one file that brings everything an agent needs to a bare node: this server's own Node.js, the agent's part of
 * this installation and the packages that it imports. For a node of the same platform with a shell and the usual small programs.
 *
 * A shell head of PAYLOAD_HEAD_BYTES, then a gzip'd tar, whose SHA-256 the head knows. The head unpacks into $PROOF_SCRATCH (or a directory of
 * its own), then becomes the agent. Pilots that fetch the payload get the tar alone. Exit statuses: payload-shell.ts.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, type ReadStream, readFileSync, realpathSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { PAYLOAD_HEAD_BYTES, payloadHead } from './payload-shell.js';
import type { SiteContext } from './site.js';

const TOP = resolve(import.meta.dirname, '..', '..', '..');
/** In packages, but for those who build or read them. */
const NOT_FOR_NODES = ['*.map', '*.ts', '*.mts', '*.cts', '*.cc', '*.hh', '*.h', '*.md'];
/** What is started or loaded by path, not by an import. */
const ENTRIES = [
  'dist/warm/agent.js',
  'dist/warm/worker.js',
  'dist/warm/link-thread.js',
  'dist/warm/user-module.js',
  'dist/job-agent/guard/end-payload.js',
];
const DATA = ['dist/job-agent/worker/rehearsal.root'];

/** Kept for pilots that were handed over by an earlier server and wait in a queue. */
const KEPT = 3;

export interface Payload {
  readonly file: string;
  /** Of the tar behind the head. */
  readonly sha256: string;
}

/** By the directory of all sites' pilots. */
const made = new Map<string, Promise<Payload>>();

/** The payload of this installation, in the directory of all sites' pilots: made once by each server. */
export function payloadOf({ directory }: Pick<SiteContext, 'directory'>): Promise<Payload> {
  const known = made.get(directory);
  if (known !== undefined) return known;
  const making = writePayload(directory);
  made.set(directory, making);
  making.catch(() => made.delete(directory)); // the next one tries again
  return making;
}

/** The tar of this SHA-256; undefined: it is none of ours, or too old. */
export async function payloadArchive(
  directory: string,
  sha256: string,
): Promise<{ nbytes: number; stream: ReadStream } | undefined> {
  const file = fileOf(directory, sha256);
  if (!existsSync(file)) return undefined;
  const nbytes = (await stat(file)).size - PAYLOAD_HEAD_BYTES;
  return { nbytes, stream: createReadStream(file, { start: PAYLOAD_HEAD_BYTES, highWaterMark: 1024 * 1024 }) };
}

const fileOf = (directory: string, sha256: string): string => join(directory, `payload-${sha256}.sh`);

/** Named by its SHA-256: a server that was only started again makes the same once more. */
export async function writePayload(directory: string): Promise<Payload> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const work = await mkdtemp(join(directory, 'payload-'));
  try {
    const { files, packages } = neededBy(ENTRIES);
    await symlink(realpathSync(process.execPath), join(work, 'node'));
    await symlink(TOP, join(work, 'proof'));
    const names = [...files.sort(), ...DATA, 'package.json', ...packages.sort()].map((name) => join('proof', name));
    const archive = join(work, 'archive.tar.gz');
    const alike = [
      '--sort=name',
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      ...NOT_FOR_NODES.map((not) => `--exclude=${not}`),
    ];
    const words = [
      '--dereference',
      ...alike,
      '--use-compress-program=gzip -1n',
      '-cf',
      archive,
      '-C',
      work,
      'node',
      ...names,
    ];
    await promisify(execFile)('tar', words);
    const sha256 = await sha256Of(archive);
    const whole = join(work, 'payload');
    const head = createWriteStream(whole, { mode: 0o700 });
    head.write(payloadHead(sha256));
    await pipeline(createReadStream(archive), head);
    const file = fileOf(directory, sha256);
    await rename(whole, file);
    await removeOld(directory);
    return { file, sha256 };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function removeOld(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => /^payload-[0-9a-f]{64}\.sh$/.test(name));
  const aged = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(directory, name))).mtimeMs })),
  );
  for (const { name } of aged.sort((a, b) => b.at - a.at).slice(KEPT)) await rm(join(directory, name), { force: true });
}

/** Files of ours that the entries reach by imports, and the packages that those import, with all that they depend on. */
function neededBy(entries: readonly string[]): { files: string[]; packages: string[] } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const waiting = entries.map((entry) => join(TOP, entry));
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const [, specifier = ''] of readFileSync(file, 'utf8').matchAll(IMPORTS)) {
      if (/^\.{1,2}\//.test(specifier)) {
        const found = resolve(dirname(file), specifier);
        if (existsSync(found)) waiting.push(found);
      } else if (!specifier.startsWith('node:'))
        addPackage(specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'), TOP, packages);
    }
  }
  return { files: [...files].map((file) => relative(TOP, file)), packages: [...packages] };
}

/** `require2`: as the bundler names a second one. */
const IMPORTS = /(?:from|import|import\(|require\d*\(|resolve\()\s*["'`]((?:\.{1,2}\/|@?[a-z])[^"'`\s]*)["'`]/g;

/** Where Node finds it from `from`; platform packages are optional dependencies, of which those that are there count. */
function addPackage(name: string, from: string, packages: Set<string>): void {
  for (let directory = from; directory.startsWith(TOP); directory = dirname(directory)) {
    const found = join(directory, 'node_modules', name);
    if (!existsSync(join(found, 'package.json'))) continue;
    const path = relative(TOP, found);
    if (packages.has(path)) return;
    packages.add(path);
    const about = JSON.parse(readFileSync(join(found, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>;
      optionalDependencies?: Record<string, string>;
    };
    for (const other of Object.keys({ ...about.dependencies, ...about.optionalDependencies }))
      addPackage(other, found, packages);
    return;
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
