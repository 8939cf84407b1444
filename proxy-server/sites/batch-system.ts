/** What one kind of batch system adds to command-site.ts: its commands, and what its answers mean. */

import type { PilotOrder } from '../factory/read-pilot-jdl.js';
import type { HeldJob } from '../factory/reconcile.js';
import type { BatchStatus, SiteDescription } from './site.js';

/** One pilot, ready to be handed over. */
export interface PreparedPilot {
  readonly pilotId: string;
  readonly order: PilotOrder;
  /** Absolute, made, for this user alone; on the submitting host. */
  readonly directory: string;
  /** File that brings Node.js and agent, on the submitting host; null: nodes have both. */
  readonly payload: string | null;
  /** It fetches the payload and brings its log itself: nodes need not see the directory. */
  readonly fetches: boolean;
  /** The agent's settings as JSON, the secret included. */
  readonly settings: string;
  /** The script around the agent, with its settings inside, or with the path of their file. */
  readonly script: (settings: { text: string } | { file: string }, ownSession?: boolean) => string;
}

export interface BatchSystem {
  /** Shown to the agent and to people: queue, partition or pool. */
  readonly ce: string;
  /** It moves the payload into the pilot's working directory; others find it where it lies. */
  readonly movesPayload: boolean;
  /** One pilot. @throws {SiteError} it was refused */
  submit(pilot: PreparedPilot): Promise<string>;
  /** Ids that it does not know are missing in the answer. */
  status(batchIds: readonly string[]): Promise<Map<string, BatchStatus>>;
  cancel(batchIds: readonly string[]): Promise<void>;
  /** As Site.jobs. */
  jobs(): Promise<HeldJob[]>;
  describe(): Promise<SiteDescription>;
  /** The command that submits, and what it is given, for people; without secrets. */
  translate(pilot: PreparedPilot): string;
  /** Before a log is read, where the batch system keeps it to itself. */
  bringLog?(batchId: string): Promise<void>;
  /** Where the pilot's output lies, in the directory of its pilots. */
  logFile(directory: string, batchId: string): string;
}
