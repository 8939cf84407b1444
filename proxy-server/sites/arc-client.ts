/**
 * Requests to an ARC computing element, REST 1.0, through node:https: what was answered is checked here, and nothing else.
 *
 * A-REX renders XML as JSON: one element is an object, several are an array, none is an empty body. Requests for many jobs are one
 * body with one key an object. A refused job is a status-code inside a 201.
 */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { decodeJwt } from 'jose';
import { z } from 'zod';
import { fileProblem } from '../../protocol/file-problem.js';
import { firstLine } from './batch-host.js';
import { SiteError } from './site.js';
import type { ArcSettings } from './site-settings.js';

const code = z.coerce.number().int();
const jobAnswer = z.object({
  'status-code': code,
  reason: z.string().default(''),
  id: z.string().optional(),
  state: z.string().optional(),
});
const oneOrMore = <T extends z.ZodType>(shape: T) => z.union([z.array(shape), shape.transform((one) => [one])]);
const jobAnswers = z.object({ job: oneOrMore(jobAnswer) });
const jobList = z.object({ job: oneOrMore(z.object({ id: z.string(), state: z.string().optional() })).default([]) });
const texts = z.union([z.string(), z.array(z.string())]).optional();
const activity = z.object({
  info_document: z.object({
    ComputingActivity: z.object({ Name: texts, ExitCode: texts, Error: texts }).optional(),
  }),
});
const named = z.object({ job: oneOrMore(activity.partial().extend({ id: z.string() })) });
const infoAnswers = z.object({ job: oneOrMore(activity) });

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** What is known of a job is a page of JSON. */
const NAMES_AT_ONCE = 200;
const SAFE_ID = /^[\w.-]+$/;

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

export class ArcClient {
  readonly #site: string;
  readonly #settings: ArcSettings;
  readonly #base: string;

  constructor(site: string, settings: ArcSettings) {
    this.#site = site;
    this.#settings = settings;
    this.#base = `${settings.url.replace(/\/+$/, '')}/rest/1.0`;
  }

  /** One xRSL a job; the answers in the same order. */
  async submit(descriptions: readonly string[]): Promise<({ id: string } | { error: string })[]> {
    const body = descriptions.length === 1 ? descriptions[0]! : `+${descriptions.map((one) => `(${one})`).join('')}`;
    const jobs = this.#checked(jobAnswers, await this.#call('POST', '/jobs?action=new', body, 'application/rsl')).job;
    return jobs.map((job) =>
      job['status-code'] === 201 && job.id !== undefined && SAFE_ID.test(job.id)
        ? { id: job.id }
        : {
            error: `Site ${this.#site}: the computing element refused a pilot: ${firstLine(job.reason) ?? 'no reason'}`,
          },
    );
  }

  /** State by id; those that it does not know are missing. */
  async status(ids: readonly string[]): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    if (ids.length === 0) return found;
    for (const job of this.#checked(jobAnswers, await this.#ask('status', ids)).job)
      if (job['status-code'] === 200 && job.id !== undefined && job.state !== undefined) found.set(job.id, job.state);
    return found;
  }

  async kill(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#ask('kill', ids); // of one that is over it says so inside, which is as well
  }

  async clean(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#ask('clean', ids);
  }

  async info(id: string): Promise<{ exitCode: number | null; error: string | null }> {
    const [job] = this.#checked(infoAnswers, await this.#ask('info', [id])).job;
    const found = job?.info_document.ComputingActivity;
    const exitCode = Number([found?.ExitCode].flat()[0] ?? Number.NaN);
    return {
      exitCode: Number.isInteger(exitCode) ? exitCode : null,
      error:
        [found?.Error]
          .flat()
          .filter((text) => text !== undefined && text !== '')
          .join('; ') || null,
    };
  }

  async put(id: string, file: string, content: string | Uint8Array): Promise<void> {
    await this.#call('PUT', `/jobs/${id}/session/${file}`, content, 'application/octet-stream');
  }

  /** Empty where it is not there (yet). */
  async read(id: string, file: string): Promise<Buffer> {
    const { status, body } = await this.#request('GET', `/jobs/${id}/session/${file}`);
    return status === 200 ? body : Buffer.alloc(0);
  }

  async jobCount(): Promise<number> {
    return (await this.#list('')).length;
  }

  /** Those that are in one of these states, with the names that they were submitted under. */
  async jobsIn(states: readonly string[]): Promise<{ id: string; state: string; name: string }[]> {
    const found = new Map((await this.#list(`?state=${states.join(',')}`)).map(({ id, state }) => [id, state ?? '']));
    const ids = [...found.keys()];
    const jobs: { id: string; state: string; name: string }[] = [];
    for (let first = 0; first < ids.length; first += NAMES_AT_ONCE) {
      const answer = await this.#ask('info', ids.slice(first, first + NAMES_AT_ONCE));
      for (const { id, info_document } of this.#checked(named, answer).job)
        jobs.push({ id, state: found.get(id) ?? '', name: [info_document?.ComputingActivity?.Name].flat()[0] ?? '' });
    }
    return jobs;
  }

  async #list(query: string): Promise<z.infer<typeof jobList>['job']> {
    const answer = await this.#call('GET', `/jobs${query}`);
    return answer.body.length === 0 ? [] : this.#checked(jobList, answer).job;
  }

  #ask(action: string, ids: readonly string[]): Promise<Answer> {
    const body = JSON.stringify({ job: ids.map((id) => ({ id })) });
    return this.#call('POST', `/jobs?action=${action}`, body, 'application/json');
  }

  async #call(method: string, path: string, body?: string | Uint8Array, type?: string): Promise<Answer> {
    const answer = await this.#request(method, path, body, type);
    if (answer.status >= 200 && answer.status < 300) return answer;
    const said = firstLine(answer.body.toString('utf8').replace(/<[^>]*>/g, ' ')) ?? 'it said nothing';
    throw new SiteError(`Site ${this.#site}: ${this.#base} answered ${answer.status} to ${method} ${path}: ${said}`);
  }

  #checked<T>(schema: z.ZodType<T>, { body }: Answer): T {
    const text = body.toString('utf8');
    try {
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      const message = `Site ${this.#site}: ${this.#base} answered what no ARC says: ${firstLine(text) ?? 'nothing'}`;
      throw new SiteError(message, { cause });
    }
  }

  async #request(method: string, path: string, body?: string | Uint8Array, type?: string): Promise<Answer> {
    const { requestTimeoutS } = this.#settings;
    const credentials = await this.#credentials();
    const url = new URL(`${this.#base}${path}`);
    return new Promise((resolve, reject) => {
      const fail = (why: string, cause?: Error): void =>
        reject(new SiteError(`Site ${this.#site}: ${url.origin} ${why}`, cause === undefined ? {} : { cause }));
      const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(
        url,
        {
          method,
          ...credentials.tls,
          headers: {
            Accept: 'application/json',
            ...credentials.headers,
            ...(body === undefined ? {} : { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }),
          },
          signal: AbortSignal.timeout(requestTimeoutS * 1000),
        },
        (response) => {
          const parts: Buffer[] = [];
          let nbytes = 0;
          response.on('data', (part: Buffer) => {
            nbytes += part.length;
            if (nbytes > MAX_ANSWER_BYTES) response.destroy(new Error('its answer is too long'));
            else parts.push(part);
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts) }));
          response.on('error', (error) => fail(`broke off its answer: ${error.message}.`, error));
        },
      );
      request.on('error', (error) =>
        error.name === 'TimeoutError' || error.name === 'AbortError'
          ? fail(`did not answer within ${requestTimeoutS} s.`, error)
          : fail(`cannot be used: ${error.message}`, error),
      );
      request.end(body);
    });
  }

  /** Read at each request: proxies and tokens are renewed in place. @throws {SiteError} missing or expired */
  async #credentials(): Promise<{
    tls: { cert?: string; key?: string; ca?: string };
    headers: Record<string, string>;
  }> {
    const { certificate, key, tokenFile, ca } = this.#settings;
    const tls: { cert?: string; key?: string; ca?: string } = {};
    if (ca !== undefined) tls.ca = await this.#read(ca);
    if (certificate !== undefined) {
      tls.cert = await this.#read(certificate);
      tls.key = await this.#read(key ?? certificate);
      const { validTo } = this.#certificate(certificate, tls.cert);
      if (new Date(validTo).getTime() < Date.now())
        throw new SiteError(`Site ${this.#site}: the certificate ${certificate} expired on ${validTo}. Renew it.`);
    }
    if (tokenFile === undefined) return { tls, headers: {} };
    const token = (await this.#read(tokenFile)).trim();
    const end = endOfToken(token);
    if (end !== undefined && end.getTime() < Date.now())
      throw new SiteError(`Site ${this.#site}: the token in ${tokenFile} expired on ${end.toUTCString()}. Renew it.`);
    return { tls, headers: { Authorization: `Bearer ${token}` } };
  }

  #certificate(file: string, pem: string): X509Certificate {
    try {
      return new X509Certificate(pem);
    } catch (cause) {
      throw new SiteError(`Site ${this.#site}: ${file} holds no certificate in PEM.`, { cause });
    }
  }

  async #read(file: string): Promise<string> {
    try {
      return await readFile(file, 'utf8');
    } catch (cause) {
      throw new SiteError(`Site ${this.#site}: ${file} cannot be read: ${fileProblem(cause)}.`, { cause });
    }
  }
}

/** Of a JWT that names it; other tokens tell nothing to whoever carries them. */
function endOfToken(token: string): Date | undefined {
  try {
    const { exp } = decodeJwt(token);
    return exp === undefined ? undefined : new Date(exp * 1000);
  } catch {
    return undefined;
  }
}
