/** Queries for whoever asks: the list, one, its result, stop, abort and remove. Users see and touch their own, operators see all. */
import { existsSync } from 'node:fs';
import { type FileHandle, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { checkAnswer, checkOwner, STATE_HEAD_BYTES } from '../analysis/kept-state.js';
import type { KeptResults, PacketInfo, PacketOrder, QueryInfo } from '../protocol/api.js';
import { checked, parseJson } from '../protocol/check.js';
import { pairsWithin } from '../protocol/entry-list.js';
import { GridError } from '../protocol/errors.js';
import { encodeFrame } from '../protocol/frame.js';
import { FINAL_QUERY_STATES, splitQueryRef } from '../protocol/ids.js';
import { didYouMean } from '../protocol/nearest.js';
import { type KeptResult, type QueryResult, queryResult } from '../protocol/session-messages.js';
import type { Identity } from '../protocol/tokens.js';
import { authorize, may, reachOf } from './authorization.js';
import { type JournalFile, journalFile } from './master/journal-records.js';
import { readPackets } from './master/packet-log.js';
import { type QuerySpec, querySpecShape } from './master/query-spec.js';
import { queryDirectory, removeQueryFiles } from './query-files.js';
import { queryReads } from './query-reads.js';
import type { QueryStore } from './query-store.js';
import { ARCHIVED, type ResultKeeper } from './result-keeper.js';
import { openSessionFile, readSessionFile } from './session-files.js';
import type { SessionStore } from './session-store.js';
import type { Sessions } from './sessions.js';

export class NoSuchQueryError extends GridError {
  readonly code = 'PROXY_NO_SUCH_QUERY';
}
/** No packet of that number was given out. */
export class NoSuchPacketError extends GridError {
  readonly code = 'PROXY_NO_SUCH_PACKET';
}
/** The query is not in a state for that. */
export class QueryStateError extends GridError {
  readonly code = 'PROXY_QUERY_STATE';
}

export class QueryDesk {
  readonly #queries: QueryStore;
  readonly #records: SessionStore;
  readonly #sessions: Sessions;
  readonly #results: Pick<ResultKeeper, 'standing'>;

  constructor(parts: {
    queries: QueryStore;
    records: SessionStore;
    sessions: Sessions;
    results: Pick<ResultKeeper, 'standing'>;
  }) {
    this.#results = parts.results;
    this.#queries = parts.queries;
    this.#records = parts.records;
    this.#sessions = parts.sessions;
  }

  list(identity: Identity): QueryInfo[] {
    return this.#queries.list(reachOf(identity, 'query.list') === 'any' ? null : identity.user);
  }

  kept(identity: Identity): KeptResults {
    return this.#results.standing(identity.user);
  }

  /** @throws {NoSuchQueryError} also for another user's: what one may not see does not exist */
  get(identity: Identity, ref: string): QueryInfo {
    const query = this.#queries.get(ref);
    if (query !== undefined && may(identity, 'query.list', query.user)) return query;
    const known = this.list(identity).map((q) => q.query);
    throw new NoSuchQueryError(
      `There is no query ${ref}.${didYouMean(ref, known)} "proof queries" lists those that are kept.`,
    );
  }

  /**
   * What the end of the query on a client needs beside its state: MessagePack, `keptResult` of protocol/session-messages.ts.
   * @param isArchived its user saves it as a file
   */
  async result(identity: Identity, ref: string, isArchived = false): Promise<Buffer> {
    const { directory, file } = this.#finished(identity, ref);
    const known = await this.#record(this.get(identity, ref)).catch(() => undefined); // no name could be looked up
    const result = await keptAnswer(ref, { directory, file });
    const session = join(directory, '..');
    const code = await readSessionFile(session, join(session, 'programs', result.program.sha256));
    if (isArchived) await markArchived(join(directory, ARCHIVED));
    const reads = queryReads(known?.files ?? [], await readSpec(directory));
    const kept: KeptResult = { result, code: new Uint8Array(code), reads };
    return Buffer.from(encodeFrame(kept));
  }
  /** The file with the merged outputs, as in analysis/kept-state.ts: who reads it checks it. It can be longer than memory. */
  stateFile(identity: Identity, ref: string): Promise<FileHandle> {
    const { directory } = this.#finished(identity, ref);
    return openSessionFile(join(directory, '..'), join(directory, 'state.bin'));
  }
  #finished(identity: Identity, ref: string): { directory: string; file: string } {
    const query = this.get(identity, ref);
    authorize(identity, 'query.result', query.user);
    if (!FINAL_QUERY_STATES.includes(query.state))
      throw new QueryStateError(
        `Query ${ref} is ${query.state}: there is no result yet. "proof retrieve" waits for it.`,
      );
    const directory = this.#directory(query);
    const file = directory === undefined ? undefined : join(directory, 'result.json');
    if (directory === undefined || file === undefined || !existsSync(file)) {
      const isThere = directory !== undefined && existsSync(directory); // so its session could not write the answer
      const why = isThere ? ": the ProxyServer's disk is full, or was at its end" : '';
      const next = isThere ? 'Make room there and run' : 'Run';
      throw new QueryStateError(`Query ${ref} is ${query.state} and left no result${why}. ${next} it again.`);
    }
    return { directory, file };
  }

  /** What became of each packet that was given out. @throws {QueryStateError} before the files are known */
  async packets(identity: Identity, ref: string): Promise<PacketInfo[]> {
    const query = this.get(identity, ref);
    authorize(identity, 'query.result', query.user);
    const { directory, files } = await this.#record(query);
    const text = await readText(directory, join(directory, 'packets')).catch(() => ''); // none was given out
    return readPackets(text).map((packet) => ({ ...packet, name: files[packet.position]?.name ?? '' }));
  }

  /** All that it takes to run one packet again. @throws {NoSuchPacketError} */
  async packet(identity: Identity, ref: string, packetId: number): Promise<Buffer> {
    const packet = (await this.packets(identity, ref)).find((p) => p.packetId === packetId);
    if (packet === undefined)
      throw new NoSuchPacketError(`Query ${ref} has no packet ${packetId}. "proof replay ${ref}" lists them.`);
    const { directory, files } = await this.#record(this.get(identity, ref));
    const { name, tree, places, friends, selected } = files[packet.position]!;
    const { program, params, inputs, seed } = await readSpec(directory);
    const code = await readSessionFile(join(directory, '..'), join(directory, '..', 'programs', program.sha256));
    const file = { position: packet.position, name, urls: places.map(({ url }) => url), tree, friends };
    const only = selected === null ? {} : { only: pairsWithin(selected, packet.first, packet.end) };
    const order: PacketOrder = { packet, file, ...only, program, params, inputs, seed, code: new Uint8Array(code) };
    return Buffer.from(encodeFrame(order));
  }

  async #record(query: QueryInfo): Promise<{ directory: string; files: JournalFile[] }> {
    const directory = this.#directory(query);
    const path = join(directory ?? '', 'files.json');
    if (directory === undefined || !existsSync(path))
      throw new QueryStateError(`Query ${query.query} is ${query.state} and has no record of packets.`);
    return {
      directory,
      files: checked(z.array(journalFile), parseJson(await readText(directory ?? '', path), path), path),
    };
  }

  tell(identity: Identity, ref: string, what: 'stopQuery' | 'abortQuery'): void {
    const query = this.get(identity, ref);
    authorize(identity, 'query.stop', query.user);
    const parts = splitQueryRef(ref);
    if (parts === undefined || FINAL_QUERY_STATES.includes(query.state))
      throw new QueryStateError(`Query ${ref} is over (${query.state}): there is nothing to stop.`);
    this.#sessions.get(parts.sessionId).say({ type: what, queryId: parts.queryId });
  }

  /** Forgets a query that is over, with its result. */
  async remove(identity: Identity, ref: string): Promise<void> {
    const query = this.get(identity, ref);
    authorize(identity, 'query.remove', query.user);
    if (!FINAL_QUERY_STATES.includes(query.state))
      throw new QueryStateError(
        `Query ${ref} is ${query.state}. Stop it with "proof abort ${ref}" before you remove it.`,
      );
    await removeQueryFiles(this.#records, ref);
    this.#queries.remove(ref);
  }

  #directory(query: QueryInfo): string | undefined {
    return queryDirectory(this.#records, query.query);
  }
}

/** All of a result but its outputs. @throws {KeptStateError} where it is not that of the outputs beside it */
async function keptAnswer(
  query: string,
  { directory, file }: { directory: string; file: string },
): Promise<QueryResult> {
  const answer = await readText(directory, file);
  const state = await openSessionFile(join(directory, '..'), join(directory, 'state.bin'));
  try {
    const { buffer, bytesRead } = await state.read(Buffer.alloc(STATE_HEAD_BYTES), 0, STATE_HEAD_BYTES, 0);
    checkAnswer(buffer.subarray(0, bytesRead), { query, answer });
  } finally {
    await state.close();
  }
  const result = checked(queryResult, parseJson(answer, file), file);
  checkOwner(result.query, query);
  return result;
}

/** Not through a link of the user's code. */
async function markArchived(file: string): Promise<void> {
  await writeFile(file, '', { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
}

async function readSpec(directory: string): Promise<QuerySpec> {
  const path = join(directory, 'query.json');
  return checked(querySpecShape, parseJson(await readText(directory, path), path), path);
}

/** @param directory of the query, in its session's */
async function readText(directory: string, path: string): Promise<string> {
  return (await readSessionFile(join(directory, '..'), path)).toString('utf8');
}
