/** What a server may answer to one request, once frames are put together. Parsers of the bodies: pure, bounded, strict. */
import { FrameFault } from './frame-bodies.js';
import { STATUS } from './wire.js';

export type Answer =
  | { readonly kind: 'ok'; readonly body: Buffer }
  | { readonly kind: 'authMore'; readonly body: Buffer }
  | { readonly kind: 'error'; readonly number: number; readonly text: string }
  | ({ readonly kind: 'redirect' } & Redirection)
  | { readonly kind: 'wait'; readonly seconds: number };

export interface Redirection {
  readonly host: string;
  readonly port: number;
  /** Another path than the one asked for, if the server names one. */
  readonly path?: string;
  /** To be added to the path's opaque part. */
  readonly opaque: string;
  /** To be given at the next login. */
  readonly token: string;
}

/** The answer that ends a request, from a frame's status and whole body. @throws {FrameFault} */
export function answerOf(status: number, body: Buffer): Answer {
  switch (status) {
    case STATUS.ok:
      return { kind: 'ok', body };
    case STATUS.authMore:
      return { kind: 'authMore', body };
    case STATUS.error:
      if (body.length < 4) throw new FrameFault('an error answer without its number');
      return { kind: 'error', number: body.readInt32BE(0), text: body.toString('utf8', 4) };
    case STATUS.wait:
      if (body.length < 4) throw new FrameFault('a wait answer without its seconds');
      return { kind: 'wait', seconds: Math.max(0, body.readInt32BE(0)) };
    case STATUS.redirect:
      return { kind: 'redirect', ...redirectionOf(body) };
    default:
      throw new FrameFault(`an answer of unknown status ${status}`);
  }
}

/**
 * `host?opaque?token` behind the port; a negative port announces a whole URL instead of a host (section 3.6).
 * IPv6 addresses stand in brackets.
 */
function redirectionOf(body: Buffer): Redirection {
  if (body.length < 5) throw new FrameFault('a redirection to nowhere');
  const port = body.readInt32BE(0);
  const [place = '', opaque = '', ...token] = body.toString('utf8', 4).replace(/\0+$/, '').split('?');
  const rest = { opaque, token: token.join('?') };
  const match =
    port < 0
      ? /^x?roots?:\/\/(?:[^@/]*@)?(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d+))?(\/.*)?$/is.exec(place)
      : /^(\[[0-9a-f:.]+\]|[\w.-]+)$/i.exec(place);
  const target = port < 0 ? Number(match?.[2] ?? 1094) : port || 1094;
  if (match === null || target > 65_535) throw new FrameFault('a redirection that names no host');
  const path = match[3]?.replace(/^\/+/, '/');
  return { host: hostOf(match[1]!), port: target, ...(path === undefined || path === '/' ? {} : { path }), ...rest };
}

/** Without brackets; servers write an IPv4 address as `[::1.2.3.4]` or `[::ffff:1.2.3.4]`. */
const hostOf = (text: string): string => text.replace(/^\[|\]$/g, '').replace(/^::(?:ffff:)?(?=[\d.]+$)/i, '');

/** Size, flags and time: `id size flags modtime ...` in decimal (section 4.26). */
export interface XrootdStat {
  readonly size: number;
  readonly flags: number;
  /** Seconds since 1970. */
  readonly modifiedS: number;
}

/** @throws {FrameFault} */
export function statOf(text: string): XrootdStat {
  const match = /^\S+ (\d{1,16}) (\d{1,9}) (\d{1,12})(?=[ \0\n]|$)/.exec(text);
  const size = Number(match?.[1]);
  if (match === null || !Number.isSafeInteger(size)) throw new FrameFault('a stat that cannot be read');
  return { size, flags: Number(match[2]), modifiedS: Number(match[3]) };
}

export interface OpenedFile {
  readonly handle: Buffer;
  readonly stat: XrootdStat;
}

/** Handle, compression (never used), stat (section 4.13). @throws {FrameFault} */
export function openedFileOf(body: Buffer): OpenedFile {
  if (body.length < 12) throw new FrameFault('an open answer without the stat that was asked for');
  return { handle: Buffer.from(body.subarray(0, 4)), stat: statOf(body.toString('latin1', 12)) };
}

export interface XrootdEntry {
  readonly name: string;
  /** Absent where the server does not tell it in a listing. */
  readonly stat: XrootdStat | undefined;
}

/** Names, one a line; with stats after a first entry `.` with four zeros, a name and a stat in turn (section 4.7). */
export function entriesOf(body: Buffer): XrootdEntry[] {
  const lines = body
    .toString('utf8')
    .replace(/[\n\0]+$/, '')
    .split('\n');
  const withStats = lines[0] === '.' && lines[1] === '0 0 0 0';
  const entries: XrootdEntry[] = [];
  for (let i = withStats ? 2 : 0; i < lines.length; i += withStats ? 2 : 1) {
    const name = lines[i]!;
    if (name === '' || name === '.' || name === '..') continue;
    if (name.includes('/')) throw new FrameFault('a listing with a path where a name is due');
    entries.push({ name, stat: withStats ? statOf(lines[i + 1] ?? '') : undefined });
  }
  return entries;
}

export interface XrootdLocation {
  readonly host: string;
  readonly port: number;
  readonly isManager: boolean;
}

/** `Sr127.0.0.1:1094 Mw[::1]:1094`: manager or server, readable or writable; lower case where it is pending (section 4.11). */
export function locationsOf(body: Buffer): XrootdLocation[] {
  return body
    .toString('latin1')
    .replace(/\0.*$/s, '')
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => {
      const match = /^([SsMm])[rw](\[[0-9a-f:.]+\]|[\w.-]+):(\d{1,5})$/i.exec(word);
      if (match === null) throw new FrameFault('a location that cannot be read');
      return {
        host: hostOf(match[2]!),
        port: Number(match[3]),
        isManager: match[1]!.toUpperCase() === 'M',
      };
    });
}

/** `adler32 0a1b2c3d`. @throws {FrameFault} */
export function checksumOfAnswer(body: Buffer): { readonly kind: string; readonly hex: string } {
  const match = /^(\w+) ([0-9a-f]{1,128})[\0\s]*$/i.exec(body.toString('latin1'));
  if (match === null) throw new FrameFault('a checksum that cannot be read');
  return { kind: match[1]!.toLowerCase(), hex: match[2]!.toLowerCase() };
}
