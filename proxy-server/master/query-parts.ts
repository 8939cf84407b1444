/** What one query needs around it. */
import type { LearntFact } from '../../catalog/grid/grid.js';
import type { Clock } from '../../protocol/clock.js';
import type { QueryResult, ToClientMessage } from '../../protocol/session-messages.js';
import type { DataSetFile } from './data-set.js';
import type { JournalFile } from './journal-records.js';
import type { Merger, PacketRecorder, QueryJournal } from './processing-parts.js';
import type { QuerySpec } from './query-spec.js';
import type { Recovery } from './recovery.js';

export interface QueryParts {
  readonly clock: Clock;
  readonly merger: Merger;
  readonly journal: QueryJournal;
  /** DATASET words -> files in order. @throws {GridError} */
  readonly lookUp: (spec: QuerySpec) => Promise<DataSetFile[]>;
  /** To the catalog: entry counts that the workers found. */
  readonly learn: (facts: LearntFact[]) => void;
  /** The files are known. */
  readonly onFiles: (files: JournalFile[]) => void;
  readonly packets: PacketRecorder;
  readonly packetLimitMs: number;
  /** This worker is to be ended: why. */
  readonly onStuck: (workerId: string, why: string) => void;
  /** To the attached clients. */
  readonly tell: (message: ToClientMessage) => void;
  readonly onEnd: (result: QueryResult) => void;
  /** What its journal says, where its master died before. */
  readonly recovered?: Recovery | undefined;
}
