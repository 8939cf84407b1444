/** Where a query's files are, and how they go: with its session's last query goes what is left of a session that is over. */
import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { splitQueryRef } from '../protocol/ids.js';
import type { SessionStore } from './session-store.js';

/** @returns undefined: its session is forgotten */
export function queryDirectory(records: SessionStore, query: string): string | undefined {
  const parts = splitQueryRef(query);
  const session = parts && records.get(parts.sessionId);
  return parts === undefined || session === undefined ? undefined : join(session.directory, parts.queryId);
}

/** Programs and logs of a session for one query would else stay for `keepDays`, and users may have thousands of those a day. */
export async function removeQueryFiles(records: SessionStore, query: string): Promise<void> {
  const files = queryDirectory(records, query);
  if (files === undefined) return;
  await rm(files, { recursive: true, force: true });
  const session = records.get(splitQueryRef(query)!.sessionId)!;
  if (session.state !== 'ended' || !existsSync(session.directory)) return;
  const hasQueries = readdirSync(session.directory).some((name) => /^q\d+$/.test(name));
  if (!hasQueries) await rm(session.directory, { recursive: true, force: true });
}
