import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { expect } from 'chai';
import { removeQueryFiles } from '../../../proxy-server/query-files.js';
import { SessionStore } from '../../../proxy-server/session-store.js';
import { openStateDb } from '../../../proxy-server/state-db.js';

describe('proxy-server: files of queries', () => {
  let folder: string;
  let db: Database.Database;
  let records: SessionStore;
  const directory = (): string => join(folder, 's-1-1');
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-files-'));
    db = openStateDb(':memory:');
    records = new SessionStore(db);
    records.add({
      ...{ sessionId: 's-1-1', user: 'ada', title: '', state: 'running', directory: directory(), socket: '/s' },
      ...{ pid: 1, pidStart: null, maxWorkers: null, startedAt: 1, endedAt: null, why: null },
    });
    for (const name of ['q1', 'q2', 'programs']) {
      mkdirSync(join(directory(), name), { recursive: true });
      writeFileSync(join(directory(), name, 'file'), '');
    }
  });
  afterEach(() => {
    db.close();
    rmSync(folder, { recursive: true });
  });

  it('go with their query, and those of a session that is over with its last query', async () => {
    records.end('s-1-1', 'idle', 2);
    await removeQueryFiles(records, 's-1-1:q1');
    expect(['q1', 'q2', 'programs'].map((name) => existsSync(join(directory(), name)))).to.deep.equal([
      false,
      true,
      true,
    ]);
    await removeQueryFiles(records, 's-1-1:q2');
    expect(existsSync(directory())).to.equal(false);
    await removeQueryFiles(records, 's-1-1:q2'); // again: nothing is there
    await removeQueryFiles(records, 'unknown-1-1:q1');
  });

  it('leave a session that goes on what it needs', async () => {
    await removeQueryFiles(records, 's-1-1:q1');
    await removeQueryFiles(records, 's-1-1:q2');
    expect(existsSync(join(directory(), 'programs', 'file'))).to.equal(true);
  });
});
