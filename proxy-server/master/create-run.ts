/**
 * A QueryRun with its real parts: journal on disk, merger of analysis/, look-up by catalog/grid. Loaded after the master listens, so that
 * a session opens without waiting for it.
 */
import { loadProgram } from '../../analysis/load-program.js';
import type { Selector } from '../../analysis/selector.js';
import type { Grid } from '../../catalog/grid/grid.js';
import { openGrid } from '../../catalog/grid/open-grid.js';
import { resolveDataset } from '../../catalog/grid/resolve-dataset.js';
import type { Clock } from '../../protocol/clock.js';
import type { SessionFile } from '../../protocol/control-messages.js';
import { errorBody, GridError } from '../../protocol/errors.js';
import type { Logger } from '../../protocol/log.js';
import type { DataSetFile } from './data-set.js';
import { openKeptQuery } from './kept-query.js';
import { packedMerger } from './packed-merger.js';
import type { QueryParts } from './query-parts.js';
import { fullNotice, type RunEvents } from './query-queue.js';
import { QueryRun } from './query-run.js';
import type { QuerySpec } from './query-spec.js';
import type { QueryStore } from './query-store.js';

const LOOK_UP_AGAIN_MS = 20_000;
const LOOK_UP_PAUSE_MS = 500;

/** A name of the catalog, in a session whose ProxyServer has none. */
export class NoCatalogError extends GridError {
  readonly code = 'MASTER_NO_CATALOG';
}

export interface CreateParts {
  readonly file: SessionFile;
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: QueryStore;
  /** The session's, for all its queries: each grid keeps a connection to the catalog. */
  readonly grid: SessionGrid;
}
export type SessionGrid = () => Promise<Grid>;

/**
 * A new query, or one whose master died: then it goes on where its journal ends.
 * @throws {GridError} where the program does not load, or the disk does not take a journal
 */
export async function createRun(spec: QuerySpec, events: RunEvents, parts: CreateParts): Promise<QueryRun> {
  const { store, file, log, clock, grid } = parts;
  const selector = await selectorOf(spec, store);
  const { journal, rows, merger, recovered } = await openKeptQuery(spec, {
    ...{ store, selector },
    onFull: (isFull) => {
      log.warn(isFull ? 'the disk is full: the query waits' : 'there is room again', { query: spec.query });
      events.tell(fullNotice(isFull));
    },
    onUnfit: (why) => log.warn('the journal does not fit: the query begins anew', { query: spec.query, why }),
  });
  const warn = (why: string): void => void log.warn('the record of packets is not whole', { query: spec.query, why });
  const packets = await store.openPackets(spec.queryId, warn);
  const queryParts: QueryParts = {
    ...{ clock, recovered, packetLimitMs: file.packetLimitMs, onStuck: events.onStuck },
    merger: packedMerger(merger),
    journal,
    lookUp: (asked) => lookUpPatiently(() => lookUp(asked, grid, file.site), { clock, tell: events.tell }),
    learn: (facts) => {
      grid()
        .then((open) => open.learn(facts))
        .catch((error: unknown) => log.warn('the catalog did not learn', { why: errorBody(error).message }));
    },
    tell: events.tell,
    packets,
    onFiles: (files) => {
      store.saveFiles(spec.queryId, files).catch((error: unknown) => warn(errorBody(error).message));
    },
    onEnd: (result) => {
      packets.close().catch((error: unknown) => warn(errorBody(error).message));
      journal.close().catch((error: unknown) => log.warn('journal', { why: errorBody(error).message }));
      events.onEnd({ result, increments: () => merger.encode(), release: () => rows.close() });
    },
  };
  return new QueryRun(spec, queryParts);
}

/** Objects with a `merge` of the user's are merged by it, here. */
async function selectorOf(spec: QuerySpec, store: QueryStore): Promise<Selector | undefined> {
  const { kind, name, sha256 } = spec.program;
  if (kind !== 'selector') return undefined;
  const code = Buffer.from(await store.program(sha256)).toString('utf8');
  const loaded = await loadProgram({ kind, name, sha256, code });
  const { params, inputs, seed } = spec;
  return loaded.create({ params, inputs, seed });
}

/** A catalog that is just being started again is no reason to fail a query. */
async function lookUpPatiently<T>(
  look: () => Promise<T>,
  { clock, tell }: { clock: Clock; tell: RunEvents['tell'] },
): Promise<T> {
  const start = clock.now();
  for (let tries = 0; ; tries++) {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof GridError) || !error.retryable || clock.now() - start > LOOK_UP_AGAIN_MS) throw error;
      if (tries === 0)
        tell({ type: 'notice', text: `${error.message} It is asked again for ${LOOK_UP_AGAIN_MS / 1000} s.` });
      await new Promise<void>((resolve) => void clock.after(LOOK_UP_PAUSE_MS, resolve));
    }
  }
}

async function lookUp(spec: QuerySpec, grid: SessionGrid, site: string | null): Promise<DataSetFile[]> {
  const { tree: wanted, lists, friends: friendSets } = spec;
  const options = { tree: wanted, lists, friends: friendSets, ...(site === null ? {} : { site }) };
  const files = await resolveDataset(spec.dataset, grid, options);
  return files.map(({ lfn, urls, replicas, size, tree, entries, selected, friends }) => ({
    name: lfn ?? urls[0]!,
    ...{ lfn, size, tree, entries, selected },
    friends: friends.map((friend) => ({ ...friend, urls: [...friend.urls] })),
    places: replicas,
  }));
}

/** Opened with the first query that names something in the catalog. */
export function sessionGrid(file: SessionFile): SessionGrid {
  let opened: Promise<Grid> | undefined;
  return () => {
    const { catalog, site, user } = file;
    if (catalog === null)
      return Promise.reject(
        new NoCatalogError(
          'This ProxyServer has no catalog: name files by path or URL, or set "catalog:" in its configuration.',
        ),
      );
    const token = catalog.token === null ? {} : { token: catalog.token };
    opened ??= openGrid(catalog.url, { user, ...token, ...(site === null ? {} : { site }) });
    opened.catch(() => {
      opened = undefined; // the next look-up tries again
    });
    return opened;
  };
}
