/** The ProxyServer's SQLite file: opened once, brought to the present version, one writer by a lock. */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { GridError } from '../protocol/errors.js';
import type { Logger } from '../protocol/log.js';
import { isSameProcess, startTimeOf } from '../protocol/process-id.js';

/** The state directory cannot be used: why, and what to do. */
export class StateDirError extends GridError {
  readonly code = 'PROXY_STATE_DIR';
}

/** Step i brings version i to i + 1. A step that was released is never changed; a new one is added. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE pilot (
     pilot_id TEXT PRIMARY KEY, site TEXT NOT NULL, state TEXT NOT NULL, batch_id TEXT,
     secret_hash TEXT, agent_id TEXT, host TEXT, cores INTEGER,
     submitted_at INTEGER NOT NULL, started_at INTEGER, registered_at INTEGER, ended_at INTEGER,
     wall_time_end INTEGER, why TEXT) STRICT;
   CREATE INDEX pilot_live ON pilot (site) WHERE state <> 'gone';
   CREATE TABLE agent (
     agent_id TEXT PRIMARY KEY, pilot_id TEXT, site TEXT NOT NULL, token_hash TEXT NOT NULL,
     joined_at INTEGER NOT NULL, ended_at INTEGER, why TEXT) STRICT;
   CREATE TABLE session (
     session_id TEXT PRIMARY KEY, user TEXT NOT NULL, title TEXT NOT NULL, state TEXT NOT NULL,
     directory TEXT NOT NULL, socket TEXT NOT NULL, pid INTEGER NOT NULL, pid_start TEXT, max_workers INTEGER,
     started_at INTEGER NOT NULL, ended_at INTEGER, why TEXT) STRICT;
   CREATE TABLE query (
     query TEXT PRIMARY KEY, session_id TEXT NOT NULL, user TEXT NOT NULL, title TEXT NOT NULL, state TEXT NOT NULL,
     entries TEXT NOT NULL, submitted_at INTEGER NOT NULL, ended_at INTEGER) STRICT;
   CREATE TABLE site (
     name TEXT PRIMARY KEY, failures INTEGER NOT NULL, back_off_until INTEGER, last_failure TEXT) STRICT;
   CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;`,
  `CREATE TABLE job (
     job_id INTEGER PRIMARY KEY AUTOINCREMENT, master_id INTEGER, is_master INTEGER NOT NULL, user TEXT NOT NULL, name TEXT NOT NULL,
     state TEXT NOT NULL, is_suspended INTEGER NOT NULL DEFAULT 0, jdl TEXT NOT NULL, price REAL NOT NULL, cores INTEGER NOT NULL,
     site TEXT, host TEXT, agent_id TEXT, run INTEGER NOT NULL DEFAULT 0, wait_until INTEGER, submitted_at INTEGER NOT NULL,
     started_at INTEGER, ended_at INTEGER, exit_code INTEGER, cpu_s REAL NOT NULL DEFAULT 0, wall_s REAL NOT NULL DEFAULT 0,
     why TEXT) STRICT;
   CREATE INDEX job_state ON job (state);
   CREATE INDEX job_user ON job (user);
   CREATE INDEX job_master ON job (master_id) WHERE master_id IS NOT NULL;
   CREATE TABLE job_trace (
     line INTEGER PRIMARY KEY AUTOINCREMENT, job_id INTEGER NOT NULL, at INTEGER NOT NULL, tag TEXT NOT NULL, text TEXT NOT NULL) STRICT;
   CREATE INDEX job_trace_job ON job_trace (job_id);`,
  `ALTER TABLE job ADD COLUMN wants TEXT NOT NULL DEFAULT '';
   ALTER TABLE job ADD COLUMN memory_bytes REAL NOT NULL DEFAULT 0;
   ALTER TABLE job ADD COLUMN cost REAL NOT NULL DEFAULT 0;
   ALTER TABLE job ADD COLUMN resubmissions INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE job ADD COLUMN losses INTEGER NOT NULL DEFAULT 0;
   DROP INDEX job_master;
   CREATE INDEX job_part ON job (master_id, state) WHERE master_id IS NOT NULL;
   CREATE INDEX job_open_part ON job (master_id) WHERE master_id IS NOT NULL AND ended_at IS NULL;
   CREATE TABLE job_usage (
     user TEXT NOT NULL, hour INTEGER NOT NULL, core_s REAL NOT NULL, cpu_cost REAL NOT NULL,
     PRIMARY KEY (user, hour)) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE token (
     token_id TEXT PRIMARY KEY, user TEXT NOT NULL, role TEXT NOT NULL, note TEXT NOT NULL, issued_by TEXT NOT NULL,
     issued_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, revoked_at INTEGER) STRICT;
   CREATE INDEX token_user ON token (user);
   ALTER TABLE site ADD COLUMN banned TEXT;`,
  `ALTER TABLE pilot ADD COLUMN errand_hash TEXT;
   CREATE TABLE request (
     request_id TEXT PRIMARY KEY, user TEXT NOT NULL, dataset TEXT, workers INTEGER NOT NULL, sites TEXT NOT NULL,
     made_at INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT;`,
  `ALTER TABLE agent ADD COLUMN former_hash TEXT;
   ALTER TABLE agent ADD COLUMN token_expires_at INTEGER;`,
  `CREATE TABLE cpu_counter (
     agent_id TEXT NOT NULL, process TEXT NOT NULL, cpu_s REAL NOT NULL, told_at INTEGER NOT NULL,
     PRIMARY KEY (agent_id, process)) STRICT, WITHOUT ROWID;
   CREATE TABLE cpu_use (
     day INTEGER NOT NULL, user TEXT NOT NULL, slot TEXT NOT NULL, site TEXT NOT NULL, kind TEXT NOT NULL, cpu_s REAL NOT NULL,
     PRIMARY KEY (day, user, slot, kind)) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE site_copy (
     request_id TEXT NOT NULL, site TEXT NOT NULL, lfn TEXT NOT NULL, user TEXT NOT NULL, se TEXT NOT NULL, bytes INTEGER NOT NULL,
     state TEXT NOT NULL, message TEXT, made_at INTEGER NOT NULL,
     PRIMARY KEY (request_id, site, lfn)) STRICT;
   CREATE INDEX site_copy_waiting ON site_copy (made_at) WHERE state = 'waiting';`,
  `ALTER TABLE job ADD COLUMN wait_ms INTEGER;
   UPDATE job SET wait_ms = wait_until - submitted_at WHERE wait_until IS NOT NULL;
   ALTER TABLE job ADD COLUMN merge_of INTEGER;
   CREATE INDEX job_merge ON job (merge_of) WHERE merge_of IS NOT NULL;
   CREATE TABLE job_output (
     job_id INTEGER NOT NULL, lfn TEXT NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (job_id, lfn)) STRICT, WITHOUT ROWID;
   ALTER TABLE job_usage ADD COLUMN output_files INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE job_usage ADD COLUMN output_bytes INTEGER NOT NULL DEFAULT 0;`,
  `ALTER TABLE pilot ADD COLUMN by_hand INTEGER NOT NULL DEFAULT 0;`,
  `CREATE TABLE job_bar (
     key TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, until INTEGER NOT NULL, why TEXT NOT NULL, times INTEGER NOT NULL) STRICT;`,
  `ALTER TABLE agent ADD COLUMN returns_within_ms INTEGER NOT NULL DEFAULT 0;`,
];

/** Looked through at each start up to this length, about a second's worth; a longer one is trusted. */
const MOST_CHECKED_BYTES = 1024 ** 3;
const DAMAGED = ['SQLITE_CORRUPT', 'SQLITE_NOTADB'];

/**
 * What a crash leaves of the last writes is recovered by SQLite (checksums of its WAL); damage elsewhere is refused.
 * @param file a path, or ':memory:' in unit tests. @throws {StateDirError}
 */
export function openStateDb(file: string): Database.Database {
  let db: Database.Database;
  try {
    db = new Database(file);
    if (file !== ':memory:') refuseDamaged(db, file);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.pragma('busy_timeout = 5000');
    const version = db.pragma('user_version', { simple: true }) as number;
    if (version > MIGRATIONS.length)
      throw new StateDirError(
        `${file} was written by a newer ProxyServer (version ${version}, this one knows ${MIGRATIONS.length}). Use the newer one.`,
      );
    for (const [i, step] of MIGRATIONS.entries()) {
      if (i < version) continue;
      db.transaction(() => {
        db.exec(step);
        db.pragma(`user_version = ${i + 1}`);
      })();
    }
  } catch (cause) {
    if (cause instanceof StateDirError) throw cause;
    if (cause instanceof Database.SqliteError && DAMAGED.some((code) => cause.code.startsWith(code)))
      throw damaged(file, cause.message);
    throw new StateDirError(`Cannot open the state file ${file}: ${(cause as Error).message}.`, { cause });
  }
  return db;
}

function refuseDamaged(db: Database.Database, file: string): void {
  if (statSync(file).size > MOST_CHECKED_BYTES) return;
  const found = db.pragma('quick_check(1)', { simple: true }) as string;
  if (found !== 'ok') throw damaged(file, found);
}

const damaged = (file: string, what: string): StateDirError =>
  new StateDirError(
    `The state file ${file} is damaged (${what.replaceAll(/\s+/g, ' ').trim()}). Restore a backup, or move it away to begin anew: ` +
      'its sessions, jobs and pilots are forgotten then, results stay in the directory "sessions" beside it.',
  );

/**
 * For what comes by message: when the disk is full or fails, the news that could not be written is lost to the listings and told in
 * the log; sessions and agents go on.
 */
export function surviving(log: Logger, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
    log.error(`the state file cannot be written: ${error.message}`, { code: error.code });
  }
}

/** Made before any process that runs users' code starts: what is hidden from it is looked up then, a folder that came later would be seen. */
export const STATE_FOLDERS = ['log', 'sessions', 'pilots', 'jobs', 'catalog', 'packages'];

/** Makes the directory for this user alone. @throws {StateDirError} */
export function makeStateDir(stateDir: string): void {
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    for (const part of STATE_FOLDERS) mkdirSync(join(stateDir, part), { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new StateDirError(
      `Cannot write to the state directory ${stateDir}: ${(cause as Error).message}. Choose another "stateDir", or its owner.`,
      { cause },
    );
  }
}

export interface StateLock {
  release(): void;
}

/** Who runs on this state directory: `pid start` of a living process, or undefined. */
export function lockHolder(stateDir: string): number | undefined {
  try {
    const [pid, start] = readFileSync(join(stateDir, 'proxy.lock'), 'utf8').trim().split(' ');
    return isSameProcess(Number(pid), start ?? null) ? Number(pid) : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** One ProxyServer a state directory. A lock whose process is dead is taken over. @throws {StateDirError} */
export function lockStateDir(stateDir: string): StateLock {
  const file = join(stateDir, 'proxy.lock');
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const fd = openSync(file, 'wx', 0o600);
      writeSync(fd, `${process.pid} ${startTimeOf(process.pid) ?? ''}\n`);
      closeSync(fd);
      return { release: () => rmSync(file, { force: true }) };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new StateDirError(`Cannot write to the state directory ${stateDir}: ${(cause as Error).message}.`, {
          cause,
        });
      const holder = lockHolder(stateDir);
      if (holder !== undefined)
        throw new StateDirError(
          `A ProxyServer (process ${holder}) already runs on ${stateDir}. Stop it, or use another "stateDir".`,
          { cause },
        );
      rmSync(file, { force: true });
    }
  }
  throw new StateDirError(`Another ProxyServer is just starting on ${stateDir}.`);
}
