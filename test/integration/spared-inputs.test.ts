/** What a query reads is never what it replaces: refused before it begins, whatever names the file has. */
import { linkSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { type Cluster, type Ran, startCluster } from '../support/cluster.js';

const PT = `
import { Selector } from 'proof-grid';
export default class Pt extends Selector {
  override branches = ['mu1_pt'];
  pt = this.h1('pt', 'pt', 10, 0, 200);
  override process(entry: number): void {
    this.pt.fill(this.columns.mu1_pt.at(entry));
  }
}
`;

describe('files that a query reads', () => {
  let cluster: Cluster;
  let data: string;
  const sources = new Map<string, Buffer>();
  const file = (name: string): string => join(cluster.folder, name);
  before(async () => {
    cluster = await startCluster({ pilots: 1, embeddedCatalog: true });
    data = file('data.root');
    await writeDimuonFile(data, { seed: 1, firstEvent: 0, events: 100, run: 1 });
    await writeDimuonFile(file('friend.root'), { seed: 2, firstEvent: 0, events: 100, run: 1 });
    symlinkSync('data.root', file('soft.root'));
    linkSync(data, file('hard.root'));
    writeFileSync(file('pt.ts'), PT);
    writeFileSync(file('chosen.txt'), '1 2 3\n');
    writeFileSync(file('files.txt'), 'data.root\n');
    expect((await cluster.proof('mkdir', '/a')).stderr).to.equal('');
    expect((await cluster.proof('register', '/a/data.root', data)).stderr).to.equal('');
    for (const name of ['data.root', 'friend.root', 'pt.ts', 'chosen.txt', 'files.txt'])
      sources.set(name, readFileSync(file(name)));
    await cluster.warm(1);
  });
  after(() => cluster?.stop());

  const isRefused = (ran: Ran, words: RegExp): void => {
    expect(ran.stderr).to.match(words);
    expect([ran.status, ran.stdout]).to.deep.equal([2, '']);
    for (const [name, bytes] of sources) expect(readFileSync(file(name)).equals(bytes), name).to.equal(true);
  };
  const HOWS = [['--local'], ['--host', 'here']];
  const replaced = (option: string, as: string, input = as): RegExp =>
    new RegExp(
      `^proof: --${option} ${file(as)} would replace \\S*${input}, which is read here: name another file\\.\n$`,
    );

  it('are not replaced by its outputs, under their own names or by links', async () => {
    for (const how of HOWS)
      for (const name of ['data.root', 'soft.root', 'hard.root'])
        for (const option of ['output', 'json'])
          isRefused(
            await cluster.proof('draw', ...how, data, 'mu1_pt', `--${option}`, file(name)),
            replaced(option, name, 'data.root'),
          );
  });

  it('are not replaced where the catalog alone knows their place', async () => {
    for (const how of HOWS)
      for (const word of ['lfn:/a/data.root', "find:/a?name='*.root'"])
        isRefused(
          await cluster.proof('draw', ...how, word, 'mu1_pt', '--output', file('soft.root')),
          replaced('output', 'soft.root', 'data.root'),
        );
  });

  it('are also friends, entry lists, lists of files and the selector', async () => {
    const run = (...words: string[]): Promise<Ran> => cluster.proof('run', '--local', file('pt.ts'), ...words);
    const refused: [string, string[]][] = [
      ['friend.root', [data, '--friend', `f=${file('friend.root')}`]],
      ['chosen.txt', [data, '--entry-list', file('chosen.txt')]],
      ['chosen.txt', [`${data}<<${file('chosen.txt')}`]],
      ['files.txt', [`@${file('files.txt')}`]],
      ['pt.ts', [data]],
    ];
    for (const [name, words] of refused) isRefused(await run(...words, '--json', file(name)), replaced('json', name));
  });

  it('are spared by packets and archives that are looked at again', async () => {
    const ran = await cluster.proof('draw', '--host', 'here', data, 'mu1_pt', '--json', '-');
    const { query } = JSON.parse(ran.stdout);
    expect((await cluster.proof('archive', query, file('kept'))).status).to.equal(0);
    sources.set('kept', readFileSync(file('kept')));
    isRefused(await cluster.proof('retrieve', file('kept'), '--json', file('kept')), replaced('json', 'kept'));
    const [packet] = JSON.parse((await cluster.proof('replay', query, '--json')).stdout) as { packetId: number }[];
    isRefused(
      await cluster.proof('replay', query, String(packet!.packetId), '--output', file('hard.root')),
      replaced('output', 'hard.root', 'data.root'),
    );
  });

  it('are spared by answers that are asked for later, of the server or of an archive', async () => {
    const given = ['run', '--host', 'here', file('pt.ts'), 'lfn:/a/data.root', '--friend', `f=${file('friend.root')}`];
    const ran = await cluster.proof(...given, '--entry-list', file('chosen.txt'), '--json', '-');
    const { query } = JSON.parse(ran.stdout);
    const archive = file('later');
    expect((await cluster.proof('archive', query, archive)).status).to.equal(0);
    const read = (option: string, as: string, input = as): RegExp =>
      new RegExp(
        `^proof: ${option} ${file(as)} would replace ${file(input)}, which its query read: name another file\\.\n$`,
      );
    for (const from of [query, archive])
      for (const [option, as, input] of [
        ['--output', 'data.root', 'data.root'],
        ['--output', 'soft.root', 'data.root'],
        ['--json', 'hard.root', 'data.root'],
        ['--output', 'friend.root', 'friend.root'],
        ['--json', 'pt.ts', 'pt.ts'],
        ['--json', 'chosen.txt', 'chosen.txt'],
      ] as const)
        isRefused(await cluster.proof('retrieve', from, option, file(as)), read(option, as, input));
    for (const [option, name] of [
      ['--plot', 'x.jpg'],
      ['--output', 'x.txt'],
    ] as const)
      isRefused(await cluster.proof('retrieve', query, option, file(name)), /^proof: --\w+ \S+: the name must end in /);
    const [packet] = JSON.parse((await cluster.proof('replay', query, '--json')).stdout) as { packetId: number }[];
    isRefused(
      await cluster.proof('replay', query, String(packet!.packetId), '--json', file('pt.ts')),
      read('--json', 'pt.ts'),
    );
    isRefused(await cluster.proof('archive', query, file('data.root')), read('archive', 'data.root'));
    isRefused(await cluster.proof('archive', query, file('none/such')), /^proof: Cannot write \S+: there is no folder/);
    for (const from of [query, archive]) {
      const again = await cluster.proof('retrieve', from, '--quiet', '--output', file('out.root'));
      expect([again.status, again.stderr]).to.deep.equal([0, '']);
    }
  });

  it('stay, and two outputs are two files; what a query wrote before is replaced', async () => {
    symlinkSync('same.svg', file('link.json'));
    for (const json of ['same.svg', 'link.json'].map(file)) {
      const words = ['--plot', file('same.svg'), '--json', json];
      isRefused(
        await cluster.proof('draw', '--local', data, 'mu1_pt', ...words),
        new RegExp(`^proof: --plot ${file('same.svg')} and --json ${json} are one file: name two\\.\n$`),
      );
      writeFileSync(file('same.svg'), '');
    }
    for (const how of [...HOWS, ...HOWS]) {
      const words = ['lfn:/a/data.root', 'mu1_pt', '--quiet', '--output', file('out.root'), '--json', file('out.json')];
      const ran = await cluster.proof('draw', ...how, ...words);
      expect([ran.status, ran.stderr]).to.deep.equal([0, '']);
    }
    expect((await cluster.proof('draw', '--local', data, 'mu1_pt', '--json', '/dev/null')).status).to.equal(0);
  });
});
