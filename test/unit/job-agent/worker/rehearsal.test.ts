import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { OpenTable } from '../../../../analysis/program-runner.js';
import { KeptTables } from '../../../../job-agent/worker/kept-tables.js';
import { openTable } from '../../../../job-agent/worker/open-table.js';
import { rehearse } from '../../../../job-agent/worker/rehearsal.js';
import { systemClock } from '../../../../protocol/clock.js';
import { writeDimuonFile } from '../../../../rootio/write/dimuon-dataset.js';

describe('worker: what is done ahead', () => {
  it('rehearses a query to its last commit over the file of the build', async () => {
    expect(await rehearse(systemClock)).to.deep.equal({ packets: 12, entries: 48_000 });
  });
});

describe('worker: tables kept from counting', () => {
  let folder: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'proof-kept-'));
    await writeDimuonFile(join(folder, 'a.root'), { seed: 1, firstEvent: 0, events: 10, run: 1 });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const file = (position: number, tree: string | null = null) => ({
    ...{ position, name: 'a.root', urls: [join(folder, 'a.root')], tree, friends: [] },
  });
  const counted = (table: OpenTable, closed: string[], name: string): OpenTable => ({
    table: table.table,
    close: async () => {
      closed.push(name);
      await table.close();
    },
  });

  it('gives each once to the packets of its file, also where the name of the tree was learnt meanwhile', async () => {
    const kept = new KeptTables();
    const opened = await openTable(file(0), {});
    await kept.keep(file(0), opened);
    expect(kept.take(file(1))).to.equal(undefined);
    expect(kept.take(file(0, 'another'))).to.equal(undefined);
    expect(kept.take(file(0, 'events'))).to.equal(opened);
    expect(kept.take(file(0, 'events'))).to.equal(undefined);
    await opened.close();
  });
  it('closes what nobody takes: at the end, when it comes later, and beyond the fourth', async () => {
    const kept = new KeptTables();
    const closed: string[] = [];
    for (let i = 0; i < 5; i++) await kept.keep(file(i), counted(await openTable(file(i), {}), closed, String(i)));
    expect(closed).to.deep.equal(['4']);
    await kept.closeAll();
    expect(closed.toSorted()).to.deep.equal(['0', '1', '2', '3', '4']);
    await kept.keep(file(6), counted(await openTable(file(6), {}), closed, 'late'));
    expect(closed.at(-1)).to.equal('late');
  });
});
