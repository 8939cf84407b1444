/** Workers whose user code leaves them no time for anything else, and workers that are really gone. */
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { startCluster } from '../support/cluster.js';
import { Gate } from '../support/gate.js';
import { SessionHarness, selector } from '../support/session-harness.js';

const EVENTS = 20_000;
const SELECTOR = `
import { Selector } from 'proof-grid';
export default class Busy extends Selector {
  override branches = ['mu1_pt'];
  seen = this.counter('seen');
  override process(entry: number): void {
    BODY
    this.seen.add(1);
  }
}`;
const writeEvents = (path: string, events: number): Promise<unknown> =>
  writeDimuonFile(path, { seed: 1, run: 1, events, firstEvent: 0 });

describe('a busy worker', () => {
  it('is not taken for dead, however long one entry takes; one that is stopped is', async () => {
    const workerSilentMs = 5_000;
    const harness = await SessionHarness.start(1, tmpdir(), { workerSilentMs });
    try {
      const path = join(harness.folder, 'a.root');
      await writeEvents(path, EVENTS);
      const file = pathToFileURL(path).href;
      const client = await harness.client();
      const long = `if (entry === 7) { const end = performance.now() + ${4 * workerSilentMs}; while (performance.now() < end); }`;
      const { result } = await client.query(await selector(harness.folder, SELECTOR.replace('BODY', long)), [file]);
      expect(result.entries).to.include({ done: EVENTS, failed: 0 });
      const log = (): string => readFileSync(join(harness.folder, 'master.log'), 'utf8');
      expect(log()).not.to.contain('silent');

      const gate = new Gate(join(harness.folder, 'gate'));
      const queryId = await client.submit(await selector(harness.folder, SELECTOR.replace('BODY', gate.pace(2))), [
        file,
      ]);
      await client.hear('progress', (m) => m.queryId === queryId && m.entries.done > 0);
      const [stopped] = harness.workers;
      stopped!.process.kill('SIGSTOP');
      await harness.addWorker();
      gate.open();
      const answer = await client.answer(queryId);
      stopped!.process.kill('SIGKILL');
      expect(answer.result.entries).to.include({ done: EVENTS, failed: 0 });
      while (!/worker link closed.*silent for/.test(log())) await new Promise((resolve) => setTimeout(resolve, 20));
    } finally {
      await harness.stop();
    }
  });

  it('that never comes back from an entry is ended after packetLimitS, and the entry is set aside', async () => {
    const cluster = await startCluster({ pilots: 1, proxyConfig: 'packetLimitS: 8\n' });
    try {
      const place = (name: string): string => join(cluster.folder, name);
      await writeEvents(place('a.root'), 4);
      writeFileSync(place('loop.ts'), SELECTOR.replace('BODY', 'while (entry === 2);'));
      const words = ['run', place('loop.ts'), place('a.root'), '--host', 'here', '--max-attempts', '1'];
      const { status, stdout, stderr } = await cluster.proof(...words, '--json', '-');
      expect(status, stderr).to.equal(3);
      const { entries, failures } = JSON.parse(stdout) as {
        entries: object;
        failures: { entry: number; error: string }[];
      };
      expect(entries).to.deep.equal({ total: 4, done: 3, failed: 1, missing: 0 });
      expect(failures[0]!.entry).to.equal(2);
      expect(failures[0]!.error).to.contain('one packet ran for more than 8 s');
    } finally {
      await cluster.stop();
    }
  });
});
