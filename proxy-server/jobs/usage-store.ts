/** What users' jobs have used, hour by hour: the only module that knows this table. A run counts in the hour in which it ended. */
import type Database from 'better-sqlite3';

export interface Used {
  readonly coreSeconds: number;
  /** CPU seconds at the nominal speed of a core. */
  readonly cpuCost: number;
  readonly outputFiles: number;
  readonly outputBytes: number;
}

const HOUR_MS = 3_600_000;

export class UsageStore {
  readonly #add: Database.Statement;
  readonly #sum: Database.Statement<[string, number], Used>;
  readonly #prune: Database.Statement;
  readonly #users: Database.Statement<[number], { user: string }>;

  constructor(db: Database.Database) {
    this.#add = db.prepare(
      `INSERT INTO job_usage (user, hour, core_s, cpu_cost, output_files, output_bytes) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (user, hour) DO UPDATE SET core_s = core_s + excluded.core_s, cpu_cost = cpu_cost + excluded.cpu_cost,
         output_files = output_files + excluded.output_files, output_bytes = output_bytes + excluded.output_bytes`,
    );
    this.#sum = db.prepare(
      `SELECT coalesce(sum(core_s), 0) AS coreSeconds, coalesce(sum(cpu_cost), 0) AS cpuCost,
         coalesce(sum(output_files), 0) AS outputFiles, coalesce(sum(output_bytes), 0) AS outputBytes
       FROM job_usage WHERE user = ? AND hour > ?`,
    );
    this.#prune = db.prepare('DELETE FROM job_usage WHERE hour < ?');
    this.#users = db.prepare('SELECT DISTINCT user FROM job_usage WHERE hour > ?');
  }

  add(user: string, used: Partial<Used>, nowMs: number): void {
    const { coreSeconds = 0, cpuCost = 0, outputFiles = 0, outputBytes = 0 } = used;
    this.#add.run(user, Math.floor(nowMs / HOUR_MS), coreSeconds, cpuCost, outputFiles, outputBytes);
  }
  last24h(user: string, nowMs: number): Used {
    return this.#sum.get(user, Math.floor(nowMs / HOUR_MS) - 24)!;
  }
  /** Who used anything in the last 24 hours. */
  users(nowMs: number): string[] {
    return this.#users.all(Math.floor(nowMs / HOUR_MS) - 24).map(({ user }) => user);
  }
  prune(beforeMs: number): void {
    this.#prune.run(Math.floor(beforeMs / HOUR_MS));
  }
}
