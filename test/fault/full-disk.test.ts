/** A disk without room and a worker's last words: the query goes on to the same bits, or says what is missing. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { Gate } from '../support/gate.js';
import { outputsOf, SessionHarness, selector } from '../support/session-harness.js';
import { skipBecause } from '../support/summary-reporter.js';

const EVENTS = 20_000;
const source = (body: string): string => `
import { Selector } from 'proof-grid';
export default class Fault extends Selector {
  override branches = ['mu1_pt'];
  pt = this.h1('pt', 'pt', 50, 0, 200);
  seen = this.counter('seen');
  override process(entry: number): void {
    this.pt.fill(this.columns.mu1_pt.at(entry), this.random.uniform());
    this.seen.add(1);
    ${body}
  }
}`;

describe('fault: workers and disks', () => {
  let running: SessionHarness | undefined;
  let dataset: string[];
  const start = async (nworkers: number, parent?: string): Promise<SessionHarness> => {
    const started = await SessionHarness.start(nworkers, parent);
    running = started;
    const path = join(started.folder, 'data.root');
    await writeDimuonFile(path, { seed: 1, run: 1, events: EVENTS, firstEvent: 0 });
    dataset = [pathToFileURL(path).href];
    return started;
  };
  const stop = async (): Promise<void> => {
    const started = running;
    running = undefined;
    await started?.stop();
  };
  afterEach(stop);
  const whole = { total: EVENTS, done: EVENTS, failed: 0, missing: 0 };

  it('a failing entry is told with the last that its worker printed, and the number of its packet', async () => {
    const harness = await start(1);
    const client = await harness.client();
    const body = `if (entry === 5) { console.log('before the end'); throw new Error('odd'); }`;
    const { result } = await client.query(await selector(harness.folder, source(body)), dataset, { entries: 100 });
    expect(result.failures[0]).to.include({ entry: 5, output: 'before the end\n'.repeat(3) });
    expect(result.failures[0]?.packet).to.be.a('number');
  });

  it('a full disk makes the query wait until there is room, and then it is whole', async function () {
    const disk = mkdtempSync(join(tmpdir(), 'proof-disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'proof-test', disk], { stdio: 'ignore' });
    } catch {
      rmSync(disk, { recursive: true });
      skipBecause(this, 'no file system of its own can be mounted here');
    }
    try {
      const harness = await start(2, disk);
      const client = await harness.client();
      const undisturbed = await client.query(await selector(harness.folder, source('')), dataset);
      const gate = new Gate(join(harness.folder, 'gate'));
      const queryId = await client.submit(await selector(harness.folder, source(gate.pace(2))), dataset);
      await client.hear('progress', (m) => m.queryId === queryId && m.entries.done > 1000);
      const filler = join(disk, 'filler');
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(filler, Buffer.alloc(bavail * bsize));
      await client.hear('notice', ({ text }) => text.includes('disk is full'));
      rmSync(filler);
      gate.open();
      const answer = await client.answer(queryId);
      expect(answer.result.entries).to.deep.equal(whole);
      expect(outputsOf(answer)).to.equal(outputsOf(undisturbed));
    } finally {
      await stop();
      execFileSync('umount', [disk]);
      rmSync(disk, { recursive: true });
    }
  });
});
