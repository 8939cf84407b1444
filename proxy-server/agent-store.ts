/** Agents that were welcomed: the token by which each is known again, kept as a hash. The only module that knows the agent table. */
import type Database from 'better-sqlite3';
import { hashOf, isSecret } from './pilot-store.js';

interface Row {
  readonly pilot_id: string | null;
  readonly site: string;
  readonly token_hash: string;
  readonly former_hash: string | null;
}

export interface OpenAgent {
  readonly agentId: string;
  readonly pilotId: string | null;
  readonly returnsWithinMs: number;
}

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
  recognize(agentId: string, token: string, nowMs: number): { pilotId: string | null; site: string } | undefined {
    const row = this.#db
      .prepare<[string, number], Row>(
        `SELECT pilot_id, site, token_hash, former_hash FROM agent
         WHERE agent_id = ? AND ended_at IS NULL AND ifnull(token_expires_at > ?, 1)`,
      )
      .get(agentId, nowMs);
    if (row === undefined) return undefined;
    // The former as well: the message with the newest may have been lost with the connection.
    if (![row.token_hash, row.former_hash].some((hash) => hash !== null && isSecret(token, hash))) return undefined;
    return { pilotId: row.pilot_id, site: row.site };
  }

  /** Another token in place of the newest; both open the door until then, ms since 1970. */
  renew(agentId: string, token: string, expiresAt: number): void {
    this.#db
      .prepare('UPDATE agent SET former_hash = token_hash, token_hash = ?, token_expires_at = ? WHERE agent_id = ?')
      .run(hashOf(token), expiresAt, agentId);
  }

  end(agentId: string, why: string, nowMs: number): void {
    this.#db
      .prepare('UPDATE agent SET ended_at = ?, why = ? WHERE agent_id = ? AND ended_at IS NULL')
      .run(nowMs, why, agentId);
  }

  /** It comes back within so long, if its process ends: its next one finds its payloads. */
  returnsWithin(agentId: string, ms: number): void {
    this.#db
      .prepare('UPDATE agent SET returns_within_ms = ? WHERE agent_id = ? AND returns_within_ms <> ?')
      .run(ms, agentId, ms);
  }

  /** Agents that had not ended when the last ProxyServer did. */
  open(): OpenAgent[] {
    return this.#db
      .prepare<[], OpenAgent>(
        `SELECT agent_id AS agentId, pilot_id AS pilotId, returns_within_ms AS returnsWithinMs
         FROM agent WHERE ended_at IS NULL`,
      )
      .all();
  }

  prune(beforeMs: number): void {
    this.#db.prepare('DELETE FROM agent WHERE ended_at < ?').run(beforeMs);
  }
}
