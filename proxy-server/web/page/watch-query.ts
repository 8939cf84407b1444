/**
 * One query, watched: while it runs over a WebSocket to its session's master, as one that only looks on; once it is over by its kept result.
 * `terminate()` is users' code, which is not run here: outputs are those that it gets.
 */
import { openState } from '../../../analysis/kept-state.js';
import { unpackState } from '../../../analysis/merged-state.js';
import { OutputMerger } from '../../../analysis/output-merger.js';
import type { OutputResult } from '../../../analysis/outputs/result.js';
import type { QueryInfo } from '../../../protocol/api.js';
import { checked, parseJson } from '../../../protocol/check.js';
import { decodeBytes } from '../../../protocol/frame.js';
import { isQueryOver } from '../../../protocol/ids.js';
import {
  keptResult,
  type QueryResult,
  type ToClientMessage,
  toClientMessage,
} from '../../../protocol/session-messages.js';
import { SPOKEN } from '../../../protocol/version.js';
import { askBytes, dial } from './server.js';

export type QueryProgress = Extract<ToClientMessage, { type: 'progress' }>;

export interface WatchEvents {
  readonly progress: (progress: QueryProgress) => void;
  readonly outputs: (outputs: readonly OutputResult[]) => void;
  readonly result: (result: QueryResult) => void;
  /** A sentence; it is tried again. */
  readonly problem: (why: string | undefined) => void;
}

/** States beyond this are not fetched: a browser's tab is no place for gigabytes of rows. */
const MOST_BYTES = 64 * 1024 * 1024;
const AGAIN_MS = 2000;

/** @returns ends it */
export function watchQuery(query: QueryInfo, events: WatchEvents): () => void {
  const over = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const again = (why: string): void => {
    if (over.signal.aborted) return;
    events.problem(why);
    timer = setTimeout(start, AGAIN_MS);
  };
  const start = (): void => {
    if (isQueryOver(query)) fetchResult(query.query, events, over.signal).catch(failed);
    else follow(query, events, over.signal, again);
  };
  const failed = (error: Error): void => void (over.signal.aborted ? undefined : events.problem(error.message));
  start();
  return () => {
    over.abort();
    clearTimeout(timer);
  };
}

async function fetchResult(ref: string, events: WatchEvents, signal: AbortSignal): Promise<void> {
  const path = `queries/${encodeURIComponent(ref)}`;
  const frame = decodeBytes(await askBytes(`${path}/result`, signal, MOST_BYTES));
  events.result(checked(keptResult, frame, 'result').result);
  const state = await askBytes(`${path}/state`, signal, MOST_BYTES);
  const increments: Uint8Array[] = [];
  for await (const increment of openState([state], ref)) increments.push(increment);
  events.outputs(outputsOf(increments));
}

function follow(
  { query, sessionId }: QueryInfo,
  events: WatchEvents,
  signal: AbortSignal,
  again: (why: string) => void,
): void {
  const queryId = query.slice(sessionId.length + 1);
  const socket = dial(sessionId);
  const say = (message: object): void => socket.send(JSON.stringify(message));
  let isDone = false;
  const hear = (message: ToClientMessage): void => {
    if (message.type === 'welcome') {
      events.problem(undefined);
      say({ type: 'attach', queryId, outputs: true });
    } else if (message.type === 'refused') events.problem(message.error.message);
    else if (!('queryId' in message) || message.queryId !== queryId) return;
    else if (message.type === 'progress') events.progress(message);
    else if (message.type === 'outputs') events.outputs(outputsOf(unpackState(message.state)));
    else if (message.type === 'result') {
      isDone = true;
      socket.close();
      events.result(message.result);
      if (message.state !== null) events.outputs(outputsOf(unpackState(message.state)));
      else fetchResult(query, events, signal).catch((error: Error) => events.problem(error.message));
    }
  };
  signal.addEventListener('abort', () => socket.close());
  socket.addEventListener('open', () => say({ type: 'hello', ...SPOKEN, watches: true }));
  socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => {
    try {
      const value = typeof data === 'string' ? parseJson(data) : decodeBytes(new Uint8Array(data));
      hear(checked(toClientMessage, value));
    } catch (error) {
      events.problem((error as Error).message);
    }
  });
  socket.addEventListener('close', () => {
    if (!isDone) again('The connection to the session is gone; it is tried again.');
  });
}

/** Of a merged state. Objects come one by one, since their `merge` is users' code. */
function outputsOf(increments: Iterable<Uint8Array>): readonly OutputResult[] {
  const merger = new OutputMerger();
  for (const increment of increments) merger.add(increment);
  return merger.snapshot();
}
