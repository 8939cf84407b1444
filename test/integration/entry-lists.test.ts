/** Entry lists and friends of a data set: the same entries, counts and bits in the pool and in this process, by path and by LFN. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { type Answer, dataset, open, processLocally, type Session } from 'proof-grid';
import { ProofGrid } from '../../catalog/grid/proof-grid.js';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { failureOf } from '../support/failure.js';

const EVENTS = 20_000;
const ROWS = `
import { Selector } from 'proof-grid';
export default class Rows extends Selector {
  override branches = ['event', 'f/mu1_pt', 'mu1_pt'];
  rows = this.list('rows');
  sum = this.h1('sum', 'sum', 50, 0, 200);
  override process(entry: number): void {
    if (Number(this.params.bad) === entry) throw new Error('no good');
    this.rows.push({ entry, event: this.columns.event.at(entry), friend: this.columns['f/mu1_pt'].at(entry) });
    this.sum.fill(this.columns['f/mu1_pt'].at(entry), this.columns.mu1_pt.at(entry));
  }
}
`;
const BATCHES = `
import { Selector } from 'proof-grid';
export default class Batches extends Selector {
  override branches = ['event', 'mu1_pt'];
  rows = this.list('rows');
  override processBatch(batch): void {
    const [event, pt] = [batch.flat('event'), batch.flat('mu1_pt')];
    if (pt.length !== batch.length) throw new Error('not of this batch');
    for (let i = 0; i < batch.length; i++) this.rows.push({ entry: batch.first + i, event: Number(event[i]), pt: pt[i] });
  }
}
`;
/** Entries here and there, alone and in runs, at both ends. */
const chosen = (seed: number): number[] => [
  ...new Set([
    0,
    EVENTS - 1,
    ...Array.from({ length: 900 }, (_, i) => (i * i * 37 + seed) % EVENTS),
    ...range(5000, 5600),
  ]),
];
const range = (first: number, end: number): number[] => Array.from({ length: end - first }, (_, i) => first + i);
const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_k, v) => (typeof v === 'bigint' ? Number(v) : v)));
const column = (answer: Answer, name: string): number[] => {
  const rows = plain(answer.outputs.find((output) => output.name === 'rows')) as { items: Record<string, number>[] };
  return rows.items.map((item) => item[name]!);
};

describe('entry lists and friends', () => {
  let cluster: Cluster;
  let session: Session;
  let config: string;
  const at = (name: string): string => join(cluster.folder, name);
  const urlOf = (name: string): string => pathToFileURL(at(name)).href;

  before(async () => {
    cluster = await startCluster({ pilots: 2 });
    config = at('config.yaml');
    for (const [i, name] of ['a', 'b', 'c', 'fa', 'fb', 'fc'].entries())
      await writeDimuonFile(at(`${name}.root`), { seed: i, firstEvent: i * EVENTS, events: EVENTS, run: 1 });
    await writeDimuonFile(at('short.root'), { seed: 9, firstEvent: 0, events: 100, run: 1 });
    writeFileSync(at('rows.ts'), ROWS);
    writeFileSync(at('batches.ts'), BATCHES);
    await cluster.warm(2);
    session = await open('here', { config });
  });
  after(async () => {
    await session?.close();
    await cluster?.stop();
  });

  /** In the pool and here: same counts, same outputs. */
  async function both(data: ReturnType<typeof dataset>, selector: string, params: Record<string, string> = {}) {
    const options = { params, config };
    const pooled = await session.process(data, at(selector), options);
    const local = await processLocally(data, at(selector), options);
    expect(plain(pooled.outputs)).to.deep.equal(plain(local.outputs));
    expect(pooled.entries).to.deep.equal(local.entries);
    expect(plain(pooled.failures.map(({ file, first, end, entry }) => ({ file, first, end, entry })))).to.deep.equal(
      plain(local.failures.map(({ file, first, end, entry }) => ({ file, first, end, entry }))),
    );
    return pooled;
  }

  it('give every worker only the listed entries, with the friend’s of the same number', async () => {
    const data = dataset([at('a.root'), at('b.root'), at('c.root')])
      .addFriend(dataset([at('fa.root'), at('fb.root'), at('fc.root')]), 'f')
      .setEntryList({ [at('a.root')]: chosen(1), [at('c.root')]: chosen(2) });
    const answer = await both(data, 'rows.ts');
    const wanted = [...sorted(chosen(1)), ...sorted(chosen(2))];
    expect(answer.entries).to.deep.equal({ total: wanted.length, done: wanted.length, failed: 0, missing: 0 });
    expect(column(answer, 'entry')).to.deep.equal(wanted);
    const events = wanted.map((entry, i) => (i < chosen(1).length ? entry : 2 * EVENTS + entry));
    expect(column(answer, 'event')).to.deep.equal(events);
    const whole = await processLocally(dataset([at('fa.root'), at('fc.root')]), at('batches.ts'));
    const pts = column(whole, 'pt');
    const first = chosen(1).length;
    expect(column(answer, 'friend')).to.deep.equal(wanted.map((entry, i) => pts[i < first ? entry : EVENTS + entry]));
  });

  it('give batches only the listed entries, and count --first and --entries along the list', async () => {
    const data = dataset([at('a.root'), at('b.root')]).setEntryList({
      [at('a.root')]: chosen(3),
      [urlOf('b.root')]: [7, 9],
    });
    const answer = await both(data, 'batches.ts');
    expect(column(answer, 'entry')).to.deep.equal([...sorted(chosen(3)), 7, 9]);
    const few = await session.process(data, at('batches.ts'), { first: 2, entries: 5 });
    const local = await processLocally(data, at('batches.ts'), { first: 2, entries: 5 });
    expect(column(few, 'entry')).to.deep.equal(sorted(chosen(3)).slice(2, 7));
    expect(column(local, 'entry')).to.deep.equal(column(few, 'entry'));
    expect(few.entries).to.deep.equal({ total: 5, done: 5, failed: 0, missing: 0 });
  });

  it('tell a failing entry by its number in the file', async () => {
    const bad = sorted(chosen(4))[500]!;
    const data = dataset(at('b.root')).addFriend(at('fb.root'), 'f').setEntryList(chosen(4));
    const answer = await both(data, 'rows.ts', { bad: String(bad) });
    expect(answer.failures).to.have.length(1);
    expect(answer.failures[0]).to.include({ first: bad, end: bad + 1, entry: bad });
    expect(answer.entries).to.deep.equal({
      total: chosen(4).length,
      done: chosen(4).length - 1,
      failed: 1,
      missing: 0,
    });
  });

  it('are refused with a sentence where they do not fit, here and in the pool', async () => {
    const cases = [
      [dataset(at('a.root')).addFriend(at('short.root'), 'f'), 'rows.ts', 'has 100 entries'],
      [
        dataset([at('a.root'), at('b.root')]).addFriend(at('fa.root'), 'f'),
        'rows.ts',
        'has 1 files and its data set 2',
      ],
      [dataset(at('a.root')).setEntryList([EVENTS]), 'batches.ts', `names entry ${EVENTS}`],
      [dataset(at('a.root')).setEntryList({ [at('b.root')]: [1] }), 'batches.ts', 'names no file of the data set'],
      [dataset([at('a.root'), at('b.root')]).setEntryList([1]), 'batches.ts', 'is not known'],
    ] as const;
    for (const [data, selector, why] of cases)
      for (const run of [
        () => session.process(data, at(selector)),
        () => processLocally(data, at(selector), { config }),
      ])
        expect((await failureOf(run())).message).to.contain(why);
  });

  it('go by LFN too, are kept in the catalog’s data sets, and in files that the command reads', async () => {
    const grid = new ProofGrid(cluster.catalogUrl);
    const files = ['a', 'b', 'fa', 'fb'].map((n) => ({
      ...{ lfn: `/lists/${n}.root`, entries: EVENTS, tree: 'events' },
      replicas: [{ url: urlOf(`${n}.root`) }],
    }));
    await grid.register(files);
    writeFileSync(at('list.txt'), `lfn:/lists/b.root ${chosen(5).join(' ')}\n${urlOf('a.root')} 3-5\n`);
    const words = ['lfn:/lists/a.root', 'lfn:/lists/b.root'];
    const friend = ['--friend', 'f=lfn:/lists/fa.root', '--friend', 'f=lfn:/lists/fb.root'];
    const list = ['--entry-list', at('list.txt')];
    const made = await cluster.proof('datasets', 'create', 'listed', ...words, ...friend, ...list);
    expect(made.stderr + made.stdout).to.contain('2 added');
    const total = 3 + chosen(5).length;
    expect((await cluster.proof('datasets', 'show', 'listed')).stdout)
      .to.contain(`${total} entries`)
      .and.contain('friend f');
    await grid.close();
    const outputs: string[] = [];
    for (const how of [
      [...words, ...friend, ...list],
      [...words, ...friend, ...list, '--local'],
      ['dataset:listed'],
      ['dataset:listed', '--local'],
      [`lfn:/lists/?.root<<${at('list.txt')}`, ...friend],
    ]) {
      const ran = await cluster.proof('run', at('rows.ts'), ...how, '--json', '-', '--quiet');
      expect(ran.status, ran.stderr).to.equal(0);
      const result = JSON.parse(ran.stdout) as { entries: unknown; outputs: unknown };
      expect(result.entries).to.deep.equal({ total, done: total, failed: 0, missing: 0 });
      outputs.push(JSON.stringify(result.outputs));
    }
    expect(new Set(outputs).size).to.equal(1);
    const along = dataset(words).setEntryList([5, EVENTS + 6]);
    expect(column(await both(along, 'batches.ts'), 'event')).to.deep.equal([5, EVENTS + 6]);
  });
});
