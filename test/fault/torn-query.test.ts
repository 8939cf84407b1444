/** A master that dies leaves a torn journal, or lost rows: the next one goes on from what is whole, to the same bits. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { Gate } from '../support/gate.js';
import { histogramAndRows } from '../support/programs.js';
import { type Answer, outputsOf, SessionHarness, selector } from '../support/session-harness.js';
import { TEARS } from '../support/torn-bytes.js';

const EVENTS = 40_000;

describe('fault: what a dead master left is torn', () => {
  let harness: SessionHarness;
  let dataset: string[];
  let undisturbed: Answer;
  let queryId: string;
  let gate: Gate;

  beforeEach(async () => {
    harness = await SessionHarness.start(2);
    const path = join(harness.folder, 'data.root');
    await writeDimuonFile(path, { seed: 1, run: 1, events: EVENTS, firstEvent: 0 });
    dataset = [pathToFileURL(path).href];
    const client = await harness.client();
    undisturbed = await client.query(await selector(harness.folder, histogramAndRows()), dataset);
    gate = new Gate(join(harness.folder, 'gate'));
    queryId = await client.submit(await selector(harness.folder, histogramAndRows(gate.pace(0.4))), dataset);
  });
  afterEach(() => harness?.stop());

  const file = (name: string): string => join(harness.folder, queryId, name);
  const killAt = async (part: number): Promise<void> => {
    const watcher = await harness.client();
    watcher.send({ type: 'attach', queryId, outputs: false });
    await watcher.hear('progress', (m) => m.queryId === queryId && m.entries.done > part * EVENTS);
    await harness.killMaster();
  };
  const tear = (name: string, kind: string, at: (length: number) => number): void => {
    const bytes = readFileSync(file(name));
    writeFileSync(file(name), TEARS[kind]!(bytes, at(bytes.length), Buffer.alloc(0)));
  };
  const isWhole = async (): Promise<void> => {
    gate.open();
    const client = await harness.client();
    client.send({ type: 'attach', queryId, outputs: false });
    const answer = await client.answer(queryId);
    expect(answer.result.entries).to.deep.equal({ total: EVENTS, done: EVENTS, failed: 0, missing: 0 });
    expect(outputsOf(answer)).to.equal(outputsOf(undisturbed));
  };

  it('its journal, again and again, in the middle and at the end', async () => {
    for (const [part, kind, at] of [
      [0.2, 'zeros to the end of the page', (n: number) => n - 100],
      [0.4, 'one bit turned over', (n: number) => Math.floor(n * 0.7)],
      [0.6, 'zeros to the end of the sector', (n: number) => Math.floor(n * 0.9)],
      [0.7, 'cut', (n: number) => n - 1],
    ] as const) {
      await killAt(part);
      tear('journal', kind, at);
      await harness.startMaster();
    }
    await isWhole();
  });

  it('rows that its journal names: the query begins anew, and the log says so', async () => {
    await killAt(0.5);
    tear('rows', 'zeros to the end of the page', () => 0);
    await harness.startMaster();
    await isWhole();
    const log = (): string => readFileSync(join(harness.folder, 'master.log'), 'utf8');
    while (!/begins anew.*gone or damaged/.test(log())) await new Promise((resolve) => setTimeout(resolve, 20));
  });
});
