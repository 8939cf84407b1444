/**
 * Makes a clone ready to run: dependencies when the lock file changed since the last install, dist/ when a source did.
 * `npm run demo`, `npm test` and `npm run bench` call it first; when nothing changed it takes milliseconds.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const top = join(dirname(fileURLToPath(import.meta.url)), '..');
const ROOMS = [
  'protocol',
  'isolation',
  'jdl',
  'storage',
  'rootio',
  'analysis',
  'catalog',
  'job-agent',
  'proxy-server',
  'client',
];
const SOURCES = [...ROOMS, 'bench', 'test', 'scripts', 'package.json', 'tsconfig.json'];

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `proof-grid needs Node.js 20.19 or newer; this is ${process.version}. Install a newer one and try again.`,
  );
  process.exit(1);
}

/** Runs one command in the checkout; a failure ends the set-up with its status. */
function run(what, command, args) {
  console.log(`set-up: ${what}`);
  const { status } = spawnSync(command, args, { cwd: top, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`set-up: ${what} failed`);
    process.exit(status ?? 1);
  }
}

/** One hash over names, sizes and times of all files below a path: changes when a source does. */
function fingerprint(paths) {
  const hash = createHash('sha256');
  const visit = (path) => {
    if (!existsSync(path)) return;
    const stat = statSync(path);
    if (stat.isDirectory()) for (const name of readdirSync(path).sort()) visit(join(path, name));
    else hash.update(`${path}\0${stat.size}\0${stat.mtimeMs}\n`);
  };
  for (const path of paths) visit(join(top, path));
  return hash.digest('hex');
}

const isCurrent = (stamp, value) => existsSync(stamp) && readFileSync(stamp, 'utf8') === value;

const lock = createHash('sha256')
  .update(readFileSync(join(top, 'package-lock.json')))
  .update(process.versions.modules)
  .digest('hex');
const installedStamp = join(top, 'node_modules', '.proof-installed');
const builtStamp = join(top, 'dist', '.proof-built');
let built = false;
if (!isCurrent(installedStamp, lock)) {
  run('installing the dependencies (npm ci)', 'npm', ['ci', '--no-audit', '--loglevel=error']); // its "prepare" builds
  writeFileSync(installedStamp, lock);
  built = true;
}
const sources = fingerprint(SOURCES);
if (!isCurrent(builtStamp, sources)) {
  if (!built) run('building', process.execPath, ['scripts/build.mjs']);
  mkdirSync(join(top, 'dist'), { recursive: true });
  writeFileSync(builtStamp, sources);
}
