/** Pilots: what was handed to which batch system, and what became of it. The only module that knows the pilot table. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type Database from 'better-sqlite3';
import type { PilotState } from '../protocol/api.js';
import { moveIfLegal, type PilotEvent } from './factory/pilot-states.js';

export interface Pilot {
  readonly pilotId: string;
  readonly site: string;
  readonly state: PilotState;
  readonly batchId: string | null;
  readonly agentId: string | null;
  readonly host: string | null;
  readonly cores: number | null;
  /** Times in ms since 1970. */
  readonly submittedAt: number;
  /** The batch system first said that it runs. */
  readonly startedAt: number | null;
  readonly registeredAt: number | null;
  readonly endedAt: number | null;
  readonly wallTimeEnd: number | null;
  readonly why: string | null;
  /** A person asked for it: the factory does not take it for one too many before it has come. */
  readonly isByHand: boolean;
}

interface PilotRow {
  pilot_id: string;
  site: string;
  state: string;
  batch_id: string | null;
  agent_id: string | null;
  host: string | null;
  cores: number | null;
  submitted_at: number;
  started_at: number | null;
  registered_at: number | null;
  ended_at: number | null;
  wall_time_end: number | null;
  why: string | null;
  by_hand: number;
}

/** What is kept of a secret: enough to know it again, useless to a thief. */
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
/** Another hash, so that it opens nothing else. */
const errandHashOf = (secret: string): string => hashOf(`errand:${secret}`);
export function isSecret(secret: string, hash: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(secret)), Buffer.from(hash));
}

export class PilotStore {
  readonly #db: Database.Database;
  readonly #one: Database.Statement<[string], PilotRow>;
  readonly #live: Database.Statement<[], PilotRow>;
  readonly #recent: Database.Statement<[number], PilotRow>;
  readonly #insert: Database.Statement;
  readonly #update: Database.Statement;

  constructor(db: Database.Database) {
    const columns = `pilot_id, site, state, batch_id, agent_id, host, cores, submitted_at, started_at, registered_at,
      ended_at, wall_time_end, why, by_hand`;
    this.#db = db;
    this.#one = db.prepare(`SELECT ${columns} FROM pilot WHERE pilot_id = ?`);
    this.#live = db.prepare(`SELECT ${columns} FROM pilot WHERE state <> 'gone' ORDER BY submitted_at, pilot_id`);
    this.#recent = db.prepare(
      `SELECT ${columns} FROM pilot WHERE state <> 'gone' OR ended_at >= ? ORDER BY submitted_at, pilot_id`,
    );
    this.#insert = db.prepare(
      `INSERT INTO pilot (pilot_id, site, state, secret_hash, errand_hash, submitted_at, by_hand)
       VALUES (?, ?, 'submitted', ?, ?, ?, ?)`,
    );
    this.#update = db.prepare(
      `UPDATE pilot SET state = @state, batch_id = @batchId, agent_id = @agentId, host = @host, cores = @cores,
         started_at = @startedAt, registered_at = @registeredAt, ended_at = @endedAt, wall_time_end = @wallTimeEnd, why = @why
       WHERE pilot_id = @pilotId`,
    );
  }

  /** Before it is handed over, so that a crash in between leaves a pilot that is known, not a doubled one. */
  add(
    pilots: readonly { pilotId: string; site: string; secret: string }[],
    nowMs: number,
    { isByHand = false } = {},
  ): void {
    this.#db.transaction(() => {
      for (const { pilotId, site, secret } of pilots)
        this.#insert.run(pilotId, site, hashOf(secret), errandHashOf(secret), nowMs, Number(isByHand));
    })();
  }

  get(pilotId: string): Pilot | undefined {
    const row = this.#one.get(pilotId);
    return row === undefined ? undefined : fromRow(row);
  }
  live(): Pilot[] {
    return this.#live.all().map(fromRow);
  }
  /** The living, and those that ended since. */
  since(ms: number): Pilot[] {
    return this.#recent.all(ms).map(fromRow);
  }

  /** What one of the two sources reported, with what else it knows; news that are none (told before, too late) change nothing. */
  move(pilotId: string, event: PilotEvent, facts: Partial<Pilot> = {}): Pilot | undefined {
    const pilot = this.get(pilotId);
    const state = pilot === undefined ? undefined : moveIfLegal(pilot.state, event);
    if (pilot === undefined || state === undefined) return undefined;
    const next = { ...pilot, ...facts, state };
    this.#update.run(next);
    return next;
  }

  /** What the batch system says of one that is on its way. */
  setWhy(pilotId: string, why: string | null): void {
    const pilot = this.get(pilotId);
    if (pilot !== undefined && pilot.why !== why) this.#update.run({ ...pilot, why });
  }

  setBatchId(pilotId: string, batchId: string): void {
    const pilot = this.get(pilotId);
    if (pilot !== undefined) this.#update.run({ ...pilot, batchId });
  }

  /** The one-time secret opens the door until its agent is known to have heard the welcome. */
  isSecretOf(pilotId: string, secret: string): boolean {
    const row = this.#db
      .prepare<[string], { secret_hash: string | null }>('SELECT secret_hash FROM pilot WHERE pilot_id = ?')
      .get(pilotId);
    return row?.secret_hash != null && isSecret(secret, row.secret_hash);
  }
  /** May it fetch the payload and bring its log? Its secret is good for that also when it is spent. */
  isErrandOf(pilotId: string, secret: string): boolean {
    const row = this.#db
      .prepare<[string], { errand_hash: string | null }>('SELECT errand_hash FROM pilot WHERE pilot_id = ?')
      .get(pilotId);
    return row?.errand_hash != null && timingSafeEqual(Buffer.from(errandHashOf(secret)), Buffer.from(row.errand_hash));
  }
  spendSecret(pilotId: string): void {
    this.#db.prepare('UPDATE pilot SET secret_hash = NULL WHERE pilot_id = ?').run(pilotId);
  }

  /** Forgets pilots that ended before. */
  prune(beforeMs: number): string[] {
    return this.#db
      .prepare<[number], { pilot_id: string }>(
        `DELETE FROM pilot WHERE state = 'gone' AND ended_at < ? RETURNING pilot_id`,
      )
      .all(beforeMs)
      .map((row) => row.pilot_id);
  }
}

function fromRow(row: PilotRow): Pilot {
  return {
    pilotId: row.pilot_id,
    site: row.site,
    state: row.state as PilotState,
    batchId: row.batch_id,
    agentId: row.agent_id,
    host: row.host,
    cores: row.cores,
    submittedAt: row.submitted_at,
    startedAt: row.started_at,
    registeredAt: row.registered_at,
    endedAt: row.ended_at,
    wallTimeEnd: row.wall_time_end,
    why: row.why,
    isByHand: row.by_hand === 1,
  };
}
