/** What the packets of a query need around them: the workers as a query sees them, who adds up, who keeps. */
import type { NodeFacts } from '../../protocol/agent-messages.js';
import type { Clock } from '../../protocol/clock.js';
import type { ErrorBody } from '../../protocol/errors.js';
import type { ToWorkerMessage } from '../../protocol/worker-messages.js';
import type { JournalRecord } from './journal-records.js';
import type { LedgerPacket, PacketFailure } from './packet-states.js';
import type { QueryFigures } from './query-figures.js';

/** The worker of a session as its query sees it. */
export interface QueryWorker {
  readonly workerId: string;
  readonly name: string;
  readonly node: NodeFacts;
  /** It understands `mostMs` of a packet. */
  readonly endsEarly: boolean;
  send(message: ToWorkerMessage): void;
}

/** Adds increments in any order; analysis/ has the real one. States are packed as in analysis/merged-state.ts. */
export interface Merger {
  /** @returns the same for the journal: rows are beside it, and named by their place there */
  add(increment: Uint8Array): Uint8Array;
  /** The whole state in the journal's form. */
  checkpoint(): Uint8Array;
  /** For live feedback: without rows. */
  live(): Uint8Array;
}

/** Both settle when the record is on disk. */
export interface QueryJournal {
  append(record: JournalRecord): Promise<void>;
  /** The record stands for all before it. */
  replace(record: JournalRecord): Promise<void>;
  /** Since the last `replace`. */
  readonly bytes: number;
}

/** packet-log.ts has the real one. */
export interface PacketRecorder {
  readonly lastId: number;
  out(packet: LedgerPacket, attempt: number, worker: string): void;
  /** @param end where it ended early */
  done(id: number, worker: string, end?: number): void;
  failed(id: number, failure: Pick<PacketFailure, 'cause' | 'entry'>, worker: string): void;
}

/**
 * How a worker went: `killed` counts against the packet that it was running, or the program that it was loading; `withAgent`, where all
 * workers of a node went at once, against the packet alone.
 */
export type Leaving = 'left' | 'lost' | 'killed' | 'withAgent';

export interface ProcessingParts {
  readonly queryId: string;
  readonly maxAttempts: number;
  readonly maxFailures: number;
  readonly packetLimitMs: number;
  readonly clock: Clock;
  readonly merger: Merger;
  readonly journal: QueryJournal;
  readonly figures: QueryFigures;
  readonly packets: PacketRecorder;
  readonly onMerged: () => void;
  /** Every entry is committed, failed or missing, or (after `halt`) nothing is in anybody's hands. */
  readonly onSettled: () => void;
  /** This worker runs one packet for longer than is allowed: it is to be ended. */
  readonly onStuck: (workerId: string, why: string) => void;
  /** It cannot go on. */
  readonly onBroken: (error: ErrorBody & { stack?: string | undefined }) => void;
}
