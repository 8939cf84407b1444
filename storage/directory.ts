/** Directories by URL: what is there, on whichever storage. For scanners that look for new files. */
import type { Dirent, Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fileProblem } from '../protocol/file-problem.js';
import { withDeadline } from './deadline.js';
import { DeadlineError, UnsupportedSchemeError } from './errors.js';
import { byName, type DirectoryEntry, type FileInfo, type LeftOut } from './file-info.js';
import { listHttp, statHttp } from './http/webdav.js';
import { localError } from './local-file.js';
import { type StorageOptions, type StorageSettings, settingsOf } from './storage-options.js';
import { displayUrl, localPathOf, schemeOf } from './url.js';
import { listXrootd, statXrootd } from './xrootd/xrootd-directory.js';

/** What a path is, how large, when changed. @throws {StorageError} */
export async function statUrl(url: string, options?: StorageOptions): Promise<FileInfo> {
  const settings = settingsOf(options);
  switch (schemeOf(url)) {
    case undefined:
    case 'file':
      return inTime(localPathOf(url), settings, statLocal);
    case 'root':
    case 'roots':
    case 'xroot':
    case 'xroots':
      return statXrootd(url, settings);
    case 'http':
    case 'https':
    case 'dav':
    case 'davs':
      return statHttp(url, settings);
    default:
      throw new UnsupportedSchemeError(displayUrl(url), schemeOf(url)!);
  }
}

/** The entries of a directory, by name; not of those below it. What is neither a file nor a directory is left out. @throws {StorageError} */
export async function listDirectory(
  url: string,
  options?: StorageOptions,
  leftOut: LeftOut = () => {},
): Promise<DirectoryEntry[]> {
  const settings = settingsOf(options);
  switch (schemeOf(url)) {
    case undefined:
    case 'file':
      return inTime(localPathOf(url), settings, (path) => listLocal(path, schemeOf(url) === 'file', leftOut));
    case 'root':
    case 'roots':
    case 'xroot':
    case 'xroots':
      return listXrootd(url, settings);
    case 'http':
    case 'https':
    case 'dav':
    case 'davs':
      return listHttp(url, settings);
    default:
      throw new UnsupportedSchemeError(displayUrl(url), schemeOf(url)!);
  }
}

/** A dead network mount answers nothing. */
function inTime<T>(
  path: string,
  { clock, deadlineMs }: StorageSettings,
  look: (path: string) => Promise<T>,
): Promise<T> {
  const error = (): DeadlineError => new DeadlineError(path, `looking at ${path}`, deadlineMs);
  return withDeadline(look(path), { clock, ms: deadlineMs, error });
}

async function statLocal(path: string): Promise<FileInfo> {
  try {
    return infoOf(await stat(path));
  } catch (error) {
    throw localError(error, path, `Looking at ${path}`);
  }
}

async function listLocal(path: string, asUrls: boolean, leftOut: LeftOut): Promise<DirectoryEntry[]> {
  let names: Dirent[];
  try {
    names = await readdir(path, { withFileTypes: true });
  } catch (error) {
    throw localError(error, path, `Listing ${path}`);
  }
  const entries = await Promise.all(
    names.map(async (entry): Promise<DirectoryEntry | undefined> => {
      const { name } = entry;
      const child = join(path, name);
      let info: Stats;
      try {
        info = await stat(child);
      } catch (error) {
        leftOut(name, whyUnseen(entry, error));
        return undefined;
      }
      if (!info.isFile() && !info.isDirectory()) {
        leftOut(name, 'it is a pipe, a socket or a device');
        return undefined;
      }
      return { name, url: asUrls ? pathToFileURL(child).href : child, ...infoOf(info) };
    }),
  );
  return entries.filter((entry) => entry !== undefined).sort(byName);
}

function whyUnseen(entry: Dirent, error: unknown): string {
  if (entry.name.includes('\ufffd')) return 'its name is no UTF-8';
  return entry.isSymbolicLink() ? 'it is a link to nothing' : fileProblem(error);
}

function infoOf(stats: Stats): FileInfo {
  const modifiedMs = Math.floor(stats.mtimeMs);
  if (!stats.isDirectory()) return { isDirectory: false, size: stats.size, modifiedMs };
  return { isDirectory: true, size: 0, modifiedMs, identity: `${stats.dev}:${stats.ino}` };
}
