/**
 * A package of this computer, from its directory or a .par/.tar.gz/.tgz/.tar file with one directory. What links point to inside of it becomes a
 * file; a link that leads out, a device or a socket is refused.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve, sep } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { UsageError } from '../../protocol/errors.js';
import {
  MOST_UNPACKED_BYTES,
  PackageArchiveError,
  type PackageFile,
  packPackage,
} from '../../protocol/package-archive.js';

/** @returns the archive. @throws {UsageError | PackageArchiveError} */
export function packPath(path: string): Buffer {
  if (!existsSync(path)) throw new UsageError(`There is no ${path}: name a directory, or a .par or .tar.gz file.`);
  if (statSync(path).isDirectory()) return packDirectory(path);
  if (!/\.(par|tar|tar\.gz|tgz)$/.test(path))
    throw new UsageError(`${path} is no package: name a directory, or a .par, .tar.gz, .tgz or .tar file.`);
  const folder = mkdtempSync(join(tmpdir(), 'proof-package-'));
  try {
    extract(path, folder);
    const [only, ...others] = readdirSync(folder);
    if (only === undefined || others.length > 0 || !lstatSync(join(folder, only)).isDirectory())
      throw new PackageArchiveError(`${path} must hold one directory, which names the package.`);
    return packDirectory(join(folder, only));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function packDirectory(path: string): Buffer {
  const root = realpathSync(resolve(path));
  const files: PackageFile[] = [];
  let total = 0;
  const walk = (folder: string, inner: string, depth: number): void => {
    if (depth > 50) throw new PackageArchiveError(`${inner} lies too deep, or a link leads to a directory above it.`);
    for (const name of readdirSync(folder).toSorted()) {
      const innerName = inner === '' ? name : `${inner}/${name}`;
      const real = realOf(join(folder, name), innerName, root);
      const stat = lstatSync(real);
      if (stat.isDirectory()) walk(real, innerName, depth + 1);
      else if (!stat.isFile()) throw new PackageArchiveError(`${innerName} is neither a file nor a directory.`);
      else {
        total += stat.size;
        if (total > MOST_UNPACKED_BYTES || files.length > 10_000)
          throw new PackageArchiveError(`${path} is too large: at most ${MOST_UNPACKED_BYTES} bytes in 10000 files.`);
        files.push({ path: innerName, isExecutable: (stat.mode & 0o100) !== 0, content: readFileSync(real) });
      }
    }
  };
  walk(root, '', 0);
  return packPackage({ name: basename(resolve(path)), files });
}

function realOf(path: string, inner: string, root: string): string {
  let real: string;
  try {
    real = realpathSync(path);
  } catch (cause) {
    throw new PackageArchiveError(`${inner} is a link to nothing.`, { cause });
  }
  if (!real.startsWith(`${root}${sep}`))
    throw new PackageArchiveError(`${inner} is a link that leads out of the package.`);
  return real;
}

/** The system's tar keeps names that lead out from doing so; the gzip is opened here, within the limit. */
function extract(path: string, folder: string): void {
  if (statSync(path).size > MOST_UNPACKED_BYTES) throw new PackageArchiveError(`${path} is too large.`);
  let bytes: Buffer = readFileSync(path);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    try {
      bytes = gunzipSync(bytes, { maxOutputLength: 2 * MOST_UNPACKED_BYTES });
    } catch (cause) {
      throw new PackageArchiveError(`${path} cannot be unpacked: ${(cause as Error).message}.`, { cause });
    }
  const { status, error, stderr } = spawnSync('tar', ['-xf', '-', '-C', folder], { input: bytes, encoding: 'utf8' });
  if (error !== undefined && status === null)
    throw new UsageError(
      `The command tar is needed to open ${path} (${error.message}): unpack it, and name the directory.`,
    );
  if (status !== 0) throw new PackageArchiveError(`${path} cannot be unpacked: ${(stderr ?? '').trim().slice(-500)}`);
}
