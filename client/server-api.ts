/** The ProxyServer's HTTP API as the client calls it: typed answers, and every failure one sentence with a code. */
import { Agent as HttpsAgent } from 'node:https';
import axios, { type AxiosInstance } from 'axios';
import { z } from 'zod';
import {
  type KeptResults,
  keptResults,
  type PacketInfo,
  type PacketOrder,
  type PilotInfo,
  packetInfo,
  packetOrder,
  pilotInfo,
  type QueryInfo,
  queryInfo,
  type ServerInfo,
  type SessionInfo,
  type SiteInfo,
  serverInfo,
  sessionInfo,
  siteInfo,
  type WorkerInfo,
  workerInfo,
} from '../protocol/api.js';
import { checked } from '../protocol/check.js';
import { UnreachableError } from '../protocol/dial.js';
import { GridError, RemoteError } from '../protocol/errors.js';
import { decodeFrame } from '../protocol/frame.js';
import { errorShape } from '../protocol/ids.js';
import { type Opened, openWords } from '../protocol/open-words.js';
import { type PackageInfo, packageInfo } from '../protocol/package-archive.js';
import { proxyAgentFor } from '../protocol/proxied.js';
import type { HostEntry } from './client-config.js';
import { whyUnreachable } from './unreachable.js';

/** The other end answers, but not as a ProxyServer does. */
export class NoProxyServerError extends GridError {
  readonly code = 'CLIENT_NO_PROXY_SERVER';
}

/** A server that answered before and does not now is being restarted: it is asked again for so long. */
const AGAIN_FOR_MS = 30_000;
const AGAIN_PAUSE_MS = 300;

export class ServerApi {
  readonly #http: AxiosInstance;
  #hasAnswered = false;
  /** @param certificate PEM of a user's own, for a login */
  constructor(
    readonly host: HostEntry,
    certificate?: { cert: string; key: string },
  ) {
    const trust = { ...(host.ca === null ? {} : { ca: host.ca }), ...certificate };
    const agent =
      proxyAgentFor(host.url, trust) ?? (Object.keys(trust).length === 0 ? undefined : new HttpsAgent(trust));
    this.#http = axios.create({
      baseURL: `${host.url}/v1`,
      timeout: 60_000,
      headers: authorization(host),
      proxy: false, // the agent knows the way out
      maxContentLength: Number.POSITIVE_INFINITY,
      ...(agent === undefined ? {} : { httpAgent: agent, httpsAgent: agent }),
    });
  }

  info(): Promise<Opened<ServerInfo>> {
    return this.call('GET', '/info', serverInfo);
  }
  openSession(body: { workers: number | null; title: string }): Promise<Opened<SessionInfo>> {
    return this.call('POST', '/sessions', sessionInfo, body);
  }
  sessions(): Promise<Opened<SessionInfo>[]> {
    return this.call('GET', '/sessions', z.array(sessionInfo));
  }
  async endSession(sessionId: string): Promise<void> {
    await this.call('DELETE', `/sessions/${sessionId}`, z.unknown());
  }
  pilots(): Promise<Opened<PilotInfo>[]> {
    return this.call('GET', '/pilots', z.array(pilotInfo));
  }
  workers(): Promise<Opened<WorkerInfo>[]> {
    return this.call('GET', '/workers', z.array(workerInfo));
  }
  sites(): Promise<Opened<SiteInfo>[]> {
    return this.call('GET', '/sites', z.array(siteInfo));
  }
  queries(): Promise<Opened<QueryInfo>[]> {
    return this.call('GET', '/queries', z.array(queryInfo));
  }
  keptResults(): Promise<KeptResults> {
    return this.call('GET', '/results', keptResults);
  }
  query(ref: string): Promise<Opened<QueryInfo>> {
    return this.call('GET', `/queries/${encodeURIComponent(ref)}`, queryInfo);
  }
  /** The result frame of a query that is over. */
  async queryResult(ref: string, options: { archive?: boolean } = {}): Promise<Buffer> {
    const path = `/queries/${encodeURIComponent(ref)}/result${options.archive === true ? '?archive=1' : ''}`;
    const answer = await this.request('GET', path, undefined, true);
    return Buffer.from(answer as ArrayBuffer);
  }
  packets(ref: string): Promise<Opened<PacketInfo>[]> {
    return this.call('GET', `/queries/${encodeURIComponent(ref)}/packets`, z.array(packetInfo));
  }
  /** All that it takes to run one packet here. */
  async packet(ref: string, packetId: number): Promise<PacketOrder> {
    const frame = await this.bytes(`/queries/${encodeURIComponent(ref)}/packets/${packetId}`);
    return checked(packetOrder, decodeFrame(frame, true), 'packet');
  }
  /** Its merged outputs as they lie there, in pieces cut anywhere: more than memory may hold. */
  async *queryState(ref: string): AsyncIterable<Uint8Array> {
    const url = `/queries/${encodeURIComponent(ref)}/state`;
    try {
      // The time limit of the other calls is for small answers.
      const answer = await this.#http.get<AsyncIterable<Uint8Array>>(url, { responseType: 'stream', timeout: 0 });
      yield* answer.data;
    } catch (cause) {
      if (axios.isAxiosError(cause) && cause.response !== undefined)
        cause.response.data = await wholeOf(cause.response.data as AsyncIterable<Uint8Array>);
      else if (!axios.isAxiosError(cause))
        throw new UnreachableError(
          `${this.host.name} broke off while the outputs came: ${(cause as Error).message}. "proof retrieve ${ref}" gets them again.`,
          { cause },
        );
      throw callError(cause, this.host);
    }
  }
  async stopQuery(ref: string): Promise<void> {
    await this.call('POST', `/queries/${encodeURIComponent(ref)}/stop`, z.unknown());
  }
  async abortQuery(ref: string): Promise<void> {
    await this.call('POST', `/queries/${encodeURIComponent(ref)}/abort`, z.unknown());
  }
  async removeQuery(ref: string): Promise<void> {
    await this.call('DELETE', `/queries/${encodeURIComponent(ref)}`, z.unknown());
  }

  packages(): Promise<PackageInfo[]> {
    return this.call('GET', '/packages', z.array(packageInfo));
  }
  /** A package's archive. */
  package(name: string): Promise<Buffer> {
    return this.bytes(`/packages/${encodeURIComponent(name)}`);
  }
  uploadPackage(archive: Buffer): Promise<PackageInfo> {
    return this.call('PUT', '/packages', packageInfo, archive);
  }
  async clearPackage(name: string): Promise<void> {
    await this.call('DELETE', `/packages/${encodeURIComponent(name)}`, z.unknown());
  }

  /** A file, as it is. */
  async bytes(path: string): Promise<Buffer> {
    return Buffer.from((await this.request('GET', path, undefined, true)) as ArrayBuffer);
  }

  /** Any call: the answer is checked by `schema`. @throws {RemoteError} the server's own code and sentence; {UnreachableError} */
  async call<T>(method: string, path: string, schema: z.ZodType<T>, body?: unknown): Promise<Opened<T>> {
    const answer = await this.request(method, path, body, false);
    try {
      return checked(openWords(schema), answer, `answer of ${this.host.url}/v1${path}`);
    } catch (cause) {
      throw new NoProxyServerError(`${this.host.url} answers, but not as a ProxyServer of this version does.`, {
        cause,
      });
    }
  }

  private async request(method: string, path: string, body: unknown, binary: boolean): Promise<unknown> {
    const started = performance.now();
    for (;;) {
      try {
        const answer = await this.#http.request({
          method,
          url: path,
          ...(body === undefined ? {} : { data: body }),
          headers: typeOf(body),
          ...(binary ? { responseType: 'arraybuffer' as const } : {}),
        });
        this.#hasAnswered = true;
        return answer.data;
      } catch (cause) {
        // What changes nothing, or the same when it is done twice, may be asked twice.
        const isSafe = method !== 'POST' || /\/(stop|abort)$/.test(path);
        const isGone = axios.isAxiosError(cause) && cause.response === undefined;
        if (!isGone || !isSafe || !this.#hasAnswered || performance.now() - started > AGAIN_FOR_MS)
          throw callError(cause, this.host);
        await new Promise((resolve) => setTimeout(resolve, AGAIN_PAUSE_MS));
      }
    }
  }
}

/** axios calls a POST without a body a form, which no server here takes, unless it is told that there is no type. */
function typeOf(body: unknown): Record<string, string | false> {
  if (body === undefined) return { 'content-type': false };
  return Buffer.isBuffer(body) ? { 'content-type': 'application/octet-stream' } : {};
}

export function authorization(host: HostEntry): Record<string, string> {
  return host.token === null ? {} : { authorization: `Bearer ${host.token}` };
}

function callError(cause: unknown, host: HostEntry): Error {
  if (!axios.isAxiosError(cause)) return cause as Error;
  if (cause.response === undefined) {
    const step = whyUnreachable(cause.code, cause.message, host.url);
    return new UnreachableError(`Cannot reach ${host.name} (${host.url}). ${step}`, { cause });
  }
  const data: unknown = cause.response.data;
  const body = errorShape.safeParse(Buffer.isBuffer(data) ? tryJson(data) : data);
  if (body.success) return new RemoteError(body.data.code, body.data.message, { cause });
  return new NoProxyServerError(
    `${host.url} answers with HTTP status ${cause.response.status}, not as a ProxyServer does.`,
    { cause },
  );
}

async function wholeOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

function tryJson(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch {
    return undefined; // no error body of ours: the caller says so
  }
}
