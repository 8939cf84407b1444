/** One request to one server that was found before (an open file's, say), waiting as long as it asks to, within the deadline. */
import { DeadlineError, ProtocolError, whatOf } from '../errors.js';
import type { StorageSettings } from '../storage-options.js';
import type { Server } from './connection-pool.js';
import type { AnswerSink } from './frame-bodies.js';
import type { Subject } from './transport.js';
import type { WireRequest } from './wire.js';
import { errorOfAnswer } from './xrootd-errors.js';

const SHORTEST_WAIT_MS = 50;

export interface Asking {
  readonly subject: Subject;
  readonly settings: StorageSettings;
  /** Made anew for each try: where the answer's bytes go. */
  readonly sink?: () => AnswerSink;
}

/** @throws {StorageError} what the server says, or that it says nothing */
export async function askServer(server: Server, request: WireRequest, asking: Asking): Promise<Buffer> {
  const { subject, settings, sink } = asking;
  const { clock, deadlineMs } = settings;
  const { url, range } = subject;
  for (let waitedMs = 0; ; ) {
    const options = { subject, deadlineMs, ...(sink === undefined ? {} : { sink: sink() }) };
    const answer = await server.connection.request(request, options);
    if (answer.kind === 'ok') return answer.body;
    if (answer.kind === 'error') throw errorOfAnswer(subject, answer);
    if (answer.kind !== 'wait')
      throw new ProtocolError(url, whatOf(url, range), `"${answer.kind}" in answer to a request at an open file`);
    const ms = Math.max(SHORTEST_WAIT_MS, answer.seconds * 1000);
    waitedMs += ms;
    if (waitedMs > deadlineMs) throw new DeadlineError(url, `the server asks to wait ${answer.seconds} s`, deadlineMs);
    await new Promise<void>((resolve) => void clock.after(ms, resolve));
  }
}
