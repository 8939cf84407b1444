/** Masters that end, or hang, before they have their session. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import type { Launcher } from '../../../isolation/launcher.js';
import { createLogger } from '../../../protocol/log.js';
import { MasterNursery, type MasterProcess } from '../../../proxy-server/master-nursery.js';
import { ManualClock } from '../../support/manual-clock.js';

const open: Launcher = {
  facts: { by: 'nothing', network: 'full', why: 'a test' },
  words: (command) => [...command],
  hide: () => false,
};

describe('proxy-server: nursery of masters', () => {
  let folder: string;
  let clock: ManualClock;
  let nursery: MasterNursery;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-nursery-'));
    for (const name of ['sessions', 'sockets']) mkdirSync(join(folder, name));
    clock = new ManualClock();
    nursery = new MasterNursery({
      ...{ size: 1, logFile: join(folder, 'masters.log'), sessions: join(folder, 'sessions'), clock },
      ...{ socketDir: join(folder, 'sockets'), launcher: open, isBusy: () => false },
      log: createLogger({ program: 'test', level: 'error', file: null, terminal: false }),
    });
    nursery.fill();
  });
  afterEach(() => {
    nursery.close();
    rmSync(folder, { recursive: true });
  });
  /** Ended, and known to its parent. */
  const over = async ({ pid }: MasterProcess): Promise<void> => {
    while (existsSync(`/proc/${pid}`)) await pause(5);
  };
  const failureOf = (adoption: Promise<void>): Promise<string> =>
    adoption.then(
      () => 'none',
      ({ message }: Error) => message,
    );

  it('tells of one that a signal has ended before it was told its session', async () => {
    const master = await nursery.take();
    process.kill(master.pid, 'SIGKILL');
    await over(master);
    expect(await failureOf(master.adopt())).to.equal('its process ended before it began');
    expect(clock.pending, 'but the refill').to.equal(1);
  });

  it('gives one up, and ends it, that does not listen within a minute', async () => {
    const master = await nursery.take();
    process.kill(master.pid, 'SIGSTOP');
    const failure = failureOf(master.adopt());
    clock.advance(60_000);
    expect(await failure).to.equal('it does not listen after 60 s');
    await over(master);
  });
});
