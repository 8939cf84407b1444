/**
 * The SQLite files of ProxyServer and catalog, killed while they write, with their last blocks torn as a crash of the machine may leave them:
 * they start on a state that once was. A file that is damaged elsewhere is refused with a sentence.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { z } from 'zod';
import { openDatabase, openReader } from '../../catalog/store/database.js';
import { checkDatabase } from '../../catalog/store/upkeep.js';
import { GridError } from '../../protocol/errors.js';
import { openStateDb } from '../../proxy-server/state-db.js';
import { TestCatalog } from '../support/catalog.js';
import { run } from '../support/cluster.js';
import { TestProxy } from '../support/proxy-server.js';
import { TEARS } from '../support/torn-bytes.js';

const WRITES = 25;
const PAGE = 4096;
/** Not a divisor of anything: tears begin everywhere within frames and sectors. */
const STEP = 6007;
/** Frames of the log where others belong. */
const shifted = (bytes: Buffer): Buffer => Buffer.concat([bytes.subarray(3 * (PAGE + 24)), bytes]);

/** A database file of a daemon that was killed, with its log. */
class Left {
  readonly #main: Buffer;
  readonly log: Buffer;
  constructor(readonly path: string) {
    this.#main = readFileSync(path);
    this.log = existsSync(`${path}-wal`) ? readFileSync(`${path}-wal`) : Buffer.alloc(0);
  }
  get pages(): number {
    return this.#main.length / PAGE;
  }
  /** At `path` again, or elsewhere, as a restart of the machine finds them: without the shared memory. */
  put(log: Buffer, path = this.path): void {
    rmSync(`${path}-shm`, { force: true });
    writeFileSync(path, this.#main);
    writeFileSync(`${path}-wal`, log);
  }
  putWithoutPage(page: number, path = this.path): void {
    this.put(this.log, path);
    writeFileSync(path, TEARS['zeros to the end of the page']!(this.#main, page * PAGE, this.#main));
  }
  /** With its log torn, all over it and in each way. */
  *torn(path: string): Iterable<string> {
    for (const [kind, tear] of Object.entries(TEARS))
      for (let at = 0; at < this.log.length; at += STEP) {
        this.put(tear(this.log, at, shifted(this.log)), path);
        yield `${kind} at byte ${at}`;
      }
  }
}

/** @returns how many there are, if they are the first ones */
function firstOnes(numbers: readonly number[], what: string): number {
  expect(numbers, what).to.deep.equal(Array.from({ length: numbers.length }, (_, i) => i + 1));
  return numbers.length;
}
/** Of each number of writes from none to all, some tear left it: tears that lose nothing or everything alone would show nothing. */
function isVaried(found: ReadonlySet<number>): void {
  expect([...found]).to.include.members([0, WRITES]);
  expect(found.size).to.be.greaterThan(WRITES / 2);
}

describe('fault: databases torn', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-torn-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  describe('of a ProxyServer', () => {
    let proxy: TestProxy;
    let left: Left;
    const submit = (): Promise<{ jobId: number }> =>
      proxy.call(z.object({ jobId: z.number() }), '/jobs', {
        method: 'POST',
        body: JSON.stringify({ jdl: 'Executable = "/bin/true";' }),
      });
    const jobs = async (): Promise<number[]> =>
      (await proxy.call(z.array(z.object({ jobId: z.number() })), '/jobs'))
        .map(({ jobId }) => jobId)
        .sort((a, b) => a - b);

    before(async () => {
      proxy = await new TestProxy('sites: []\n').start();
      for (let i = 0; i < WRITES; i++) await submit();
      await proxy.kill();
      left = new Left(join(proxy.stateDir, 'proxy.db'));
    });
    after(() => proxy?.stop());

    it('are a state that once was, wherever its log is torn: the first jobs, each with the trace of its queue', () => {
      const path = join(folder, 'proxy.db');
      const found = new Set<number>();
      for (const what of left.torn(path)) {
        const db = openStateDb(path);
        const ids = db.prepare<[], number>('SELECT job_id FROM job ORDER BY job_id').pluck().all();
        found.add(firstOnes(ids, what));
        const untraced = 'SELECT count(*) FROM job WHERE job_id NOT IN (SELECT job_id FROM job_trace)';
        expect(db.prepare<[], number>(untraced).pluck().get(), what).to.equal(0);
        db.close();
      }
      isVaried(found);
    });

    for (const [kind, part] of [
      ['zeros to the end of the page', 0.5],
      ['one bit turned over', 0.8],
      ['old bytes to the end of the sector', 0.95],
      ['cut', 0.3],
    ] as const)
      it(`serve on (${kind})`, async () => {
        left.put(TEARS[kind]!(left.log, Math.floor(left.log.length * part), shifted(left.log)));
        await proxy.start();
        const before = firstOnes(await jobs(), kind);
        expect(before).to.be.lessThan(WRITES);
        const { jobId } = await submit();
        expect(await jobs()).to.deep.equal([...Array.from({ length: before }, (_, i) => i + 1), jobId]);
        await proxy.kill();
      });

    it('refuse a file that is damaged elsewhere, with one sentence and without a change', async () => {
      left.put(left.log);
      await proxy.start();
      await proxy.end();
      const whole = new Left(left.path);
      const path = join(folder, 'damaged.db');
      let refused = 0;
      for (let page = 0; page < whole.pages; page++) {
        whole.putWithoutPage(page, path);
        try {
          openStateDb(path).close();
        } catch (error) {
          expect(error).to.be.instanceOf(GridError).with.property('code', 'PROXY_STATE_DIR');
          expect((error as Error).message)
            .to.match(/is damaged \(.*Restore a backup/)
            .and.not.contain('\n');
          refused++;
        }
      }
      expect(refused).to.be.greaterThan(whole.pages * 0.9);
      for (const page of [0, 2]) {
        whole.putWithoutPage(page);
        const before = readFileSync(whole.path);
        const { status, stderr } = await run(['proxy', 'start', '--config', proxy.configFile]);
        expect(status).to.equal(1);
        expect(stderr.trim())
          .to.match(/is damaged \(.*Restore a backup.*\[PROXY_STATE_DIR\]$/)
          .and.not.contain('\n');
        expect(readFileSync(whole.path).equals(before)).to.equal(true);
      }
    });
  });

  describe('of a catalog', () => {
    const catalog = new TestCatalog();
    let left: Left;
    const name = (i: number): string => `/torn/f${String(i).padStart(4, '0')}`;
    const number = (lfn: string): number => Number(lfn.slice(-4));

    before(async () => {
      await catalog.start();
      await catalog.grid().mkdir('/torn');
      for (let i = 1; i <= WRITES; i++)
        await catalog.grid().register([{ lfn: name(i), replicas: [{ url: `root://se//${i}` }] }]);
      await catalog.end('SIGKILL');
      left = new Left(catalog.database);
    });
    after(() => catalog.stop());

    it('are a state that once was, and sound, wherever its log is torn: the first files, each with its replica', () => {
      const path = join(folder, 'catalog.db');
      const found = new Set<number>();
      for (const what of left.torn(path)) {
        openDatabase(path, { owner: 'a', group: 'a' }, 0).close();
        const db = openReader(path);
        const files = db.prepare<[], string>('SELECT name FROM file ORDER BY name').pluck().all();
        found.add(firstOnes(files.map(number), what));
        db.close();
        expect(checkDatabase(path), what).to.deep.equal({ isSound: true, problems: [] });
      }
      isVaried(found);
    });

    for (const [kind, part] of [
      ['zeros to the end of the page', 0.6],
      ['one bit turned over', 0.9],
    ] as const)
      it(`serve on (${kind})`, async () => {
        left.put(TEARS[kind]!(left.log, Math.floor(left.log.length * part), shifted(left.log)));
        await catalog.start();
        const before = firstOnes(
          (await catalog.grid().glob('/torn/*')).map(({ lfn }) => number(lfn)),
          kind,
        );
        expect(before).to.be.lessThan(WRITES);
        await catalog.grid().register([{ lfn: name(before + 1), replicas: [{ url: 'root://se//again' }] }]);
        expect((await catalog.proof('catalog', 'check')).stdout).to.equal('sound\n');
        await catalog.end('SIGKILL');
      });

    it('refuse a file that is damaged elsewhere, with one sentence and without a change', async () => {
      left.put(left.log);
      await catalog.start();
      await catalog.end();
      const whole = new Left(left.path);
      const path = join(folder, 'damaged-catalog.db');
      let refused = 0;
      for (let page = 0; page < whole.pages; page++) {
        whole.putWithoutPage(page, path);
        try {
          openDatabase(path, { owner: 'a', group: 'a' }, 0).close();
        } catch (error) {
          expect(error).to.be.instanceOf(GridError);
          expect((error as GridError).code).to.be.oneOf(['CATALOG_DAMAGED', 'CATALOG_FOREIGN_DATABASE']);
          refused++;
        }
      }
      expect(refused).to.be.greaterThan(whole.pages * 0.9);
      whole.putWithoutPage(2);
      const before = readFileSync(whole.path);
      const words = String(await catalog.start().catch((error: Error) => error.message));
      expect(words).to.match(/ended with 1: .*is damaged \(.*Restore a backup of it\. \[CATALOG_DAMAGED\]\n$/);
      expect(readFileSync(whole.path).equals(before)).to.equal(true);
      whole.put(whole.log);
    });
  });
});
