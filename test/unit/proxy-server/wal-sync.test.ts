import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openStateDb } from '../../../proxy-server/state-db.js';
import { WalSync } from '../../../proxy-server/wal-sync.js';

describe('proxy-server: what was committed, on disk', () => {
  it('is waited for on the log that the database writes, by one wait for all calls of a moment, and by none after the end', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'proof-wal-'));
    const file = join(folder, 'state.db');
    const db = openStateDb(file);
    const sync = new WalSync(db.name);
    const opened = (): number =>
      readdirSync('/proc/self/fd').filter((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`) === `${file}-wal`;
        } catch {
          return false; // the listing's own
        }
      }).length;
    const before = opened();
    const [first, second] = [sync.durable(), sync.durable()];
    expect(first).to.equal(second);
    await first;
    expect(sync.durable()).not.to.equal(first);
    await sync.durable();
    expect(opened()).to.equal(before + 1);
    await sync.close();
    expect(opened()).to.equal(before);
    await sync.durable();
    expect(opened()).to.equal(before);
    db.close();
    rmSync(folder, { recursive: true });
    await new WalSync(':memory:').durable();
  });
});
