/**
 * Tokens of payloads: role user, for one attempt of one job. All tokens of an attempt have one id, which follows from the job alone, so that its end
 * voids them all, also those that a ProxyServer gave out which is gone. Ends are written to the list of revocations in batches; those that a killed
 * ProxyServer had not written are written at the next start, before anybody is heard.
 */
import type { ToAgentMessage } from '../../protocol/agent-messages.js';
import type { Clock } from '../../protocol/clock.js';
import type { Logger } from '../../protocol/log.js';
import { CLOCK_SKEW_S } from '../../protocol/tokens.js';
import { surviving } from '../state-db.js';
import type { TokenBook } from '../token-book.js';
import type { Job } from './job-row.js';
import { readStored } from './prepare-job.js';

export interface JobTokensOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Null: payloads get none. */
  readonly book: Pick<TokenBook, 'forJob' | 'end' | 'writeEnds' | 'isVoid'> | null;
  /** Of a release that knows what to do with them? */
  readonly takesTokens: (agentId: string) => boolean;
  readonly send: (agentId: string, message: ToAgentMessage) => void;
}

const LONGEST_LIFE_S = 3600;
/** A job of seconds is allowed some time for its input. */
const SHORTEST_LIFE_S = 300;
/** Ends of this time are one write. */
export const BATCH_MS = 1_000;

type Run = Pick<Job, 'jobId' | 'run' | 'user' | 'agentId' | 'submittedAt'>;
interface Held {
  /** Of the last token, s since 1970. */
  issuedAt: number;
  cancel: () => void;
}

export class JobTokens {
  readonly #options: JobTokensOptions;
  readonly #held = new Map<string, Held>();
  #cancelWrite: (() => void) | undefined;
  #isClosed = false;

  constructor(options: JobTokensOptions) {
    this.#options = options;
  }

  /** For the order of this run, and renewed from now on. @returns undefined: it gets none */
  async first(run: Run, ttlSeconds: number): Promise<string | undefined> {
    const { book, takesTokens } = this.#options;
    if (book === null || this.#isClosed || run.agentId === null || !takesTokens(run.agentId)) return undefined;
    const tokenId = idOf(run);
    const issuedAt = Math.floor(this.#options.clock.date().getTime() / 1000);
    const before = this.#held.get(tokenId);
    // One that was revoked by somebody, or all of its user's, is not given again.
    if (book.isVoid({ user: run.user, role: 'user', tokenId, issuedAt: before?.issuedAt ?? issuedAt, expiresAt: null }))
      return undefined;
    before?.cancel();
    const lifetimeS = Math.min(LONGEST_LIFE_S, Math.max(SHORTEST_LIFE_S, Math.ceil(ttlSeconds)));
    const cancel = this.#options.clock.after((lifetimeS * 1000) / 3, () => this.#renew(run, ttlSeconds));
    this.#held.set(tokenId, { issuedAt, cancel });
    return book.forJob({ user: run.user, job: { jobId: run.jobId, run: run.run }, tokenId, lifetimeS });
  }

  /** The agent of these is connected anew: what it holds may be old. */
  resume(jobs: readonly Job[]): void {
    if (this.#options.book === null) return;
    for (const job of jobs) surviving(this.#options.log, () => this.#renew(job, readStored(job.jdl).ttlSeconds));
  }

  /** At the start. @param runsOver since a time in ms */
  endOld(runsOver: (sinceMs: number) => readonly Run[]): void {
    const { book, clock } = this.#options;
    if (book === null) return;
    const nowMs = clock.date().getTime();
    const issuedAt = Math.floor(nowMs / 1000);
    for (const run of runsOver(nowMs - (LONGEST_LIFE_S + CLOCK_SKEW_S) * 1000)) {
      const token = { user: run.user, role: 'user' as const, tokenId: idOf(run), issuedAt, expiresAt: null };
      if (!book.isVoid(token)) this.over(run);
    }
    this.#cancelWrite?.();
    this.#write();
  }

  /** Void at once here, and within BATCH_MS for all who verify. */
  over(run: Run): void {
    const { book, clock } = this.#options;
    if (book === null) return;
    const tokenId = idOf(run);
    this.#held.get(tokenId)?.cancel();
    this.#held.delete(tokenId);
    book.end(tokenId, Math.ceil(clock.date().getTime() / 1000) + LONGEST_LIFE_S + CLOCK_SKEW_S);
    if (!this.#isClosed) this.#cancelWrite ??= clock.after(BATCH_MS, () => this.#write());
  }

  close(): void {
    this.#isClosed = true;
    for (const { cancel } of this.#held.values()) cancel();
    this.#held.clear();
    if (this.#cancelWrite === undefined) return;
    this.#cancelWrite();
    this.#write();
  }

  #renew(run: Run, ttlSeconds: number): void {
    const { log, send } = this.#options;
    void this.first(run, ttlSeconds)
      .then((token) => {
        const { jobId, run: attempt, agentId } = run;
        if (token !== undefined && agentId !== null) send(agentId, { type: 'jobToken', jobId, run: attempt, token });
      })
      .catch((error: Error) => log.error(`the token of a job is not renewed: ${error.message}`, { jobId: run.jobId }));
  }

  /** A disk that is full is tried again. */
  #write(): void {
    const { book, clock, log } = this.#options;
    this.#cancelWrite = undefined;
    try {
      book?.writeEnds();
    } catch (error) {
      log.error(`ends of jobs' tokens are not written: ${(error as Error).message}`);
      if (!this.#isClosed) this.#cancelWrite = clock.after(10 * BATCH_MS, () => this.#write());
    }
  }
}

/** A new state directory counts jobs from 1 again: the time makes it another job. */
const idOf = ({ jobId, run, submittedAt }: Run): string => `job-${jobId}.${run}-${submittedAt.toString(36)}`;
