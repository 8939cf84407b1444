/**
 * CPU time of both uses, by day, user, slot and site: the only module that knows these tables. Agents tell cumulative counters by process; what is
 * new of one is added once, however often and over however many connections it is told.
 */
import type Database from 'better-sqlite3';
import type { AccountingKey, AccountingRow } from '../../protocol/accounting-messages.js';
import type { ProcessUse } from '../../protocol/agent-messages.js';

export interface SlotUse {
  readonly agentId: string;
  /** Pilot, or the agent itself where it was started by hand. */
  readonly slot: string;
  readonly site: string;
  readonly process: ProcessUse;
  /** '': a worker without a session. */
  readonly user: string;
}

const DAY_MS = 86_400_000;
const COLUMNS: Readonly<Record<AccountingKey, string>> = {
  user: 'user',
  slot: 'slot',
  site: 'site',
  day: "date(day * 86400, 'unixepoch')",
};

export class UseStore {
  readonly #db: Database.Database;
  readonly #known: Database.Statement<[string, string], { cpu_s: number }>;
  readonly #remember: Database.Statement;
  readonly #add: Database.Statement;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#known = db.prepare('SELECT cpu_s FROM cpu_counter WHERE agent_id = ? AND process = ?');
    this.#remember = db.prepare(
      `INSERT INTO cpu_counter (agent_id, process, cpu_s, told_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (agent_id, process) DO UPDATE SET cpu_s = excluded.cpu_s, told_at = excluded.told_at`,
    );
    this.#add = db.prepare(
      `INSERT INTO cpu_use (day, user, slot, site, kind, cpu_s) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (day, user, slot, kind) DO UPDATE SET cpu_s = cpu_s + excluded.cpu_s`,
    );
  }

  add(uses: readonly SlotUse[], nowMs: number): void {
    const day = Math.floor(nowMs / DAY_MS);
    this.#db.transaction(() => {
      for (const { agentId, slot, site, user, process } of uses) {
        const more = process.cpuSeconds - (this.#known.get(agentId, process.process)?.cpu_s ?? 0);
        if (more <= 0) continue;
        this.#remember.run(agentId, process.process, process.cpuSeconds, nowMs);
        this.#add.run(day, user, slot, site, process.kind, more);
      }
    })();
  }

  /** @param user of one; null: of all. @param sinceMs whole days from there */
  sums(by: AccountingKey, { user, sinceMs }: { user: string | null; sinceMs: number }): AccountingRow[] {
    return this.#db
      .prepare<[number, string | null, string | null], AccountingRow>(
        `SELECT ${COLUMNS[by]} AS key, sum(cpu_s) FILTER (WHERE kind = 'interactive') AS interactiveSeconds,
           sum(cpu_s) FILTER (WHERE kind = 'batch') AS batchSeconds
         FROM cpu_use WHERE day >= ? AND (? IS NULL OR user = ?) GROUP BY 1 ORDER BY 1`,
      )
      .all(Math.floor(sinceMs / DAY_MS), user, user)
      .map(({ key, interactiveSeconds, batchSeconds }) => ({
        key,
        interactiveSeconds: interactiveSeconds ?? 0,
        batchSeconds: batchSeconds ?? 0,
      }));
  }

  /** Counters of processes that have not been told of since; the sums stay. */
  prune(beforeMs: number): void {
    this.#db.prepare('DELETE FROM cpu_counter WHERE told_at < ?').run(beforeMs);
  }
}
