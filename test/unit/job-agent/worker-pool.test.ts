/** Worker processes, with a small real program in the worker's place. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Launcher, prepareLauncher } from '../../../isolation/launcher.js';
import { CpuLedger } from '../../../job-agent/cpu-ledger.js';
import { WorkerPool } from '../../../job-agent/worker-pool.js';
import type { NodeFacts, WorkerReport } from '../../../protocol/agent-messages.js';
import { systemClock } from '../../../protocol/clock.js';
import { createLogger } from '../../../protocol/log.js';
import { isAlive } from '../../support/cluster.js';

const GOOD = `process.on('disconnect', () => process.exit(0));
process.on('message', (m) => {
  if (m.type === 'stop') process.exit(0);
  process.send({ type: 'attached', sessionId: m.sessionId });
});
process.send({ type: 'warm' });`;
const DEAF = `process.on('message', () => {}); process.send({ type: 'warm' });`;
const BROKEN = `console.error('no such library'); process.exit(3);`;
const LIAR = `process.on('message', () => process.send({ type: 'nonsense' })); process.send({ type: 'warm' });`;

const node: NodeFacts = {
  ...{ host: 'h', site: 'S', ce: null, storageDomain: null, closeSEs: [], cores: 1, memoryBytes: 1, diskBytes: 1 },
  ...{ platform: 'p', nodeVersion: 'v', wallTimeEnd: null, perf: 100 },
};

for (const isolation of ['never', 'preferred'] as const)
  describe(`job-agent: worker pool, isolation ${isolation}`, () => {
    let launcher: Launcher;
    before(async () => {
      launcher = await prepareLauncher({ isolation, network: 'full', hidePaths: [] }, process.env, tmpdir());
    });
    let folder: string;
    let pool: WorkerPool;
    let reports: WorkerReport[];
    let hopeless: string | undefined;
    let changed: () => void;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'proof-pool-'));
      reports = [];
      hopeless = undefined;
      changed = () => {};
    });
    afterEach(async () => {
      await pool.close('the test is over');
      rmSync(folder, { recursive: true });
    });
    const open = (program: string, n: number): void => {
      const file = join(folder, 'worker.cjs');
      writeFileSync(file, program);
      pool = new WorkerPool({
        ledger: new CpuLedger(),
        ...{ program: file, n, env: { PATH: process.env['PATH'] }, directory: folder, clock: systemClock },
        launcher,
        limits: { memoryBytes: 250 * 2 ** 20, scratchBytes: 2 ** 20 },
        log: createLogger({ program: 'agent', level: 'error', file: null, terminal: false }),
        onChange: (report) => {
          reports.push(report);
          changed();
        },
        onFreed: () => changed(),
        onTicketWanted: () => {},
        onHopeless: (why) => {
          hopeless = why;
          changed();
        },
      });
      pool.fill();
    };
    /** Settles when it is so; looked at after every report. */
    const until = (isSo: () => boolean): Promise<void> =>
      new Promise((resolve) => {
        changed = () => {
          if (isSo()) resolve();
        };
        changed();
      });
    /** What lies in a sandbox ends by the kernel's hand, a moment after the sandbox. */
    const ended = async (pid: number): Promise<void> => {
      while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
    };
    const phases = (): string[] => pool.reports().map((r) => r.phase);
    const attach = (workerId: string): boolean =>
      pool.attach({ workerId, sessionId: 's1', ticket: 't' }, { url: 'ws://h', node }, () => {});

    it('starts one process a core and tells when each is warm', async () => {
      open(GOOD, 2);
      expect(phases()).to.deep.equal(['starting', 'starting']);
      await until(() => phases().every((p) => p === 'warm'));
      expect(new Set(reports.map((r) => r.workerId)).size).to.equal(2);
    });

    it('attaches a warm worker once, and replaces it when it is released', async () => {
      open(GOOD, 1);
      await until(() => phases()[0] === 'warm');
      const { workerId, pid } = pool.reports()[0]!;
      expect(attach('w-other')).to.equal(false);
      expect(attach(workerId)).to.equal(true);
      await until(() => phases()[0] === 'attached');
      expect(attach(workerId)).to.equal(false);
      pool.release(workerId, 'done');
      await until(() => phases()[0] === 'warm' && pool.reports()[0]!.workerId !== workerId);
      expect(reports.filter((r) => r.phase === 'gone').map((r) => [r.pid, r.why])).to.deep.equal([[pid, 'done']]);
    });

    it('holds the core of a session until its process is really gone', async () => {
      open(DEAF, 1);
      await until(() => phases()[0] === 'warm');
      const { workerId, pid } = pool.reports()[0]!;
      let roomMade = false;
      pool.attach({ workerId, sessionId: 's1', ticket: 't' }, { url: 'ws://h', node }, () => {
        roomMade = pool.sessionCores === 1;
      });
      expect(roomMade).to.equal(true);
      pool.release(workerId, 'done');
      expect([pool.sessionCores, isAlive(pid!)]).to.deep.equal([1, true]);
      await until(() => pool.sessionCores === 0);
      await ended(pid!);
    });

    it('replaces a process that dies, or that says what no worker says', async () => {
      open(LIAR, 1);
      await until(() => phases()[0] === 'warm');
      const first = pool.reports()[0]!;
      process.kill(first.pid!, 'SIGKILL');
      await until(() => phases()[0] === 'warm' && pool.reports()[0]!.workerId !== first.workerId);
      const second = pool.reports()[0]!;
      attach(second.workerId);
      await until(() => phases()[0] === 'warm' && pool.reports()[0]!.workerId !== second.workerId);
      expect(reports.filter((r) => r.phase === 'gone').map((r) => r.why)).to.deep.equal([
        'its process ended (SIGKILL)',
        reports.find((r) => r.workerId === second.workerId && r.phase === 'gone')?.why,
      ]);
      expect(reports.find((r) => r.workerId === second.workerId && r.phase === 'gone')?.why).to.contain('nonsense');
    });

    it('ends a process that does not listen', async () => {
      open(DEAF, 1);
      await until(() => phases()[0] === 'warm');
      const { pid } = pool.reports()[0]!;
      await pool.close('enough');
      await ended(pid!);
    });

    it('ends a worker that passes its limits, by itself or by what it has started, though it does not listen', async () => {
      for (const [what, why] of [
        [`require('node:fs').writeFileSync('big', Buffer.alloc(3e6));`, 'MB to its scratch directory'],
        [
          `require('node:child_process').spawn(process.execPath, ['-e', 'const b = Buffer.alloc(4e8, 1); setInterval(() => b, 1e6)']);`,
          'MB of memory',
        ],
      ] as const) {
        open(
          `process.on('disconnect', () => process.exit(0)); process.on('message', () => { ${what} }); process.send({ type: 'warm' });`,
          1,
        );
        await until(() => phases()[0] === 'warm');
        const { workerId, pid } = pool.reports()[0]!;
        attach(workerId);
        await until(() => reports.some((r) => r.workerId === workerId && r.phase === 'gone'));
        expect(reports.find((r) => r.workerId === workerId && r.phase === 'gone')?.why).to.contain(why);
        await pool.close('next');
        await ended(pid!);
      }
    });

    it('gives up on a program that never gets warm, with its last words', async () => {
      open(BROKEN, 1);
      await until(() => hopeless !== undefined);
      expect(hopeless).to.contain('exit status 3').and.to.contain('no such library');
      expect(new Set(reports.map((r) => r.workerId)).size).to.equal(5);
    });
  });
