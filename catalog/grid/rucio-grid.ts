/**
 * Plug-in `rucio`: a Rucio server by its REST API. A DID `scope:name` is the logical name `/scope/name`; a data set is a DID of
 * type DATASET or CONTAINER. Reading only: what Rucio keeps is changed with Rucio's own tools.
 *
 * Calls: GET /dids/{scope}/dids/search (names), POST /replicas/list (files with replicas), GET /dids/{scope}/{name}/files.
 * Answers are JSON lines (application/x-json-stream). The parameters and shapes were compared with Rucio's own server and
 * clients (lib/rucio/web/rest/flaskapi/v1, lib/rucio/client; July 2026) and are tested against a small server that answers in
 * them (test/support/rucio-server.ts); no real Rucio was asked. Tokens (X-Rucio-Auth-Token) are given, not fetched from /auth.
 */
import axios, { type AxiosInstance, type AxiosResponse } from 'axios';
import { z } from 'zod';
import { RemoteError, UsageError } from '../../protocol/errors.js';
import { wildcard } from '../search/pattern.js';
import { CatalogAnswerError, CatalogUnreachableError, NothingMatchesError } from './errors.js';
import type { GridDataset, GridEntry, GridFile, Replica } from './grid.js';
import { ReadingGrid } from './reading-grid.js';

const TIMEOUT_MS = 120_000;
const DIDS_A_CALL = 1000;

const did = z.object({ scope: z.string(), name: z.string() });
const searched = did.extend({
  did_type: z.string().optional(),
  type: z.string().optional(),
  bytes: z.number().nullish(),
});
const listedFile = did.extend({ events: z.number().nullish() });
const pfn = z.object({ rse: z.string(), priority: z.number().nullish(), domain: z.string().nullish() });
const replicaLine = did.extend({
  bytes: z.number().nullish(),
  adler32: z.string().nullish(),
  md5: z.string().nullish(),
  pfns: z.record(z.string(), pfn).default({}),
  states: z.record(z.string(), z.string()).default({}),
});
const failure = z.object({ ExceptionClass: z.string(), ExceptionMessage: z.string().optional() });
type Did = z.infer<typeof did>;

export interface RucioOptions {
  readonly token?: string | undefined;
  readonly account?: string | undefined;
  readonly site?: string | undefined;
}

export class RucioGrid extends ReadingGrid {
  readonly kind = 'rucio';
  readonly #http: AxiosInstance;
  readonly #site: string | undefined;

  constructor(
    readonly url: string,
    options: RucioOptions = {},
  ) {
    super();
    this.#site = options.site;
    this.#http = axios.create({
      baseURL: url.replace(/\/+$/, ''),
      timeout: TIMEOUT_MS,
      responseType: 'text',
      transformResponse: (text: string) => text,
      validateStatus: () => true,
      headers: {
        accept: 'application/x-json-stream',
        ...(options.token === undefined ? {} : { 'X-Rucio-Auth-Token': options.token }),
        ...(options.account === undefined ? {} : { 'X-Rucio-Account': options.account }),
      },
    });
  }

  async glob(pattern: string, site?: string): Promise<GridFile[]> {
    const { scope, name } = didOf(pattern);
    const dids = await this.#search(scope, 'file', { name });
    const matches = wildcard(name); // Rucio's * crosses "/", ours does not
    const wanted = dids.filter((one) => matches(one.name) && depth(one.name) === depth(name));
    return this.#files(wanted, site);
  }

  /** `/scope?name='pattern'` and Rucio's own metadata: `/scope?run_number=119000 and datatype='ESD'`, `and` only. */
  async find(query: string, site?: string): Promise<GridFile[]> {
    const at = query.indexOf('?');
    const base = at < 0 ? query : query.slice(0, at);
    const scope = base.split('/')[1] ?? '';
    const filters: Filters = { name: '*' };
    for (const part of at < 0 ? [] : query.slice(at + 1).split(/\s+and\s+/i)) {
      const match = /^\s*([\w.]+)\s*(=|!=|>=|<=|>|<)\s*(?:'([^']*)'|(\S+))\s*$/.exec(part);
      if (match === null) return this.refuse(`answer "${part.trim()}"; it knows FIELD=VALUE joined by "and"`);
      filters[match[1]! + OPERATORS[match[2]!]!] = match[3] ?? numberOr(match[4]!);
    }
    const below = base.split('/').slice(2).filter(Boolean).join('/');
    const matches = wildcard(String(filters['name']));
    const found = (await this.#search(scope, 'file', filters)).filter(({ name }) => matches(name));
    return this.#files(
      below === '' ? found : found.filter(({ name }) => name === below || name.startsWith(`${below}/`)),
      site,
    );
  }

  /** `scope:name`, or `/scope/name`. */
  async dataset(name: string, site?: string): Promise<GridDataset> {
    const set = name.includes(':') && !name.startsWith('/') ? splitColon(name) : didOf(name);
    const members = await this.#get(`/dids/${part(set.scope)}/${part(set.name)}/files`, {}, listedFile);
    if (members.length === 0) throw new NothingMatchesError(`The data set ${name} has no files.`);
    const events = new Map(members.map((file) => [lfnOf(file), file.events ?? null]));
    const files = await this.#files(members, site);
    return { files: files.map((file) => ({ ...file, entries: events.get(file.lfn) ?? null })), tree: null };
  }

  async lookup(lfns: readonly string[], site?: string): Promise<(GridFile | undefined)[]> {
    const found = new Map((await this.#files(lfns.map(didOf), site)).map((file) => [file.lfn, file]));
    return lfns.map((lfn) => found.get(lfn));
  }

  async ls(path: string): Promise<GridEntry[]> {
    const scope = path.split('/')[1];
    if (!scope) return this.refuse('list its scopes; name one, as /user.jdoe');
    const dids = await this.#search(scope, 'all', { name: '*' });
    return dids.map((one) => {
      const type = (one.did_type ?? one.type ?? 'FILE').toUpperCase() === 'FILE' ? 'file' : 'collection';
      return { path: lfnOf(one), type, owner: '', group: '', mode: 0o444, size: one.bytes ?? null, modified: '' };
    });
  }

  async whereis(lfn: string, site?: string): Promise<{ lfn: string; replicas: readonly Replica[] }> {
    const [file] = await this.lookup([lfn], site);
    if (file === undefined) throw new NothingMatchesError(`Rucio has no file ${lfn}.`);
    return { lfn, replicas: file.replicas };
  }

  collections(): Promise<string[]> {
    return this.refuse('list all data sets; name one, as dataset:SCOPE:NAME');
  }

  /** Rucio knows `*` alone: `?` is asked for as `*`, and whoever has it matches the names again. */
  async #search(scope: string, type: 'file' | 'all', { name, ...others }: Filters) {
    if (scope === '') throw new UsageError('Which scope? A name of Rucio is /SCOPE/NAME.');
    const found = await this.#get(
      `/dids/${part(scope)}/dids/search`,
      { filters: JSON.stringify([{ name: String(name).replaceAll('?', '*'), ...others }]), type, long: 'True' },
      searched,
    );
    return found.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  }

  /** In the order asked; files that Rucio does not know are left out. */
  async #files(dids: readonly Did[], site = this.#site): Promise<GridFile[]> {
    const byName = new Map<string, GridFile>();
    for (let first = 0; first < dids.length; first += DIDS_A_CALL) {
      const body = {
        dids: dids.slice(first, first + DIDS_A_CALL).map(({ scope, name }) => ({ scope, name })),
        schemes: ['root', 'davs', 'https'],
        sort: 'geoip',
        ...(site === undefined ? {} : { client_location: { site } }),
      };
      const lines = await this.#lines(() => this.#http.post<string>('/replicas/list', body), replicaLine);
      for (const line of lines) byName.set(lfnOf(line), fileOf(line));
    }
    return dids.map((one) => byName.get(lfnOf(one))).filter((file) => file !== undefined);
  }

  #get<T>(path: string, params: Record<string, string>, line: z.ZodType<T>): Promise<T[]> {
    return this.#lines(() => this.#http.get<string>(path, { params }), line);
  }

  async #lines<T>(call: () => Promise<AxiosResponse<string>>, line: z.ZodType<T>): Promise<T[]> {
    let response: AxiosResponse<string>;
    try {
      response = await call();
    } catch (cause) {
      throw new CatalogUnreachableError(`Rucio at ${this.url} cannot be reached: ${(cause as Error).message}.`, {
        cause,
      });
    }
    if (response.status !== 200) throw this.#failure(response);
    try {
      return response.data
        .split('\n')
        .filter((text) => text.trim() !== '')
        .map((text) => line.parse(JSON.parse(text)));
    } catch (cause) {
      throw new CatalogAnswerError(`${this.url} answered what Rucio does not say.`, { cause });
    }
  }

  #failure({ status, data }: AxiosResponse<string>): Error {
    let value: unknown;
    try {
      value = JSON.parse(data);
    } catch {
      value = undefined; // no JSON: said below
    }
    const known = failure.safeParse(value);
    if (!known.success)
      return new CatalogAnswerError(`${this.url} is no Rucio: it answered with HTTP status ${status}.`);
    const { ExceptionClass, ExceptionMessage = '' } = known.data;
    if (ExceptionClass === 'DataIdentifierNotFound') return new NothingMatchesError(`Rucio: ${ExceptionMessage}`);
    if (status === 401)
      return new RemoteError('PROTOCOL_TOKEN_REFUSED', `Rucio refuses the token: ${ExceptionMessage}`);
    return new CatalogAnswerError(`Rucio answered ${ExceptionClass}: ${ExceptionMessage}`);
  }
}

type Filters = Record<string, string | number>;
const numberOr = (text: string): string | number => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text);
/** How Rucio's DID filters spell comparisons. */
const OPERATORS: Record<string, string> = { '=': '', '!=': '.ne', '>=': '.gte', '<=': '.lte', '>': '.gt', '<': '.lt' };
/** As Rucio's own client: a slash within a name is escaped. */
const part = encodeURIComponent;
const depth = (name: string): number => name.split('/').length;
const lfnOf = ({ scope, name }: Did): string => `/${scope}/${name.replace(/^\//, '')}`;

function didOf(lfn: string): Did {
  const match = /^\/([^/]+)\/(.+)$/s.exec(lfn);
  if (match === null) throw new UsageError(`${lfn} is no name of Rucio; write /SCOPE/NAME.`);
  return { scope: match[1]!, name: match[2]! };
}

function splitColon(name: string): Did {
  const at = name.indexOf(':');
  return { scope: name.slice(0, at), name: name.slice(at + 1) };
}

function fileOf(line: z.infer<typeof replicaLine>): GridFile {
  const replicas = Object.entries(line.pfns)
    .filter(([, { rse }]) => (line.states[rse] ?? 'AVAILABLE') === 'AVAILABLE')
    .sort(([urlA, a], [urlB, b]) => (a.priority ?? 0) - (b.priority ?? 0) || (urlA < urlB ? -1 : 1))
    .map(([url, { rse }]) => ({ url, se: rse, site: rse }));
  const checksum = line.adler32 ? `adler32:${line.adler32}` : line.md5 ? `md5:${line.md5}` : null;
  return { lfn: lfnOf(line), size: line.bytes ?? null, checksum, entries: null, tree: null, replicas };
}
