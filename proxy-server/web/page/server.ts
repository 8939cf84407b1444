/** The ProxyServer as the page asks it: the API of every client, with the user's token. Answers are checked as they come. */
import type { z } from 'zod';
import { checked, parseJson } from '../../../protocol/check.js';
import { SUBPROTOCOL } from '../browser-token.js';

const TOKEN_KEY = 'proof-token';

/** The server refused the token, or wants one. */
export class TokenWanted extends Error {}
/** Nobody is there. */
export class ServerAway extends Error {}

/** For this tab alone, until it is closed. */
export const token = {
  get: (): string | null => sessionStorage.getItem(TOKEN_KEY),
  set: (text: string): void => sessionStorage.setItem(TOKEN_KEY, text),
  forget: (): void => sessionStorage.removeItem(TOKEN_KEY),
};

/** Beside the page, wherever a tunnel or a proxy put that. */
const urlOf = (path: string): URL => new URL(`v1/${path}`, document.baseURI);

async function call(method: 'GET' | 'POST', path: string, signal?: AbortSignal): Promise<Response> {
  const text = token.get();
  const response = await fetch(urlOf(path), {
    method,
    headers: text === null ? {} : { authorization: `Bearer ${text}` },
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    // Browsers have words of their own each for that.
    throw error instanceof TypeError ? new ServerAway('The ProxyServer does not answer.') : error;
  });
  if (response.ok) return response;
  const body = await response.text();
  const message = messageOf(body) ?? `${response.status} ${response.statusText}`;
  throw response.status === 401 ? new TokenWanted(message) : new Error(message);
}

function messageOf(body: string): string | undefined {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined; // of something between here and the server
  }
}

/** @throws {TokenWanted | WireError | Error} a sentence for people */
export async function ask<T>(schema: z.ZodType<T>, path: string, signal?: AbortSignal): Promise<T> {
  const response = await call('GET', path, signal);
  return checked(schema, parseJson(await response.text()), path);
}
export async function tell(path: string): Promise<void> {
  await call('POST', path);
}
/** @param mostBytes longer answers are not read */
export async function askBytes(path: string, signal: AbortSignal, mostBytes: number): Promise<Uint8Array> {
  const response = await call('GET', path, signal);
  const nbytes = Number(response.headers.get('content-length') ?? 0);
  if (nbytes > mostBytes)
    throw new Error(`The outputs are ${Math.round(nbytes / 1e6)} MB: too much for a page. "proof retrieve" gets them.`);
  return new Uint8Array(await response.arrayBuffer());
}

/** To the session's master, through the same port. */
export function dial(sessionId: string): WebSocket {
  const url = urlOf(`session/${encodeURIComponent(sessionId)}`);
  url.protocol = url.protocol.replace('http', 'ws');
  const text = token.get();
  const socket = new WebSocket(url, text === null ? [SUBPROTOCOL] : [SUBPROTOCOL, `bearer.${text}`]);
  socket.binaryType = 'arraybuffer';
  return socket;
}
