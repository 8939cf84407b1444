/**
 * The numbers of the XRootD protocol and the requests of this client as bytes. Pure.
 * A request is a header of 24 bytes (stream id, request id, 16 bytes of parameters, length) and data; all integers are
 * big-endian. Source: XRootD Protocol Version 5.2.0, sections 2 (framing) and 4 (requests).
 */
import type { ByteRange } from '../byte-source.js';

export const REQUEST = {
  auth: 3000,
  query: 3001,
  close: 3003,
  dirlist: 3004,
  protocol: 3006,
  login: 3007,
  move: 3009,
  open: 3010,
  read: 3013,
  remove: 3014,
  sync: 3016,
  stat: 3017,
  write: 3019,
  readv: 3025,
  locate: 3027,
  pgread: 3030,
} as const;

export const STATUS = {
  ok: 0,
  okSoFar: 4000,
  attention: 4001,
  authMore: 4002,
  error: 4003,
  redirect: 4004,
  wait: 4005,
  waitResponse: 4006,
  status: 4007,
} as const;

/** Codes of the error answer that mean something to us (section 3.4); others are failures of the server. */
export const XROOTD_ERROR = {
  invalidArgument: 3000,
  noSpace: 3009,
  notAuthorized: 3010,
  notFound: 3011,
  unsupported: 3013,
  noServer: 3014,
  notFile: 3015,
  isDirectory: 3016,
  exists: 3018,
  overloaded: 3024,
  readOnly: 3025,
  tlsRequired: 3028,
  noReplicas: 3029,
  authFailed: 3030,
} as const;

/** Flags of the answer to kXR_protocol. */
export const SERVER_FLAG = {
  manager: 0x2,
  pageReads: 0x0020_0000,
  /** When TLS is to begin: at once, with the login, or after it. */
  tlsLogin: 0x0400_0000,
  tlsSession: 0x0800_0000,
  tlsNow: 0x4000_0000,
} as const;
export const STAT_FLAG = { isDirectory: 2, other: 4, offline: 8 } as const;
const ASYNC_RESPONSE = 5008;

export const HEADER_BYTES = 8;
/** A vector read: at most so many elements, each and all together within what any server's buffer holds. */
export const READV_MAX_ELEMENTS = 1024;
export const READV_MAX_ELEMENT_BYTES = 2 * 2 ** 20 - 16;
export const READV_ELEMENT_HEADER = 16;
export const PAGE_BYTES = 4096;

/** A request without its stream id, which the connection gives. */
export interface WireRequest {
  readonly id: number;
  /** 16 bytes. */
  readonly parameters: Buffer;
  readonly data?: Buffer;
}

const PROTOCOL_VERSION = 0x511;
/** Twelve zeros, 4, 2012: the first bytes of a connection. */
export const HANDSHAKE = ((): Buffer => {
  const bytes = Buffer.alloc(20);
  bytes.writeInt32BE(4, 12);
  bytes.writeInt32BE(2012, 16);
  return bytes;
})();

export function encodeRequest(streamId: number, { id, parameters, data }: WireRequest): Buffer {
  const bytes = Buffer.allocUnsafe(24 + (data?.length ?? 0));
  bytes.writeUInt16BE(streamId, 0);
  bytes.writeUInt16BE(id, 2);
  parameters.copy(bytes, 4);
  bytes.writeInt32BE(data?.length ?? 0, 20);
  data?.copy(bytes, 24);
  return bytes;
}

/** Asks for the server's flags and says that TLS is understood, or demanded (`roots:`). */
export function protocolRequest(wantTls: boolean): WireRequest {
  const parameters = Buffer.alloc(16);
  parameters.writeInt32BE(PROTOCOL_VERSION, 0);
  parameters[4] = 0x01 | 0x02 | (wantTls ? 0x04 : 0); // secreqs, ableTLS, wantTLS
  parameters[5] = 0x03; // a login follows
  return { id: REQUEST.protocol, parameters };
}

/** @param token what a redirection gave for the next login, if anything */
export function loginRequest(user: string, pid: number, token: string): WireRequest {
  const parameters = Buffer.alloc(16);
  parameters.writeInt32BE(pid & 0x7fff_ffff, 0);
  parameters.write(user.slice(0, 8), 4, 'latin1');
  parameters[13] = 0x01 | 0x08; // redirections to full URLs; IPv6 and IPv4
  parameters[14] = 0x80 | 5; // asynchronous answers; protocol 5
  return { id: REQUEST.login, parameters, data: Buffer.from(token) };
}

/** @param protocol `unix`, `host`, `sss`, `ztn` */
export function authRequest(protocol: string, credentials: Buffer): WireRequest {
  const parameters = Buffer.alloc(16);
  parameters.write(protocol, 12, 4, 'latin1');
  return { id: REQUEST.auth, parameters, data: credentials };
}

/** Opens for reading, and asks for the file's stat in the same answer. */
export function openRequest(path: string): WireRequest {
  const parameters = Buffer.alloc(16);
  parameters.writeUInt16BE(0x0010 | 0x0400, 2); // open_read, retstat
  return { id: REQUEST.open, parameters, data: Buffer.from(path) };
}

/** A new file that must not be there yet, readable by everybody, with the directories above it. */
export function createRequest(path: string): WireRequest {
  const parameters = Buffer.alloc(16);
  parameters.writeUInt16BE(0o644, 0);
  parameters.writeUInt16BE(0x0008 | 0x0020 | 0x0100, 2); // new, open_updt, mkpath
  return { id: REQUEST.open, parameters, data: Buffer.from(path) };
}

export function writeRequest(handle: Buffer, offset: number, data: Buffer): WireRequest {
  const parameters = Buffer.alloc(16);
  handle.copy(parameters, 0);
  parameters.writeBigInt64BE(BigInt(offset), 4);
  return { id: REQUEST.write, parameters, data };
}

export function syncRequest(handle: Buffer): WireRequest {
  const parameters = Buffer.alloc(16);
  handle.copy(parameters, 0);
  return { id: REQUEST.sync, parameters };
}

export function closeRequest(handle: Buffer): WireRequest {
  const parameters = Buffer.alloc(16);
  handle.copy(parameters, 0);
  return { id: REQUEST.close, parameters };
}

export const readRequest = (handle: Buffer, range: ByteRange): WireRequest => ranged(REQUEST.read, handle, range);
export const pageReadRequest = (handle: Buffer, range: ByteRange): WireRequest => ranged(REQUEST.pgread, handle, range);

function ranged(id: number, handle: Buffer, { offset, length }: ByteRange): WireRequest {
  const parameters = Buffer.alloc(16);
  handle.copy(parameters, 0);
  parameters.writeBigInt64BE(BigInt(offset), 4);
  parameters.writeInt32BE(length, 12);
  return { id, parameters };
}

export function vectorReadRequest(handle: Buffer, ranges: readonly ByteRange[]): WireRequest {
  const data = Buffer.allocUnsafe(ranges.length * READV_ELEMENT_HEADER);
  ranges.forEach(({ offset, length }, index) => {
    const at = index * READV_ELEMENT_HEADER;
    handle.copy(data, at);
    data.writeInt32BE(length, at + 4);
    data.writeBigInt64BE(BigInt(offset), at + 8);
  });
  return { id: REQUEST.readv, parameters: Buffer.alloc(16), data };
}

export const statRequest = (path: string): WireRequest => pathRequest(REQUEST.stat, path);
/** A listing with the stat of each entry, where the server can. */
export const listRequest = (path: string): WireRequest =>
  pathRequest(REQUEST.dirlist, path, (p) => p.writeUInt8(2, 15));
export const locateRequest = (path: string): WireRequest => pathRequest(REQUEST.locate, path);
/** The manager asks its servers instead of its memory (kXR_refresh). */
export const refreshRequest = (path: string): WireRequest =>
  pathRequest(REQUEST.locate, path, (p) => p.writeUInt16BE(0x80, 0));
export const checksumRequest = (path: string): WireRequest =>
  pathRequest(REQUEST.query, path, (p) => p.writeUInt16BE(3, 0)); // kXR_Qcksum

export const removeRequest = (path: string): WireRequest => pathRequest(REQUEST.remove, path);
/** Both paths, and how long the first is: it may hold blanks. */
export const moveRequest = (from: string, to: string): WireRequest =>
  pathRequest(REQUEST.move, `${from} ${to}`, (p) => p.writeUInt16BE(Buffer.byteLength(from), 14));

function pathRequest(id: number, path: string, fill: (parameters: Buffer) => void = () => {}): WireRequest {
  const parameters = Buffer.alloc(16);
  fill(parameters);
  return { id, parameters, data: Buffer.from(path) };
}

/** The answer inside an attention frame, or undefined for the other kinds, which this client may ignore. */
export function asyncResponse(body: Buffer): { streamId: number; status: number; body: Buffer } | undefined {
  if (body.length < 16 || body.readInt32BE(0) !== ASYNC_RESPONSE) return undefined;
  return { streamId: body.readUInt16BE(8), status: body.readUInt16BE(10), body: body.subarray(16) };
}
