/** A query in a session: submit, watch, answer. */
import { openState } from '../../analysis/kept-state.js';
import { unpackState } from '../../analysis/merged-state.js';
import type { ToClientMessage } from '../../protocol/session-messages.js';
import type { ProofSession, Submitted } from '../session/proof-session.js';
import type { QueryObserver, QueryOutcome, QueryRequest } from './query-request.js';

/** Hands the query in and leaves at once. */
export function submitQuery(session: ProofSession, request: QueryRequest): Promise<Submitted> {
  const {
    program,
    packages = [],
    dataset,
    lists,
    friends,
    params,
    inputs,
    reads = [],
    rowDirectory: _ours,
    ...rest
  } = request;
  const { kind, name, sha256 } = program;
  return session.submit(
    {
      ...rest,
      dataset: [...dataset],
      lists: [...lists],
      friends: [...friends],
      params: { ...params },
      inputs: { ...inputs },
      reads: [...reads],
      program: { kind, name, sha256 },
      ...(packages.length === 0 ? {} : { packages: packages.map(({ ref }) => ref) }),
    },
    new Map([
      ...packages.map(({ ref, archive }) => [ref.sha256, archive] as const),
      [sha256, Buffer.from(program.code, 'utf8')] as const,
    ]),
  );
}

type Event<T extends ToClientMessage['type']> = Extract<ToClientMessage, { type: T }>;

/** The answer of a query of this session, watched by `observer` until it comes. */
export async function watchQuery(
  session: ProofSession,
  queryId: string,
  observer: QueryObserver = {},
): Promise<QueryOutcome> {
  const isMine = (event: { queryId: string }): boolean => event.queryId === queryId;
  const lookup = (event: Event<'lookup'>): void => void (isMine(event) && observer.lookup?.(event));
  const progress = (event: Event<'progress'>): void => void (isMine(event) && observer.progress?.(event));
  const outputs = (event: Event<'outputs'>): void => void (isMine(event) && observer.outputs?.(event.state));
  const printed = (event: Event<'printed'>): void =>
    void (isMine(event) && observer.printed?.(event.worker, event.text));
  session.on('lookup', lookup).on('progress', progress).on('outputs', outputs).on('printed', printed);
  try {
    const { result, state } = await session.answer(queryId, { outputs: observer.outputs !== undefined });
    const served = (): AsyncIterable<Uint8Array> => openState(session.api.queryState(result.query), result.query);
    return { result, state: { increments: () => (state === null ? served() : unpackState(state)) } };
  } finally {
    session.off('lookup', lookup).off('progress', progress).off('outputs', outputs).off('printed', printed);
  }
}
