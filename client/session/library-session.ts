/** Sessions as programs use them: open, process, close. The command uses the same parts with a Screen in front. */
import { beginProgram } from '../../analysis/begin-program.js';
import { bundleSelector } from '../../analysis/bundle-selector.js';
import { type LoadedProgram, loadProgram } from '../../analysis/load-program.js';
import type { OutputResult } from '../../analysis/outputs/result.js';
import { RemoteError } from '../../protocol/errors.js';
import type { QueryResult } from '../../protocol/session-messages.js';
import { hostEntry, readClientConfig } from '../client-config.js';
import { type DataSet, dataset as makeDataSet } from '../data-set.js';
import { LIBRARY } from '../library-url.js';
import { type ClientPackage, findPackages } from '../packages/find-packages.js';
import { finish } from '../run/finish.js';
import { runLocal } from '../run/local-run.js';
import { localLookUp } from '../run/look-up.js';
import type { QueryObserver, QueryOutcome, QueryRequest } from '../run/query-request.js';
import { submitQuery, watchQuery } from '../run/remote-run.js';
import { ServerApi } from '../server-api.js';
import { ProofSession } from './proof-session.js';

export interface ProcessOptions extends QueryObserver {
  readonly params?: Readonly<Record<string, string>>;
  readonly first?: number;
  readonly entries?: number;
  readonly seed?: number;
  readonly workers?: number;
  readonly maxAttempts?: number;
  readonly maxFailures?: number;
}

/** An answer: what of the data set is in it, and the outputs after terminate(). */
export interface Answer extends QueryResult {
  readonly outputs: readonly OutputResult[];
}
export type Process = (data: string | DataSet, selector: string, options?: ProcessOptions) => Promise<Answer>;

export class Session {
  constructor(readonly connection: ProofSession) {}

  get sessionId(): string {
    return this.connection.sessionId;
  }
  /** Workers that are ready now. */
  get workers(): number {
    return this.connection.workers.ready;
  }

  /** Runs the selector of a file. @throws {RemoteError} where the query failed; an incomplete answer says so in `status` */
  async process(data: string | DataSet, selector: string, options: ProcessOptions = {}): Promise<Answer> {
    const { request, loaded } = await prepare(data, selector, options, this.connection.packages);
    const { queryId } = await submitQuery(this.connection, request);
    return answerOf(await watchQuery(this.connection, queryId, options), loaded);
  }

  /** Ends the session; its workers go back to the pool. */
  close(): Promise<void> {
    return this.connection.close();
  }
}

export interface OpenOptions {
  readonly workers?: number;
  readonly config?: string;
  /** Uploaded packages, or paths of some on this computer, which every query of the session sets up. */
  readonly packages?: readonly string[];
}

/** A session on HOST (of your configuration, or host:port), when all its workers are ready. */
export async function open(host?: string, options: OpenOptions = {}): Promise<Session> {
  const entry = hostEntry(readClientConfig(options.config), host);
  const session = await ProofSession.open(entry, { workers: options.workers ?? null });
  await session.welcomed;
  session.packages = await findPackages(options.packages ?? [], () => session.api);
  if (session.workers.expected > 0) await session.allReady();
  return new Session(session);
}

/** The same in this process, without a server: same code, same answer. */
export async function processLocally(
  data: string | DataSet,
  selector: string,
  options: ProcessOptions & { config?: string; host?: string; packages?: readonly string[] } = {},
): Promise<Answer> {
  const config = readClientConfig(options.config);
  const api = (): ServerApi => new ServerApi(hostEntry(config, options.host));
  const packages = await findPackages(options.packages ?? [], api);
  const { request, loaded } = await prepare(data, selector, options, packages);
  const lookUp = localLookUp(config, { host: options.host });
  return answerOf(await runLocal(request, lookUp, options), loaded);
}

async function prepare(
  data: string | DataSet,
  selector: string,
  options: ProcessOptions,
  packages: readonly ClientPackage[],
): Promise<{ request: QueryRequest; loaded: LoadedProgram }> {
  const set = typeof data === 'string' ? makeDataSet(data) : data;
  const contents = packages.map((one) => one.contents);
  const program = await bundleSelector(selector, contents);
  const loaded = await loadProgram(program, { moduleUrl: LIBRARY });
  const { params = {}, seed = 0 } = options;
  const { inputs } = await beginProgram(loaded, { params, inputs: {}, seed });
  const request: QueryRequest = {
    title: program.name,
    ...(await set.resolved()),
    tree: set.tree,
    first: options.first ?? 0,
    entries: options.entries ?? null,
    program,
    packages,
    params,
    inputs,
    seed,
    workers: options.workers ?? null,
    maxAttempts: options.maxAttempts ?? 3,
    maxFailures: options.maxFailures ?? 100,
  };
  return { request, loaded };
}

async function answerOf(outcome: QueryOutcome, loaded: LoadedProgram): Promise<Answer> {
  const { result } = outcome;
  if (result.error !== null) throw new RemoteError(result.error.code, result.error.message);
  return { ...result, outputs: await finish(outcome, loaded) };
}
