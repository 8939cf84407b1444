/** HTTP to a catalog: one axios instance, answers checked by schema, errors as they were thrown at the other end. */
import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { rootCertificates } from 'node:tls';
import axios, { type AxiosInstance, type AxiosResponse } from 'axios';
import { z } from 'zod';
import { checked, parseJson } from '../../protocol/check.js';
import { isLoopback } from '../../protocol/config.js';
import { RemoteError } from '../../protocol/errors.js';
import { STAYS_TO_BE_HEARD } from '../../protocol/linger.js';
import { proxyAgentFor } from '../../protocol/proxied.js';
import { CatalogAnswerError, CatalogUnreachableError } from './errors.js';
import { errorAnswer, USER_HEADER } from './wire.js';

export interface HttpClientOptions {
  readonly token?: string | undefined;
  /** Under development authentication: who calls. */
  readonly user?: string | undefined;
  /** PEM of an authority to trust besides the system's. */
  readonly ca?: string | undefined;
  /** It stands on a ProxyServer's port, and is reached the way that one is. */
  readonly isBesideServer?: boolean | undefined;
}

interface Agents {
  readonly httpAgent: http.Agent;
  readonly httpsAgent: http.Agent;
}

const TIMEOUT_MS = 120_000;
/** A line of a stream that says the rest will not come. */
const brokenLine = z.object({ error: errorAnswer });

export class HttpClient {
  readonly #axios: AxiosInstance;
  readonly #agents: Agents;
  /** For bodies that are streamed: an answer may come before the body's end, and the server then closes the connection in its own time. */
  readonly #agentsOnce: Agents;

  constructor(
    readonly url: string,
    options: HttpClientOptions = {},
  ) {
    const base = url.replace(/\/+$/, '');
    const ca = options.ca === undefined ? {} : { ca: [...rootCertificates, options.ca] };
    const agents = (keepAlive: boolean): Agents => {
      const out = options.isBesideServer === true ? proxyAgentFor(base, { keepAlive, ...ca }) : undefined;
      if (out !== undefined) return { httpAgent: out, httpsAgent: out };
      return { httpAgent: new http.Agent({ keepAlive }), httpsAgent: new https.Agent({ keepAlive, ...ca }) };
    };
    this.#agents = agents(true);
    this.#agentsOnce = agents(false);
    const isNear = isLoopback(new URL(base).hostname.replace(/^\[|\]$/g, ''));
    this.#axios = axios.create({
      baseURL: base,
      ...this.#agents,
      proxy: false, // $HTTP_PROXY is for the web, not for a catalog of one's own; the agents of a server's know its way
      timeout: TIMEOUT_MS,
      maxRedirects: 3,
      maxBodyLength: Number.POSITIVE_INFINITY,
      maxContentLength: Number.POSITIVE_INFINITY,
      validateStatus: () => true,
      headers: {
        'accept-encoding': isNear ? 'identity' : 'gzip', // packing costs more than the loopback
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...(options.user === undefined ? {} : { [USER_HEADER]: options.user }),
      },
    });
  }

  async get<T>(path: string, params: Record<string, unknown>, answer: z.ZodType<T>): Promise<T> {
    const response = await this.#send(() => this.#axios.get<string>(path, { params, responseType: 'text', ...asText }));
    return this.#checked(response, answer);
  }

  async post<T>(path: string, body: unknown, answer: z.ZodType<T>): Promise<T> {
    const response = await this.#send(() => this.#axios.post<string>(path, body, { responseType: 'text', ...asText }));
    return this.#checked(response, answer);
  }

  /** Any other call, whose answer only has to be a success. */
  async tell(path: string, body: unknown): Promise<unknown> {
    return this.post(path, body, z.unknown());
  }

  /** A body that is streamed, such as a list of a million files. */
  async upload<T>(path: string, params: Record<string, unknown>, body: Readable, answer: z.ZodType<T>): Promise<T> {
    const headers = { 'content-type': 'application/x-ndjson', ...STAYS_TO_BE_HEARD };
    const options = {
      ...this.#agentsOnce,
      params,
      headers,
      timeout: 0,
      maxRedirects: 0,
      responseType: 'text' as const,
      ...asText,
    };
    try {
      const response = await this.#send(() => this.#axios.post<string>(path, body, options));
      return this.#checked(response, answer);
    } finally {
      body.destroy(); // what was not wanted any more
    }
  }

  /** Lines of a streamed answer, each checked. Leaving the loop early ends the search at the other end. */
  async *lines<T>(path: string, params: Record<string, unknown>, line: z.ZodType<T>): AsyncGenerator<T> {
    const response = await this.#send(() =>
      this.#axios.get<Readable>(path, { params, responseType: 'stream', timeout: 0 }),
    );
    if (response.status !== 200) {
      let text = '';
      for await (const part of response.data) text += String(part);
      throw this.#failure(response.status, text);
    }
    try {
      for await (const text of this.#textLines(response.data)) {
        const value = parseJson(text, 'line of the catalog');
        if (typeof value === 'object' && value !== null && 'error' in value) {
          const stop = brokenLine.safeParse(value);
          if (stop.success) throw new RemoteError(stop.data.error.code, stop.data.error.message);
        }
        yield checked(line, value, 'line of the catalog');
      }
    } finally {
      response.data.destroy();
    }
  }

  /** Lines that are not empty. A chunk is cut at once: node:readline costs more a line than parsing it. */
  async *#textLines(stream: Readable): AsyncGenerator<string> {
    const decoder = new StringDecoder('utf8');
    let rest = '';
    try {
      for await (const chunk of stream) {
        const texts = (rest + decoder.write(chunk as Buffer)).split('\n');
        rest = texts.pop()!;
        for (const text of texts) if (text !== '') yield text;
      }
    } catch (cause) {
      throw this.#unreachable(cause);
    }
    rest += decoder.end();
    if (rest !== '') yield rest;
  }

  close(): void {
    this.#agents.httpAgent.destroy();
    this.#agents.httpsAgent.destroy();
  }

  async #send<T>(call: () => Promise<AxiosResponse<T>>): Promise<AxiosResponse<T>> {
    try {
      return await call();
    } catch (cause) {
      throw this.#unreachable(cause);
    }
  }

  #unreachable(cause: unknown): Error {
    const { code, message } = cause as { code?: string; message?: string };
    const why = code === 'ECONNREFUSED' ? 'nothing listens there' : (message ?? String(cause));
    return new CatalogUnreachableError(`The catalog at ${this.url} cannot be reached: ${why}.`, { cause });
  }

  #checked<T>(response: AxiosResponse<string>, answer: z.ZodType<T>): T {
    if (response.status < 200 || response.status >= 300) throw this.#failure(response.status, response.data);
    const result = answer.safeParse(this.#json(response.data));
    if (result.success) return result.data;
    const issue = result.error.issues[0];
    throw new CatalogAnswerError(
      `${this.url} answered what no catalog says${issue === undefined ? '' : ` (${issue.path.join('.')}: ${issue.message})`}.`,
    );
  }

  #failure(status: number, text: string): Error {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      value = undefined; // no JSON: then it is no catalog's error, which is said below
    }
    const body = errorAnswer.safeParse(value);
    // A ProxyServer says it of the catalog behind it.
    if (body.success && status === 503 && body.data.code === 'CATALOG_UNREACHABLE')
      return new CatalogUnreachableError(body.data.message);
    if (body.success) return new RemoteError(body.data.code, body.data.message);
    return new CatalogAnswerError(`${this.url} is no catalog: it answered with HTTP status ${status}.`);
  }

  #json(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new CatalogAnswerError(`${this.url} is no catalog: its answer is no JSON.`, { cause });
    }
  }
}

/** axios would parse JSON by itself and hide what does not parse. */
const asText = { transformResponse: (data: string): string => data };
