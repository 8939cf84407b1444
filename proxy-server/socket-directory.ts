/**
 * Where the masters' Unix sockets are. A socket's path may have about 107 bytes (unix(7), sun_path), so names are short and a state
 * directory with a long path gets a directory under the system's temporary one, for this user alone, remembered in the state file.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Database from 'better-sqlite3';

/** sun_path has 108 bytes with its final zero on Linux, 104 elsewhere. */
const LONGEST_PATH = 100;
const LONGEST_NAME = 'xxxxxxxx.s';

export function socketDirectory(stateDir: string, db: Database.Database): string {
  const own = join(stateDir, 's');
  if (Buffer.byteLength(join(own, LONGEST_NAME)) <= LONGEST_PATH) {
    mkdirSync(own, { recursive: true, mode: 0o700 });
    return own;
  }
  const remembered = db
    .prepare<[], { value: string }>(`SELECT value FROM setting WHERE name = 'socketDirectory'`)
    .get()?.value;
  if (remembered !== undefined && existsSync(remembered)) return remembered;
  const made = mkdtempSync(join(tmpdir(), 'proof-s-'));
  chmodSync(made, 0o700);
  db.prepare(`INSERT OR REPLACE INTO setting (name, value) VALUES ('socketDirectory', ?)`).run(made);
  return made;
}

/** After a clean stop nobody will look for a temporary one again. */
export function removeSocketDirectory(directory: string, stateDir: string): void {
  if (!directory.startsWith(stateDir)) rmSync(directory, { recursive: true, force: true });
}
