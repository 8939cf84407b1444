/** Backup and integrity of the database, each on a connection of its own, so that the service goes on. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { BadValueError, NameExistsError } from '../errors.js';
import { guarded, storeError } from './database.js';

/** An online copy at `target`, which appears when it is complete. @throws {NameExistsError} the file is there already */
export async function backupTo(databasePath: string, target: string): Promise<{ file: string; pages: number }> {
  if (existsSync(target)) throw new NameExistsError(target, 'a backup does not overwrite; choose another file');
  if (!existsSync(dirname(target)))
    throw new BadValueError(target, 'file for a backup', "that is in a directory of the catalog's machine");
  const db = new Database(databasePath, { readonly: true });
  const part = `${target}.part`;
  try {
    const { totalPages } = await db.backup(part);
    renameSync(part, target);
    return { file: target, pages: totalPages };
  } catch (error) {
    rmSync(part, { force: true });
    throw storeError(error, target);
  } finally {
    db.close();
  }
}

export interface CheckReport {
  readonly isSound: boolean;
  /** What is wrong, at most a hundred lines. */
  readonly problems: readonly string[];
}

/** SQLite's own integrity check, foreign keys, and that every path leads to the root. Of an open or a closed database. */
export function checkDatabase(databasePath: string): CheckReport {
  return guarded(databasePath, () => {
    const db = new Database(databasePath, { readonly: true, fileMustExist: true });
    try {
      const integrity = db.pragma('integrity_check(100)') as { integrity_check: string }[];
      const problems = integrity.map((row) => row.integrity_check).filter((text) => text !== 'ok');
      if (problems.length === 0)
        for (const row of (db.pragma('foreign_key_check') as { table: string; rowid: number; parent: string }[]).slice(
          0,
          100,
        ))
          problems.push(`row ${row.rowid} of ${row.table} points to no ${row.parent}`);
      if (problems.length === 0) problems.push(...orphans(db));
      return { isSound: problems.length === 0, problems };
    } finally {
      db.close();
    }
  });
}

/** Directories that no path from the root reaches. */
function orphans(db: Database.Database): string[] {
  const lost = db
    .prepare<[], number>(
      `WITH RECURSIVE reached (id) AS (SELECT id FROM directory WHERE parent = 0
         UNION ALL SELECT d.id FROM directory d JOIN reached r ON d.parent = r.id)
       SELECT (SELECT count(*) FROM directory) - (SELECT count(*) FROM reached)`,
    )
    .pluck()
    .get();
  return lost === 0 || lost === undefined ? [] : [`${lost} directories cannot be reached from the root`];
}
