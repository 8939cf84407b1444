/**
 * The pilot payload: one file that brings everything an agent needs to a bare node: this server's own Node.js, the agent's part of
 * this installation and the packages that it imports. For a node of the same platform with sh, tail, tar, gzip and sha256sum.
 *
 * A shell head, then a gzip'd tar. The head checks the tar's SHA-256 and unpacks into $PROOF_SCRATCH (or a directory of its
 * own), then becomes the agent. Exit statuses of its own: 10 no place to unpack, 13 damaged, 14 of another platform.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, readFileSync, realpathSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { SiteContext } from './site.js';

const TOP = resolve(import.meta.dirname, '..', '..', '..');
/** What is started or loaded by path, not by an import. */
const ENTRIES = [
  'dist/job-agent/main.js',
  'dist/warm/worker.js',
  'dist/warm/link-thread.js',
  'dist/warm/user-module.js',
];

export interface Payload {
  readonly file: string;
  readonly sha256: string;
}

/** By the directory of all sites' pilots. */
const made = new Map<string, Promise<Payload>>();

/** The payload of this installation, in the directory of all sites' pilots: made once by each server, those of earlier ones go. */
export function payloadOf({ directory }: Pick<SiteContext, 'directory'>): Promise<Payload> {
  const known = made.get(directory);
  if (known !== undefined) return known;
  const making = makePayload(directory);
  made.set(directory, making);
  making.catch(() => made.delete(directory)); // the next one tries again
  return making;
}

async function makePayload(directory: string): Promise<Payload> {
  const name = `payload-${process.pid}-${Math.round(performance.timeOrigin)}.sh`;
  const payload = await writePayload(join(directory, name));
  for (const other of await readdir(directory))
    if (/^payload-\d+-\d+\.sh$/.test(other) && other !== name) await rm(join(directory, other), { force: true });
  return payload;
}

export async function writePayload(file: string): Promise<Payload> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const work = await mkdtemp(`${file}-`);
  try {
    const { files, packages } = neededBy(ENTRIES);
    await symlink(realpathSync(process.execPath), join(work, 'node'));
    await symlink(TOP, join(work, 'proof'));
    const names = [...files, 'package.json', ...packages].map((name) => join('proof', name));
    const archive = join(work, 'archive.tar.gz');
    const words = ['--dereference', '--use-compress-program=gzip -1', '-cf', archive, '-C', work, 'node', ...names];
    await promisify(execFile)('tar', words);
    const archiveSum = await sha256Of(archive);
    const whole = join(work, 'payload');
    const head = createWriteStream(whole, { mode: 0o700 });
    head.write(shellHead(archiveSum));
    await pipeline(createReadStream(archive), head);
    await rename(whole, file);
    return { file, sha256: await sha256Of(file) };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function shellHead(sha256: string): string {
  const { platform, arch } = process;
  const lines = `#!/bin/sh
# PROOF pilot payload for ${platform}-${arch}: unpacks Node.js ${process.version} and the agent, and becomes the agent.
machine=$(uname -sm)
case $machine in ${UNAME[arch] ?? '*'}) ;; *) echo "payload: made for ${platform} ${arch}, this is $machine" >&2; exit 14 ;; esac
place=$(mktemp -d "\${PROOF_SCRATCH:-\${TMPDIR:-/tmp}}/proof-payload-XXXXXX") || exit 10
archive() { tail -n +HEAD_LINES "$0"; }
sum=$(archive | sha256sum | cut -d' ' -f1)
[ "$sum" = ${sha256} ] || { echo "payload: damaged on its way: SHA-256 is $sum" >&2; rm -rf "$place"; exit 13; }
archive | tar -xzf - -C "$place" || { echo "payload: cannot unpack into $place" >&2; rm -rf "$place"; exit 10; }
[ -n "\${PROOF_SCRATCH:-}" ] && exec "$place/node" "$place/proof/dist/job-agent/main.js" "$@"
trap 'kill -TERM "$agent" 2>/dev/null' TERM INT HUP
"$place/node" "$place/proof/dist/job-agent/main.js" "$@" &
agent=$!
wait "$agent"; status=$?
while kill -0 "$agent" 2>/dev/null; do wait "$agent"; status=$?; done
rm -rf "$place"
exit "$status"
`;
  return lines.replace('HEAD_LINES', String(lines.split('\n').length));
}

/** uname -sm by process.arch. */
const UNAME: Readonly<Record<string, string>> = { x64: '"Linux x86_64"', arm64: '"Linux aarch64"' };

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
