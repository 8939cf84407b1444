/**
 * A package (PAR) on its way: gzip of a length (4 bytes, little end first), that many bytes of JSON that name its files, and their contents one behind another.
 *
 * Links, devices, owners and times cannot be said in it; what is left to check are paths and sizes, and whoever gets one checks them here.
 * Its name among machines is its SHA-256; the same files give the same bytes.
 */
import { createHash } from 'node:crypto';
import { gunzip, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { GridError } from './errors.js';
import { count } from './ids.js';
import { innerPath } from './inner-path.js';
import { packageName, packageRef } from './package-ref.js';

/** What is to be a package is none: a path that leads out of it, a link, too much of it, damage. */
export class PackageArchiveError extends GridError {
  readonly code = 'PROTOCOL_PACKAGE';
}

/** Of the compressed bytes, of all files together, of the list of files. */
export const MOST_ARCHIVE_BYTES = 32 * 1024 * 1024;
export const MOST_UNPACKED_BYTES = 128 * 1024 * 1024;
const MOST_LIST_BYTES = 2 * 1024 * 1024;
const MOST_FILES = 10_000;

/** GET /v1/packages */
export const packageInfo = packageRef.extend({
  files: count,
  /** As they are sent. */
  bytes: count,
  /** ms since 1970 */
  uploadedAt: count,
});
export type PackageInfo = z.infer<typeof packageInfo>;

export interface PackageFile {
  /** Below the package's own directory, with `/`. */
  readonly path: string;
  readonly isExecutable: boolean;
  readonly content: Uint8Array;
}
export interface PackageContents {
  readonly name: string;
  readonly files: readonly PackageFile[];
}

const listShape = z.object({
  name: packageName,
  files: z.array(z.object({ path: innerPath, isExecutable: z.boolean(), size: count })).max(MOST_FILES),
});

/** @throws {PackageArchiveError} */
export function packPackage({ name, files }: PackageContents): Buffer {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const list = sorted.map(({ path, isExecutable, content }) => ({ path, isExecutable, size: content.length }));
  checkList({ name, files: list });
  const text = Buffer.from(JSON.stringify({ name, files: list }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const archive = gzipSync(Buffer.concat([length, text, ...sorted.map(({ content }) => content)]), { level: 9 });
  archive[9] = 255; // the field that names the operating system: the same bytes everywhere
  if (archive.length > MOST_ARCHIVE_BYTES)
    throw new PackageArchiveError(
      `Package ${name} is too large: ${archive.length} bytes, at most ${MOST_ARCHIVE_BYTES}.`,
    );
  return archive;
}

/** @throws {PackageArchiveError} before anything of a hostile archive takes more than a bounded part of memory */
export async function unpackPackage(archive: Uint8Array): Promise<PackageContents> {
  if (archive.length > MOST_ARCHIVE_BYTES) throw new PackageArchiveError('The package is too large.');
  const whole = await new Promise<Buffer>((resolve, reject) =>
    gunzip(archive, { maxOutputLength: MOST_UNPACKED_BYTES + MOST_LIST_BYTES + 4 }, (cause, bytes) => {
      if (cause === null) resolve(bytes);
      else reject(new PackageArchiveError(`The package cannot be unpacked: ${cause.message}.`, { cause }));
    }),
  );
  const length = whole.length < 4 ? MOST_LIST_BYTES + 1 : whole.readUInt32LE(0);
  if (length > MOST_LIST_BYTES || 4 + length > whole.length)
    throw new PackageArchiveError('The package is damaged: it has no list of files.');
  const { name, files } = checkList(parsed(whole.toString('utf8', 4, 4 + length)));
  let at = 4 + length;
  const contents = files.map(({ path, isExecutable, size }) => {
    const content = whole.subarray(at, at + size);
    at += size;
    return { path, isExecutable, content };
  });
  if (at !== whole.length)
    throw new PackageArchiveError('The package is damaged: it is shorter or longer than its files.');
  return { name, files: contents };
}

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function checkList(list: unknown): z.infer<typeof listShape> {
  const result = listShape.safeParse(list);
  if (!result.success) {
    const { path, message } = result.error.issues[0]!;
    const at = path[0] === 'files' && typeof path[1] === 'number' ? fileAt(list, path[1]) : path.join('.');
    throw new PackageArchiveError(`This cannot be a package: ${at === '' ? '' : `${at}: `}${message}.`);
  }
  const { name, files } = result.data;
  const total = files.reduce((sum, { size }) => sum + size, 0);
  if (total > MOST_UNPACKED_BYTES)
    throw new PackageArchiveError(`Package ${name} is too large: ${total} bytes, at most ${MOST_UNPACKED_BYTES}.`);
  const paths = new Set(files.map(({ path }) => path));
  for (const path of paths) {
    const parts = path.split('/');
    const isBelowFile = parts.some((_, i) => i > 0 && paths.has(parts.slice(0, i).join('/')));
    if (isBelowFile || parts.some((part) => part === '' || part === '.'))
      throw new PackageArchiveError(`Package ${name}: ${path} lies below a file, or has an empty part.`);
  }
  if (paths.size < files.length) throw new PackageArchiveError(`Package ${name} names a file twice.`);
  if (files.length === 0) throw new PackageArchiveError(`Package ${name} has no files.`);
  return result.data;
}

const fileAt = (list: unknown, i: number): string =>
  String((list as { files: { path?: unknown }[] }).files[i]?.path ?? `file ${i}`).slice(0, 200);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PackageArchiveError('The package is damaged: its list of files cannot be read.', { cause });
  }
}
