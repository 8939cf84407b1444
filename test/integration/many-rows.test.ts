/** Lists and ntuples of more rows than a message holds: on disk on the way, and the same rows in the same order whatever happens. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { openState } from '../../analysis/kept-state.js';
import { packState } from '../../analysis/merged-state.js';
import { MOST_INLINE_BYTES } from '../../protocol/session-messages.js';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { Gate } from '../support/gate.js';
import { outputsOf, SessionHarness, selector } from '../support/session-harness.js';

const EVENTS = 60_000;
const FILES = 3;
const ROWS = `
import { Selector } from 'proof-grid';
export default class Rows extends Selector {
  override branches = ['mu1_pt', 'mu2_pt'];
  muons = this.ntuple('muons', 'Every muon', { entry: 'int32', pt: 'float64', other: 'float64', random: 'float64' });
  seen = this.counter('seen');
  override process(entry: number): void {
    const [one, two] = [this.columns.mu1_pt.at(entry), this.columns.mu2_pt.at(entry)];
    this.muons.fill(entry, one, two, this.random.uniform());
    this.muons.fill(entry, two, one, 0);
    this.seen.add(1);
    BODY
  }
}`;
async function writeFiles(folder: string): Promise<string[]> {
  const paths = Array.from({ length: FILES }, (_, i) => join(folder, `dimuon-${i}.root`));
  for (const [i, path] of paths.entries())
    await writeDimuonFile(path, { seed: 1, run: 1, events: EVENTS, firstEvent: i * EVENTS });
  return paths;
}

describe('rows beyond a message', () => {
  it('survive the death of the master, and each stands there once', async () => {
    const harness = await SessionHarness.start(2);
    try {
      const dataset = (await writeFiles(harness.folder)).map((path) => pathToFileURL(path).href);
      const stateOf = async (queryId: string, { query }: { query: string }): Promise<Uint8Array> => {
        const increments: Uint8Array[] = [];
        for await (const one of openState([readFileSync(join(harness.folder, queryId, 'state.bin'))], query))
          increments.push(one);
        return packState(increments);
      };
      const client = await harness.client();
      const undisturbed = await client.query(await selector(harness.folder, ROWS.replace('BODY', '')), dataset);
      expect(undisturbed.state).to.equal(null);
      const expected = outputsOf({ state: await stateOf('q1', undisturbed.result) });
      const gate = new Gate(join(harness.folder, 'gate'));
      const held = `if (this.file!.position === ${FILES - 1} && entry > ${EVENTS / 2}) ${gate.wait}`;
      const queryId = await client.submit(await selector(harness.folder, ROWS.replace('BODY', held)), dataset);
      for (const part of [0.2, 0.6]) {
        const watcher = await harness.client();
        watcher.send({ type: 'attach', queryId, outputs: true });
        await watcher.hear('progress', (m) => m.queryId === queryId && m.entries.done > part * FILES * EVENTS);
        const { state } = await watcher.hear('outputs', (m) => m.queryId === queryId);
        expect(state.length, 'live feedback holds no rows').to.be.below(2000);
        expect(statSync(join(harness.folder, queryId, 'rows')).size).to.be.above(1_000_000);
        expect(statSync(join(harness.folder, queryId, 'journal')).size).to.be.below(1_000_000);
        await harness.killMaster();
        await harness.startMaster();
      }
      gate.open();
      const again = await harness.client();
      again.send({ type: 'attach', queryId, outputs: false });
      const { result } = await again.answer(queryId);
      expect(result.entries).to.include({ done: FILES * EVENTS, failed: 0, missing: 0 });
      expect(outputsOf({ state: await stateOf(queryId, result) }) === expected, 'the same rows').to.equal(true);
    } finally {
      await harness.stop();
    }
  });

  it('come to the client as a stream, and from the server or an archive again, to the same tree as --local', async () => {
    const cluster: Cluster = await startCluster({ pilots: 2 });
    try {
      const paths = await writeFiles(cluster.folder);
      await selector(cluster.folder, ROWS.replace('BODY', '')); // writes selector.ts
      const place = (name: string): string => join(cluster.folder, name);
      const proof = async (...words: string[]): Promise<string> => {
        const { status, stdout, stderr } = await cluster.proof(...words);
        expect(status, stderr).to.equal(0);
        return stdout;
      };
      /** Trees with checksums of all their columns. */
      const trees = async (file: string): Promise<string> => {
        const about = JSON.parse(await proof('root', 'inspect', file, '--json')) as Record<string, { trees: unknown }>;
        return JSON.stringify(Object.values(about)[0]!.trees);
      };
      const run = ['run', place('selector.ts'), ...paths, '--quiet'];
      const json = await proof(...run, '--host', 'here', '--output', place('pool.root'), '--json', '-');
      await proof(...run, '--local', '--output', place('local.root'));
      const { query, outputs } = JSON.parse(json) as { query: string; outputs: { entries?: number }[] };
      expect(outputs[0]!.entries).to.equal(2 * FILES * EVENTS);
      const expected = await trees(place('local.root'));
      expect(expected).to.contain('"pt"');
      expect(await trees(place('pool.root'))).to.equal(expected);
      await proof('retrieve', query, '--quiet', '--output', place('again.root'));
      expect(await trees(place('again.root'))).to.equal(expected);
      await proof('archive', query, place('kept'));
      expect(statSync(place('kept')).size).to.be.above(MOST_INLINE_BYTES);
      await proof('retrieve', place('kept'), '--quiet', '--output', place('archived.root'));
      expect(await trees(place('archived.root'))).to.equal(expected);
    } finally {
      await cluster.stop();
    }
  });
});
