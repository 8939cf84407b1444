/** Paths of an XRootD server or cluster: stat, listing, checksum. A cluster's directory is the union of its servers'. */
import { NoSuchFileError, NotAFileError, StorageError } from '../errors.js';
import { byName, type DirectoryEntry, type FileInfo } from '../file-info.js';
import type { StorageSettings } from '../storage-options.js';
import { checksumOfAnswer, entriesOf, statOf, type XrootdEntry, type XrootdStat } from './answer.js';
import { checksumRequest, listRequest, STAT_FLAG, statRequest } from './wire.js';
import { isSame, XrootdClient } from './xrootd-client.js';
import { parseXrootdUrl } from './xrootd-url.js';

const clientOf = (url: string, settings: StorageSettings): XrootdClient =>
  new XrootdClient(parseXrootdUrl(url), settings);

/** @throws {StorageError} */
export async function statXrootd(url: string, settings: StorageSettings): Promise<FileInfo> {
  const client = clientOf(url, settings);
  const { body } = await client.perform(statRequest);
  return infoOf(client.parsed(() => statOf(body.toString('latin1'))));
}

/** @throws {StorageError} no such directory, or every server that has it failed */
export async function listXrootd(url: string, settings: StorageSettings): Promise<DirectoryEntry[]> {
  const client = clientOf(url, settings);
  const lists = (await client.isManager()) ? await listCluster(client) : [await listServer(client)];
  const byNameOnly = new Map(lists.flat().map((entry) => [entry.name, entry]));
  const entries = [...byNameOnly.values()].map(async (entry): Promise<DirectoryEntry> => {
    const entryUrl = childUrl(url, entry.name);
    const info = entry.stat === undefined ? await statXrootd(entryUrl, settings) : infoOf(entry.stat);
    return { name: entry.name, url: entryUrl, ...info };
  });
  return (await Promise.all(entries)).sort(byName);
}

async function listServer(client: XrootdClient): Promise<XrootdEntry[]> {
  const { body } = await client.perform(listRequest);
  return client.parsed(() => entriesOf(body));
}

/** Managers do not list. A server that lacks the directory, or is gone, has no entries, as long as another has it. */
async function listCluster(client: XrootdClient): Promise<XrootdEntry[][]> {
  const lists: XrootdEntry[][] = [];
  const failures: StorageError[] = [];
  for (const { host, port, isManager } of await client.locate()) {
    const server = new XrootdClient({ ...client.url, endpoint: { host, port } }, client.settings);
    try {
      lists.push(
        ...(isManager && !isSame(client.url.endpoint, { host, port })
          ? await listCluster(server)
          : [await listServer(server)]),
      );
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      failures.push(error);
    }
  }
  if (lists.length === 0) throw failures[0] ?? new NoSuchFileError(client.url.display);
  return lists;
}

/** The server's own checksum of a file. @returns lower-case hex. @throws {StorageError} e.g. where it keeps none */
export async function checksumXrootd(url: string, kind: string, settings: StorageSettings): Promise<string> {
  const client = clientOf(url, settings);
  const withKind = { ...client.url, opaque: [client.url.opaque, `cks.type=${kind}`].filter((part) => part).join('&') };
  const { body } = await new XrootdClient(withKind, settings).perform(checksumRequest);
  const answer = client.parsed(() => checksumOfAnswer(body));
  if (answer.kind !== kind) throw new NotAFileError(client.url.display, `known there by its ${answer.kind} only`);
  return answer.hex;
}

function infoOf({ size, flags, modifiedS }: XrootdStat): FileInfo {
  const isDirectory = (flags & STAT_FLAG.isDirectory) !== 0;
  return { isDirectory, size: isDirectory ? 0 : size, modifiedMs: modifiedS * 1000 };
}

/** `root://host//dir?opaque` and a name -> `root://host//dir/name?opaque`. */
function childUrl(url: string, name: string): string {
  const [place = '', ...opaque] = url.split('?');
  return [`${place.replace(/([^/])\/+$/, '$1')}/${name}`, ...opaque].join('?');
}
