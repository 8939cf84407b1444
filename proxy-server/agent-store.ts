/** Agents that were welcomed: the token by which each is known again, kept as a hash. The only module that knows the agent table. */
import type Database from 'better-sqlite3';
import { hashOf, isSecret } from './pilot-store.js';

export class AgentStore {
  readonly #db: Database.Database;
  constructor(db: Database.Database) {
    this.#db = db;
  }

  add(agent: { agentId: string; pilotId: string | null; site: string; token: string }, nowMs: number): void {
    this.#db
      .prepare('INSERT INTO agent (agent_id, pilot_id, site, token_hash, joined_at) VALUES (?, ?, ?, ?, ?)')
      .run(agent.agentId, agent.pilotId, agent.site, hashOf(agent.token), nowMs);
  }

  /** Its pilot, where the token is that of an agent that has not ended; undefined: not known, or not any more. */
  recognize(agentId: string, token: string): { pilotId: string | null; site: string } | undefined {
    const row = this.#db
      .prepare<[string], { pilot_id: string | null; site: string; token_hash: string }>(
        'SELECT pilot_id, site, token_hash FROM agent WHERE agent_id = ? AND ended_at IS NULL',
      )
      .get(agentId);
    if (row === undefined || !isSecret(token, row.token_hash)) return undefined;
    return { pilotId: row.pilot_id, site: row.site };
  }

  end(agentId: string, why: string, nowMs: number): void {
    this.#db
      .prepare('UPDATE agent SET ended_at = ?, why = ? WHERE agent_id = ? AND ended_at IS NULL')
      .run(nowMs, why, agentId);
  }

  /** Agents that had not ended when the last ProxyServer did. */
  open(): { agentId: string; pilotId: string | null }[] {
    return this.#db
      .prepare<[], { agentId: string; pilotId: string | null }>(
        'SELECT agent_id AS agentId, pilot_id AS pilotId FROM agent WHERE ended_at IS NULL',
      )
      .all();
  }

  prune(beforeMs: number): void {
    this.#db.prepare('DELETE FROM agent WHERE ended_at < ?').run(beforeMs);
  }
}
