/** Checksums and GUIDs as people write them <-> the few bytes that are stored. Pure. */
import { BadValueError } from '../errors.js';

const ALGORITHMS = ['', 'adler32', 'md5', 'sha1', 'sha256', 'crc32', 'crc32c', 'sha512'] as const;
const BY_LENGTH: Record<number, string> = { 8: 'adler32', 32: 'md5', 40: 'sha1', 64: 'sha256' };

/** `adler32:1a2b3c4d` (or plain hexadecimal, whose length tells the algorithm) -> bytes. @throws {BadValueError} */
export function packChecksum(text: string): Buffer {
  const at = text.indexOf(':');
  const algorithm = at < 0 ? BY_LENGTH[text.length] : text.slice(0, at).toLowerCase();
  const digest = text.slice(at + 1);
  if (algorithm === undefined || text.length > 200 || !/^(?:[0-9a-f]{2})+$/i.test(digest))
    throw new BadValueError(text, 'checksum', 'that is ALGORITHM:HEXADECIMAL, as in adler32:1a2b3c4d');
  const index = ALGORITHMS.indexOf(algorithm as (typeof ALGORITHMS)[number]);
  if (index > 0) return Buffer.concat([Buffer.from([index]), Buffer.from(digest, 'hex')]);
  return Buffer.from(`\0${algorithm}:${digest.toLowerCase()}`);
}

/** @param hex the stored bytes in hexadecimal */
export function unpackChecksum(hex: string): string {
  const index = Number.parseInt(hex.slice(0, 2), 16);
  if (index === 0) return Buffer.from(hex.slice(2), 'hex').toString('utf8');
  return `${ALGORITHMS[index]}:${hex.slice(2).toLowerCase()}`;
}

/** @throws {BadValueError} */
export function packGuid(text: string): Buffer {
  if (!/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text))
    throw new BadValueError(text, 'GUID', 'that is written 01234567-89ab-cdef-0123-456789abcdef');
  return Buffer.from(text.replaceAll('-', ''), 'hex');
}

/** @param stored the stored bytes in hexadecimal */
export function unpackGuid(stored: string): string {
  const hex = stored.toLowerCase();
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * The GUID of a file that was registered without one: made of the catalog's identity, the file's number and its time of
 * creation, so it takes no room and never changes. UUID version 8 (RFC 9562, 5.8).
 */
export function derivedGuid(identity: string, fileId: number, createdMs: number): string {
  const time = createdMs.toString(16).padStart(12, '0').slice(-12);
  const id = fileId.toString(16).padStart(12, '0').slice(-12);
  return `${identity.slice(0, 8)}-${time.slice(0, 4)}-8${time.slice(4, 7)}-8${time.slice(7, 10)}-${time.slice(10)}${id.slice(2)}`;
}
