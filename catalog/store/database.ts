/**
 * The catalog's one SQLite file: opened with its pragmas, brought to the present schema, or refused.
 *
 * WAL: readers never wait for the writer. A file of another program, of a newer version, or damaged is refused and left as it is.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { GridError } from '../../protocol/errors.js';
import { MIGRATIONS } from './migrations.js';

/** "PGcT" in the header of our files (SQLite's PRAGMA application_id). */
const APPLICATION_ID = 0x50476354;
const CACHE_KIB = 64 * 1024;
/** Looked through at each start up to this length, a fraction of a second's worth; a longer one only by `proof catalog check`. */
const MOST_CHECKED_BYTES = 256 * 1024 ** 2;

export class ForeignDatabaseError extends GridError {
  readonly code = 'CATALOG_FOREIGN_DATABASE';
}
export class NewerDatabaseError extends GridError {
  readonly code = 'CATALOG_NEWER_DATABASE';
}
export class DamagedDatabaseError extends GridError {
  readonly code = 'CATALOG_DAMAGED';
}
export class DiskFullError extends GridError {
  readonly code = 'CATALOG_DISK_FULL';
  override readonly retryable = true;
}

export interface NewOwner {
  /** Owner and group of `/` in a new file. */
  readonly owner: string;
  readonly group: string;
}

/** Opens for writing; makes or upgrades the file. `:memory:` in tests, which also bring a later schema. */
export function openDatabase(
  path: string,
  root: NewOwner,
  nowMs: number,
  migrations: readonly string[] = MIGRATIONS,
): Database.Database {
  return guarded(path, () => {
    const isNew = path === ':memory:' || !existsSync(path);
    const db = new Database(path);
    try {
      db.pragma('busy_timeout = 10000');
      const version = versionOf(db, path, isNew, migrations.length);
      if (!isNew) refuseDamaged(db, path);
      if (version < migrations.length || isNew) {
        db.pragma('journal_mode = WAL');
        db.pragma('foreign_keys = OFF');
        db.transaction(() => migrate(db, version, { migrations, root, nowMs })).immediate();
      }
      setUp(db);
      db.pragma('synchronous = NORMAL');
      db.pragma('wal_autocheckpoint = 4000');
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** A connection that only reads, beside the writer's. */
export function openReader(path: string): Database.Database {
  return guarded(path, () => {
    const db = new Database(path, { fileMustExist: true });
    setUp(db);
    db.pragma('query_only = ON');
    return db;
  });
}

function refuseDamaged(db: Database.Database, path: string): void {
  if (statSync(path).size > MOST_CHECKED_BYTES) return;
  const found = db.pragma('quick_check(1)', { simple: true }) as string;
  if (found !== 'ok') throw damaged(path, found);
}

function setUp(db: Database.Database): void {
  db.pragma('busy_timeout = 10000');
  db.pragma(`cache_size = -${CACHE_KIB}`);
  db.pragma(`mmap_size = ${2 ** 33}`);
  db.pragma('foreign_keys = ON');
  db.pragma('temp_store = MEMORY');
}

function versionOf(db: Database.Database, path: string, isNew: boolean, known: number): number {
  const application = db.pragma('application_id', { simple: true }) as number;
  const version = db.pragma('user_version', { simple: true }) as number;
  const tables = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM sqlite_schema').get()!.n;
  if (!isNew && tables > 0 && application !== APPLICATION_ID)
    throw new ForeignDatabaseError(`${path} is a database of another program. Choose another stateDir.`);
  if (version > known)
    throw new NewerDatabaseError(
      `${path} was written by a newer catalog (schema ${version}; this one knows ${known}). Update this program.`,
    );
  return version;
}

function migrate(
  db: Database.Database,
  from: number,
  { migrations, root, nowMs }: { migrations: readonly string[]; root: NewOwner; nowMs: number },
): void {
  for (const sql of migrations.slice(from)) db.exec(sql);
  db.pragma(`application_id = ${APPLICATION_ID}`);
  db.pragma(`user_version = ${migrations.length}`);
  if (from > 0) return;
  db.prepare("INSERT INTO setting VALUES ('identity', ?)").run(randomBytes(4).toString('hex'));
  const word = db.prepare('INSERT OR IGNORE INTO word (text) VALUES (?)');
  word.run(root.owner);
  word.run(root.group);
  const directory = db.prepare(`INSERT INTO directory (id, parent, name, owner, grp, mode, created)
    VALUES (?, ?, ?, (SELECT id FROM word WHERE text = ?), (SELECT id FROM word WHERE text = ?), ?, ?)`);
  directory.run(1, 0, '/', root.owner, root.group, 0o755, nowMs);
  directory.run(2, 1, 'datasets/', root.owner, root.group, 0o1777, nowMs); // where data sets without a path live
  directory.run(3, 0, 'removed/', root.owner, root.group, 0, nowMs);
}

/** SQLite's own errors as sentences: what is wrong with the file. */
export function guarded<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw storeError(error, path);
  }
}

export function storeError(error: unknown, path: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  if (error.code === 'SQLITE_NOTADB')
    return new ForeignDatabaseError(`${path} is no SQLite database. Choose another stateDir.`, { cause: error });
  if (error.code.startsWith('SQLITE_CORRUPT')) return damaged(path, error.message, error);
  if (error.code === 'SQLITE_FULL' || error.code === 'SQLITE_IOERR_WRITE')
    return new DiskFullError(
      `The disk of ${path} is full; what was to be written is not kept. Make room and try again.`,
      {
        cause: error,
      },
    );
  if (error.code === 'SQLITE_CANTOPEN')
    return new ForeignDatabaseError(`Cannot open ${path}: no permission, or no such directory.`, { cause: error });
  return error;
}

const damaged = (path: string, what: string, cause?: Error): DamagedDatabaseError =>
  new DamagedDatabaseError(
    `${path} is damaged (${what.replaceAll(/\s+/g, ' ').trim()}). Restore a backup of it.`,
    cause === undefined ? {} : { cause },
  );
