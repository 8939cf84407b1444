/** Directories of web servers: WebDAV's PROPFIND where there is one, otherwise the links of an index page. */
import { XMLParser } from 'fast-xml-parser';
import { mapBounded } from '../bounded.js';
import { NoSuchFileError, NotAFileError, ProtocolError } from '../errors.js';
import { byName, type DirectoryEntry, type FileInfo } from '../file-info.js';
import { withRetries } from '../retry.js';
import type { StorageSettings } from '../storage-options.js';
import { displayUrl } from '../url.js';
import { errorOfStatus } from './http-status.js';
import { type HttpAnswer, type HttpAsk, httpExchange, parseHttpUrl } from './http-transport.js';

const MAX_LISTING_BYTES = 64 * 2 ** 20;
const AT_ONCE = 8;

interface DavItem extends FileInfo {
  /** As URLs write it: absolute, %-escaped, without a slash at its end. */
  readonly path: string;
}

/** @throws {StorageError} */
export async function statHttp(url: string, settings: StorageSettings): Promise<FileInfo> {
  const items = await propfind(url, 0, settings);
  if (items?.[0] !== undefined) {
    const { path: _, ...info } = items[0];
    return info;
  }
  const head = await ask({ method: 'HEAD', url }, settings);
  const length = head.headers['content-length'];
  const isPage = /^text\/html/.test(String(head.headers['content-type'])) && new URL(head.url).pathname.endsWith('/');
  if (head.status !== 200) throw errorOfStatus(displayUrl(url), head);
  return {
    isDirectory: isPage,
    size: isPage ? 0 : Number(length ?? 0),
    modifiedMs: timeOf(head.headers['last-modified']),
  };
}

/** @throws {StorageError} */
export async function listHttp(url: string, settings: StorageSettings): Promise<DirectoryEntry[]> {
  const items = await propfind(url, 1, settings);
  const entries = items === undefined ? await listPage(url, settings) : davEntries(url, items);
  return entries.sort(byName);
}

function davEntries(url: string, items: readonly DavItem[]): DirectoryEntry[] {
  const base = basePath(url);
  const own = items.find(({ path }) => samePath(path, base));
  if (own !== undefined && !own.isDirectory) throw new NotAFileError(displayUrl(url), 'a file and no directory');
  return items
    .filter(({ path }) => !samePath(path, base))
    .map(({ path, ...info }) => {
      const name = path.split('/').at(-1)!;
      return { name: decoded(name), url: childUrl(url, name), ...info };
    });
}

/** 207 and its items; undefined where the server knows no PROPFIND. @throws {StorageError} */
async function propfind(url: string, depth: 0 | 1, settings: StorageSettings): Promise<DavItem[] | undefined> {
  const answer = await ask(
    { method: 'PROPFIND', url, headers: { Depth: String(depth), 'Content-Length': '0' } },
    settings,
  );
  if (answer.status === 207) return davItems(url, answer.body);
  if ([400, 405, 500, 501].includes(answer.status)) return undefined;
  if (answer.status === 404) throw new NoSuchFileError(displayUrl(url));
  throw errorOfStatus(displayUrl(url), answer);
}

async function ask(asked: Omit<HttpAsk, 'maxBytes'>, settings: StorageSettings): Promise<HttpAnswer> {
  return withRetries(settings, async () => {
    const answer = await httpExchange({ ...asked, maxBytes: MAX_LISTING_BYTES }, settings);
    if ([502, 503, 504, 429].includes(answer.status)) throw errorOfStatus(displayUrl(asked.url), answer);
    return answer;
  });
}

/** RFC 4918 section 14.24: multistatus > response > href, propstat > prop. */
function davItems(url: string, body: Buffer): DavItem[] {
  const text = body.toString('utf8');
  if (/<!DOCTYPE/i.test(text))
    throw new ProtocolError(displayUrl(url), displayUrl(url), 'a listing with a document type');
  const parser = new XMLParser({ removeNSPrefix: true, parseTagValue: false, ignoreAttributes: true });
  let tree: unknown;
  try {
    tree = parser.parse(text);
  } catch (cause) {
    throw new ProtocolError(displayUrl(url), displayUrl(url), 'a listing that is no XML', { cause });
  }
  const responses = children(child(tree, 'multistatus'), 'response');
  const asText = responses.some((response) => holdsText(child(response, 'href')));
  return responses.flatMap((response) => {
    const href = child(response, 'href');
    if (typeof href !== 'string') return [];
    const props = children(response, 'propstat').map((propstat) => child(propstat, 'prop'));
    const value = (name: string): unknown =>
      props.map((prop) => child(prop, name)).find((found) => found !== undefined);
    const kind = value('resourcetype');
    const isDirectory = (child(kind, 'collection') ?? undefined) !== undefined || value('iscollection') === '1';
    const size = Number(value('getcontentlength') ?? 0);
    const path = basePath(new URL(asText ? asReference(href) : href.trim(), parseHttpUrl(url)).href);
    return [
      {
        path,
        isDirectory,
        size: isDirectory || !Number.isSafeInteger(size) ? 0 : size,
        modifiedMs: timeOf(value('getlastmodified')),
      },
    ];
  });
}

/**
 * XrdHttp gives paths as they are where they ought to be URL references. One that no reference can be tells it of all in that answer: blanks,
 * and what would end a path, which no member of a directory has.
 */
const holdsText = (href: unknown): boolean => typeof href === 'string' && /[ #?|\\^`{}<>"]/.test(href.trim());

function asReference(path: string): string {
  const [, origin = '', rest = ''] = /^(https?:\/\/[^/]*)?(.*)$/is.exec(path) ?? [];
  return origin + rest.split('/').map(encodeURIComponent).join('/');
}

function child(node: unknown, name: string): unknown {
  if (typeof node !== 'object' || node === null) return undefined;
  return Object.entries(node).find(([key]) => key.toLowerCase() === name)?.[1] as unknown;
}
function children(node: unknown, name: string): unknown[] {
  const found = child(node, name);
  return found === undefined ? [] : Array.isArray(found) ? found : [found];
}

/** Links of a page that lead to direct children: `name`, `name/`; sizes are asked for one by one. */
async function listPage(url: string, settings: StorageSettings): Promise<DirectoryEntry[]> {
  const target = parseHttpUrl(url);
  if (!target.pathname.endsWith('/')) target.pathname += '/';
  const answer = await ask({ method: 'GET', url: target.href }, settings);
  if (answer.status !== 200) throw errorOfStatus(displayUrl(url), answer);
  if (!/^text\/html/.test(String(answer.headers['content-type'])))
    throw new NotAFileError(displayUrl(url), 'a file and no directory');
  const names = new Set<string>();
  for (const match of answer.body.toString('utf8').matchAll(/<a\s[^>]{0,500}?href="([^"]{1,2000})"/gi)) {
    const link = linkOf(match[1]!, target);
    const rest =
      link?.origin === target.origin && link.search === '' ? link.pathname.slice(target.pathname.length) : '';
    if (link?.pathname.startsWith(target.pathname) === true && /^[^/]+\/?$/.test(rest)) names.add(rest);
  }
  return mapBounded([...names], AT_ONCE, async (escaped): Promise<DirectoryEntry> => {
    const name = escaped.replace(/\/$/, '');
    const common = { name: decoded(name), url: childUrl(url, name) };
    if (escaped.endsWith('/')) return { ...common, isDirectory: true, size: 0, modifiedMs: undefined };
    const head = await ask({ method: 'HEAD', url: common.url }, settings);
    const size = head.status === 200 ? Number(head.headers['content-length'] ?? 0) : 0;
    return { ...common, isDirectory: false, size, modifiedMs: timeOf(head.headers['last-modified']) };
  });
}

function linkOf(text: string, base: URL): URL | undefined {
  try {
    return new URL(text.replaceAll('&amp;', '&'), base);
  } catch {
    return undefined;
  }
}

function timeOf(text: unknown): number | undefined {
  const ms = Date.parse(String(text));
  return Number.isNaN(ms) ? undefined : ms;
}

const basePath = (url: string): string =>
  parseHttpUrl(url)
    .pathname.replace(/\/+/g, '/')
    .replace(/(.)\/$/, '$1');
const samePath = (a: string, b: string): boolean => decoded(a) === decoded(b);

function decoded(escaped: string): string {
  try {
    return decodeURIComponent(escaped);
  } catch {
    return escaped;
  }
}

/** The directory's URL with an escaped name added, its query kept. */
function childUrl(url: string, escapedName: string): string {
  const [place = '', ...query] = url.split('?');
  return [`${place.replace(/\/+$/, '')}/${escapedName}`, ...query].join('?');
}
