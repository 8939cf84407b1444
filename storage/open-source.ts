/** The one door to bytes: a path, a URL, or several URLs of the same file in order of preference, becomes a ByteSource. */
import type { ByteSource } from './byte-source.js';
import { UnsupportedSchemeError } from './errors.js';
import { HttpFile } from './http/http-file.js';
import { LocalFile } from './local-file.js';
import { ReplicaFile } from './replica-file.js';
import { type StorageOptions, type StorageSettings, settingsOf } from './storage-options.js';
import { displayUrl, localPathOf, schemeOf } from './url.js';
import { XrootdFile } from './xrootd/xrootd-file.js';
import { memberOf, openMember } from './zip-member.js';

/**
 * Opens a file for reading.
 *
 * @param urls a path, a `file:` URL, or replicas of one file, the preferred one first; `?xrdcl.unzip=NAME` behind: that member of a zip archive
 * @param size of the file as a catalog knows it: of several replicas those that have another are passed over
 * @throws {StorageError} saying which URL and why; @see docs/errors.md
 */
export async function openSource(
  urls: string | readonly string[],
  options?: StorageOptions,
  size?: number | null,
): Promise<ByteSource> {
  const settings = settingsOf(options);
  const [url, ...others] = new Set(typeof urls === 'string' ? [urls] : urls);
  if (url === undefined) throw new RangeError('openSource needs at least one URL');
  return others.length === 0
    ? openOne(url, settings)
    : ReplicaFile.open([url, ...others], settings, openOne, size ?? undefined);
}

async function openOne(url: string, settings: StorageSettings): Promise<ByteSource> {
  const inside = memberOf(url);
  if (inside === undefined) return openFile(url, settings);
  const archive = await openFile(inside.archive, settings);
  try {
    return await openMember(archive, inside.member);
  } catch (error) {
    await archive.close();
    throw error;
  }
}

async function openFile(url: string, settings: StorageSettings): Promise<ByteSource> {
  const scheme = schemeOf(url);
  switch (scheme) {
    case undefined:
    case 'file':
      return LocalFile.open(localPathOf(url), settings);
    case 'root':
    case 'roots':
    case 'xroot':
    case 'xroots':
      return XrootdFile.open(url, settings);
    case 'http':
    case 'https':
    case 'dav':
    case 'davs':
      return HttpFile.open(url, settings);
    default:
      throw new UnsupportedSchemeError(displayUrl(url), scheme);
  }
}
