/**
 * What is sent to be let in, for each of XRootD's login protocols that needs no further exchange. Pure: clock, randomness
 * and the files' contents come from the caller.
 * Sources: XrdSecunix, XrdSechost, XrdSecsss (XrdSecsssRR.hh: the packet), XrdSecztn.
 */
import { crc32 } from 'node:zlib';
import { Blowfish } from './blowfish.js';

/** One protocol that the server offers, in its order of preference: `&P=sss,0.13:/etc/keytab&P=unix`. */
export interface Offer {
  readonly protocol: string;
  readonly parameters: string;
}

export function offersOf(text: string): Offer[] {
  return text
    .replace(/\0.*$/s, '')
    .split('&P=')
    .slice(1)
    .map((word) => {
      const comma = word.indexOf(',');
      return comma < 0
        ? { protocol: word, parameters: '' }
        : { protocol: word.slice(0, comma), parameters: word.slice(comma + 1) };
    });
}

export const unixCredentials = (user: string): Buffer => Buffer.from(`unix\0${user}\0`);
export const hostCredentials = (): Buffer => Buffer.from('host\0');

/** Header `ztn`, version 0, operation T; then the token with its length, closed by a zero byte. */
export function ztnCredentials(token: string): Buffer {
  const bytes = Buffer.from(`${token}\0`);
  const head = Buffer.from('ztn\0\0T\0\0\0\0', 'latin1');
  head.writeUInt16BE(bytes.length, 8);
  return Buffer.concat([head, bytes]);
}

export interface SssKey {
  readonly name: string;
  readonly user: string;
  readonly id: bigint;
  readonly key: Buffer;
  /** Seconds since 1970; 0 = never. */
  readonly expiresS: number;
}

/** A keytab's usable keys: one a line, `0 u:USER g:GROUP n:NAME N:ID c:CREATED e:EXPIRES k:HEX`. */
export function sssKeysOf(keytab: string, nowS: number): SssKey[] {
  const keys: SssKey[] = [];
  for (const line of keytab.split('\n')) {
    const fields = new Map(
      line
        .trim()
        .split(/\s+/)
        .filter((word) => word[1] === ':')
        .map((word) => [word[0], word.slice(2)]),
    );
    const id = fields.get('N') ?? '';
    const hex = fields.get('k') ?? '';
    const expiresS = Number(fields.get('e') ?? 0);
    if (!/^\d{1,19}$/.test(id) || !/^([0-9a-f]{2}){1,128}$/i.test(hex)) continue;
    if (expiresS !== 0 && expiresS <= nowS) continue;
    keys.push({
      name: fields.get('n') ?? 'nowhere',
      user: fields.get('u') ?? 'nobody',
      id: BigInt(id),
      key: Buffer.from(hex, 'hex'),
      expiresS,
    });
  }
  return keys;
}

/** Times in the packet count from here: 23 September 2008. */
const SSS_EPOCH_S = 1_222_183_880;
const SSS_HOST = 0x20;
const SSS_NAME = 0x01;
const SSS_RANDOM = 0x07;
const SSS_LEAST_DATA = 128;

export interface SssMaker {
  readonly key: SssKey;
  readonly local: { readonly address: string; readonly port: number };
  readonly nowS: number;
  readonly random: (nbytes: number) => Buffer;
}

/**
 * The shared-secret packet: an open header that names the key, then, encrypted, 32 random bytes, the time, who asks from
 * where, and a CRC-32 of all that.
 */
export function sssCredentials({ key, local, nowS, random }: SssMaker): Buffer {
  const header = Buffer.alloc(16);
  header.write('sss', 0, 'latin1');
  header.write('0', 7, 'latin1'); // Blowfish with CRC-32
  header.writeBigInt64BE(key.id, 8);
  const times = Buffer.alloc(8);
  times.writeInt32BE(Math.floor(nowS) - SSS_EPOCH_S, 0);
  const items = [item(SSS_HOST, endpointName(local)), item(SSS_NAME, key.user)];
  const short = SSS_LEAST_DATA - 40 - items.reduce((sum, part) => sum + part.length, 0);
  if (short > 0) items.push(item(SSS_RANDOM, random(short).toString('hex').slice(0, short)));
  const plain = Buffer.concat([random(32), times, ...items]);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(plain), 0);
  return Buffer.concat([header, new Blowfish(key.key).encryptCfb(Buffer.concat([plain, check]))]);
}

function item(kind: number, text: string): Buffer {
  const bytes = Buffer.from(`${text}\0`);
  const head = Buffer.from([kind, 0, 0]);
  head.writeUInt16BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** The server compares this with the address it sees: always written as IPv6. */
function endpointName({ address, port }: { address: string; port: number }): string {
  return `[${address.includes(':') ? address : `::ffff:${address}`}]:${port}`;
}
