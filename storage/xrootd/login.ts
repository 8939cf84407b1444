/**
 * From a fresh connection to one that takes requests: greeting, protocol, TLS where the server or the URL wants it, login,
 * and the first of the server's login protocols that the given credentials satisfy (ztn, sss, unix, host).
 */
import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, type SecureContext } from 'node:tls';
import { authoritiesOf } from '../authorities.js';
import { bearerToken } from '../bearer-token.js';
import { AuthenticationError, cleanServerText, ProtocolError } from '../errors.js';
import type { StorageSettings } from '../storage-options.js';
import type { Answer } from './answer.js';
import type { XrootdConnection } from './connection.js';
import {
  hostCredentials,
  type Offer,
  offersOf,
  sssCredentials,
  sssKeysOf,
  unixCredentials,
  ztnCredentials,
} from './credentials.js';
import type { Subject } from './transport.js';
import { authRequest, loginRequest, protocolRequest, SERVER_FLAG } from './wire.js';

export interface ServerTraits {
  readonly isManager: boolean;
  readonly canReadPages: boolean;
}

export interface LoginWish {
  readonly settings: StorageSettings;
  readonly subject: Subject;
  /** `roots:` */
  readonly wantTls: boolean;
  /** What a redirection gave for this login; often empty. */
  readonly token: string;
}

/** @throws {AuthenticationError | ProtocolError | ConnectionError | DeadlineError} */
export async function logIn(connection: XrootdConnection, wish: LoginWish): Promise<ServerTraits> {
  const { settings, subject } = wish;
  const options = { subject, deadlineMs: settings.deadlineMs };
  const [greeting, protocol] = await Promise.all([
    connection.greet(options),
    connection.request(protocolRequest(wish.wantTls), options),
  ]);
  okBody(greeting, subject, 'greeting', 8);
  const flags = okBody(protocol, subject, 'protocol', 8).readUInt32BE(4);
  const encrypt = async (): Promise<void> => {
    const context = await secureContext(settings, subject);
    await connection.startTls({ context, verify: settings.verifyTls }, options);
  };
  const isEncrypted = (flags & (SERVER_FLAG.tlsNow | SERVER_FLAG.tlsLogin)) !== 0;
  if (wish.wantTls && !isEncrypted)
    throw new AuthenticationError(subject.url, 'the server has no TLS, which roots: demands');
  if (isEncrypted) await encrypt();
  const login = await connection.request(loginRequest(settings.user, process.pid, wish.token), options);
  const body = okBody(login, subject, 'login', 0);
  const offers = offersOf(body.toString('latin1', 16));
  if (offers.length > 0) await authenticate(connection, offers, { ...wish, isEncrypted });
  if (!isEncrypted && (flags & SERVER_FLAG.tlsSession) !== 0) await encrypt();
  return { isManager: (flags & SERVER_FLAG.manager) !== 0, canReadPages: (flags & SERVER_FLAG.pageReads) !== 0 };
}

function okBody(answer: Answer, subject: Subject, step: string, least: number): Buffer {
  if (answer.kind === 'error') throw new AuthenticationError(subject.url, cleanServerText(answer.text));
  if (answer.kind !== 'ok' || answer.body.length < least)
    throw new ProtocolError(subject.url, subject.url, `no proper answer to its ${step}`);
  return answer.body;
}

type Guest = LoginWish & { readonly isEncrypted: boolean };

async function authenticate(connection: XrootdConnection, offers: readonly Offer[], guest: Guest): Promise<void> {
  const { subject, settings } = guest;
  const refusals: string[] = [];
  for (const offer of offers) {
    const credentials = await credentialsFor(offer, connection, guest);
    if (typeof credentials === 'string') {
      refusals.push(`${offer.protocol}: ${credentials}`);
      continue;
    }
    const request = authRequest(offer.protocol, credentials);
    const answer = await connection.request(request, { subject, deadlineMs: settings.deadlineMs });
    if (answer.kind === 'ok') return;
    refusals.push(`${offer.protocol}: ${answer.kind === 'error' ? cleanServerText(answer.text) : 'it asks for more'}`);
  }
  throw new AuthenticationError(subject.url, refusals.join('; '));
}

/** The bytes to send, or why this protocol cannot be used. */
async function credentialsFor(offer: Offer, connection: XrootdConnection, guest: Guest): Promise<Buffer | string> {
  const { settings } = guest;
  switch (offer.protocol) {
    case 'unix':
      return unixCredentials(settings.user);
    case 'host':
      return hostCredentials();
    case 'ztn': {
      if (!guest.isEncrypted) return 'a token is sent over TLS only';
      const token = await bearerToken(settings, guest.subject.url);
      return token === undefined ? 'no token was given' : ztnCredentials(token);
    }
    case 'sss': {
      if (settings.sssKeytab === undefined) return 'no keytab was given';
      const nowS = settings.clock.date().getTime() / 1000;
      const [key] = sssKeysOf(await privateText(settings.sssKeytab, guest.subject), nowS);
      if (key === undefined) return 'the keytab holds no valid key';
      return sssCredentials({ key, local: connection.local, nowS, random: randomBytes });
    }
    default:
      return 'not supported here';
  }
}

/** A key that others can read is no secret: the servers' own tools refuse it as well. */
async function privateText(path: string, subject: Subject): Promise<string> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) throw new Error(`${path} can be read by others: chmod 600 it`);
    return await readFile(path, 'latin1');
  } catch (cause) {
    throw new AuthenticationError(subject.url, `keytab: ${(cause as Error).message}`, { cause });
  }
}

async function secureContext(settings: StorageSettings, subject: Subject): Promise<SecureContext> {
  try {
    const ca = await authoritiesOf(settings);
    return createSecureContext(ca === undefined ? {} : { ca });
  } catch (cause) {
    throw new AuthenticationError(subject.url, `certificates of authorities: ${(cause as Error).message}`, { cause });
  }
}
