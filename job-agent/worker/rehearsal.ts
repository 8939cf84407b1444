/**
 * A query of our own that a worker runs before anybody asks for one: over a small file that the build made, through all that a user's
 * packets go through, so that the first of those does not pay for code that never ran.
 */
import { join } from 'node:path';
import { loadProgram } from '../../analysis/load-program.js';
import { makeProgram } from '../../analysis/program.js';
import { INSTALLATION } from '../../analysis/user-module-name.js';
import { checked } from '../../protocol/check.js';
import type { Clock } from '../../protocol/clock.js';
import { type ToWorkerMessage, toWorkerMessage, type WorkerMessage } from '../../protocol/worker-messages.js';
import { KeptTables } from './kept-tables.js';
import { factsOf, openTable } from './open-table.js';
import { QueryWork } from './query-work.js';

/** Of scripts/rehearsal-file.mjs. */
const FILE = join(import.meta.dirname, 'rehearsal.root');
const PACKETS = 12;
const COMMIT_MS = 1;

const PROGRAM = makeProgram(
  'selector',
  'rehearsal',
  `import { Selector } from ${JSON.stringify(INSTALLATION)};
export default class Rehearsal extends Selector {
  branches = ['mu1_pt', 'mu1_eta', 'mu2_eta', 'mu1_charge', 'weight', 'pts'];
  flat = this.h1('flat', 'rehearsal', 100, 0, 100);
  lists = this.h1('lists', 'rehearsal', 100, 0, 100);
  process(entry) {
    const c = this.columns;
    if (c.mu1_charge.at(entry) > 2) return;
    this.flat.fill(c.mu1_pt.at(entry) + c.mu1_eta.at(entry) - c.mu2_eta.at(entry), c.weight.at(entry));
    for (let i = 0; i < c.pts.count(entry); i++) this.lists.fill(c.pts.at(entry, i));
  }
}
`,
);

/** Rejects where reading or filling is broken here. @returns what it committed */
export async function rehearse(clock: Clock): Promise<{ packets: number; entries: number }> {
  const queryId = 'rehearsal:q1';
  const file = { position: 0, name: 'rehearsal', urls: [FILE], tree: null, friends: [] };
  const opened = await openTable(file, {});
  const { entries } = factsOf(opened);
  await opened.close();
  const { code, ...program } = PROGRAM;
  const loaded = await loadProgram(PROGRAM);
  const prepare = { type: 'prepare' as const, queryId, program, params: {}, inputs: {}, seed: 0, commitMs: COMMIT_MS };
  const committed = { packets: 0, entries: 0 };
  await new Promise<void>((resolve, reject) => {
    let packetId = 0;
    const master = (message: WorkerMessage): void => {
      if (message.type === 'packetFailed') reject(new Error(message.error.message));
      else if (message.type === 'finished') resolve();
      else if (message.type === 'commit') {
        committed.packets += message.packets.length;
        for (const packet of message.packets) committed.entries += packet.entries;
        tell({ type: 'committed', queryId, commitId: message.commitId });
      } else if (message.type === 'want')
        for (let i = 0; i < message.n && packetId < PACKETS; i++) {
          const shape = { packetId: ++packetId, attempt: 1, fileEntries: entries, alone: false };
          tell({ type: 'packet', queryId, packet: { ...shape, file, first: 0, end: entries } });
        }
    };
    const tell = (message: ToWorkerMessage): void => {
      setImmediate(() => {
        const said = checked(toWorkerMessage, message);
        if (said.type === 'packet') work.packet(said.packet);
        else if (said.type === 'committed') work.confirmed(said.commitId);
        if (committed.packets === PACKETS) void work.finish();
      });
    };
    const work = new QueryWork(prepare, loaded, {
      clock,
      storage: {},
      kept: new KeptTables(),
      flushed: async () => {},
      send: master,
    });
    work.begin();
  });
  return committed;
}
