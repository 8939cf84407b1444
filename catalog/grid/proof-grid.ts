/** Plug-in `proof`: our own catalog, by HTTP. */
import type { Readable } from 'node:stream';
import { RemoteError } from '../../protocol/errors.js';
import { UnsupportedGridError } from './errors.js';
import type { Grid, GridDataset, GridEntry, GridFile, GridJob, GridJobs, LearntFact, NewGridFile } from './grid.js';
import { HttpClient, type HttpClientOptions } from './http-client.js';
import { inParallel } from './in-parallel.js';
import {
  type BulkAnswer,
  bulkAnswer,
  gridFileShape,
  learnAnswer,
  listAnswer,
  lookupAnswer,
  MAX_BATCH,
  type RegisterAnswer,
  registerAnswer,
  type StatAnswer,
  setFilesAnswer,
  statAnswer,
  type WhereisAnswer,
  whereisAnswer,
} from './wire.js';

/** Less than the catalog would take in a call: it looks up the next part while this process reads the answer to the one before. */
const LOOKED_UP_A_CALL = 2000;
const LOOKUPS_AT_ONCE = 2;

export interface ProofGridOptions extends HttpClientOptions {
  /** The ProxyServer's job queue, for submit, ps and kill. */
  readonly jobs?: GridJobs | undefined;
  /** Site of this process: replicas come closest first. */
  readonly site?: string | undefined;
}

export class ProofGrid implements Grid {
  readonly #http: HttpClient;
  readonly #site: string | undefined;
  readonly #runner: GridJobs | undefined;

  constructor(
    readonly url: string,
    options: ProofGridOptions = {},
  ) {
    this.#http = new HttpClient(url, options);
    this.#site = options.site;
    this.#runner = options.jobs;
  }

  /** The HTTP client, for calls that only our own catalog has. */
  get http(): HttpClient {
    return this.#http;
  }

  glob(pattern: string, site = this.#site): Promise<GridFile[]> {
    return this.#all('/v1/glob', { pattern, shape: 'file', site });
  }

  find(query: string, site = this.#site): Promise<GridFile[]> {
    return this.#all('/v1/find', { query, shape: 'file', site });
  }

  async dataset(name: string, site = this.#site): Promise<GridDataset> {
    return this.#http.get('/v1/dataset', { name, site }, setFilesAnswer);
  }

  async lookup(lfns: readonly string[], site = this.#site): Promise<(GridFile | undefined)[]> {
    const parts: (readonly string[])[] = [];
    for (let first = 0; first < lfns.length; first += LOOKED_UP_A_CALL)
      parts.push(lfns.slice(first, first + LOOKED_UP_A_CALL));
    const answers = await inParallel(parts, LOOKUPS_AT_ONCE, (part) =>
      this.#http.post('/v1/lookup', { lfns: part, site }, lookupAnswer),
    );
    return answers.flatMap(({ files }) => files.map((file) => file ?? undefined));
  }

  async learn(facts: readonly LearntFact[]): Promise<void> {
    for (let first = 0; first < facts.length; first += MAX_BATCH)
      await this.#http.post('/v1/learn', { facts: facts.slice(first, first + MAX_BATCH) }, learnAnswer);
  }

  async register(files: readonly NewGridFile[]): Promise<void> {
    const { failed } = await this.registerAll(files);
    const first = failed[0];
    if (first === undefined) return;
    const others = failed.length > 1 ? ` (and ${failed.length - 1} others)` : '';
    throw new RemoteError(first.code, `${first.message}${others}`);
  }

  /** Like register, but tells what could not be registered instead of throwing. */
  async registerAll(files: readonly NewGridFile[]): Promise<RegisterAnswer> {
    const report: RegisterAnswer = { registered: 0, updated: 0, unchanged: 0, failed: [] };
    for (let first = 0; first < files.length; first += MAX_BATCH) {
      const body = { files: files.slice(first, first + MAX_BATCH) };
      const part = await this.#http.post('/v1/register', body, registerAnswer);
      report.registered += part.registered;
      report.updated += part.updated;
      report.unchanged += part.unchanged;
      for (const failure of part.failed) report.failed.push({ ...failure, index: failure.index + first });
    }
    return report;
  }

  /** A list of any length as JSON lines or CSV. A list that broke off goes on where it was if it has a name. */
  bulk(list: Readable, options: { format?: 'jsonl' | 'csv'; name?: string } = {}): Promise<BulkAnswer> {
    return this.#http.upload('/v1/bulk', options, list, bulkAnswer);
  }

  async mkdir(path: string, options: { parents?: boolean } = {}): Promise<void> {
    await this.#http.tell('/v1/mkdir', { path, parents: options.parents ?? false });
  }

  async rm(path: string, options: { recursive?: boolean } = {}): Promise<void> {
    await this.#http.tell('/v1/rm', { path, recursive: options.recursive ?? false });
  }

  async mv(from: string, to: string): Promise<void> {
    await this.#http.tell('/v1/mv', { from, to });
  }

  async ls(path: string): Promise<GridEntry[]> {
    const entries: GridEntry[] = [];
    for await (const page of this.listPages(path)) entries.push(...page);
    return entries;
  }

  /** A directory of any size, page by page. */
  async *listPages(path: string): AsyncGenerator<GridEntry[]> {
    for (let after: string | undefined; ; ) {
      const page = await this.#http.get('/v1/ls', { path, after }, listAnswer);
      yield page.entries;
      if (page.next === null) return;
      after = page.next;
    }
  }

  stat(path: string): Promise<StatAnswer> {
    return this.#http.get('/v1/stat', { path }, statAnswer);
  }

  whereis(lfn: string, site = this.#site): Promise<WhereisAnswer> {
    return this.#http.get('/v1/whereis', { lfn, site }, whereisAnswer);
  }

  query(path: string, pattern: string, site = this.#site): Promise<GridFile[]> {
    return this.find(`${path.replace(/\/+$/, '') || '/'}?name='${pattern.replaceAll("'", "''")}'`, site);
  }

  async collections(): Promise<string[]> {
    const entries = await this.ls('/datasets');
    return entries.filter(({ type }) => type === 'collection').map(({ path }) => path.replace('/datasets/', ''));
  }

  async submit(jdl: string, args?: readonly string[]): Promise<string> {
    return this.#jobs('submit jobs').submit(jdl, args);
  }

  async ps(): Promise<GridJob[]> {
    return this.#jobs('list jobs').ps();
  }

  async kill(jobId: string): Promise<void> {
    return this.#jobs('kill jobs').kill(jobId);
  }

  #jobs(what: string): GridJobs {
    if (this.#runner !== undefined) return this.#runner;
    throw new UnsupportedGridError('proof (opened without a ProxyServer)', what);
  }

  async close(): Promise<void> {
    this.#http.close();
  }

  async #all(path: string, params: Record<string, unknown>): Promise<GridFile[]> {
    const files: GridFile[] = [];
    for await (const file of this.#http.lines(path, params, gridFileShape)) files.push(file);
    return files;
  }
}
