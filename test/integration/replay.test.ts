/** `proof replay`: one packet again, with what it had; `proof attach` and the quota of results. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { type Cluster, startCluster } from '../support/cluster.js';

const selector = (body: string): string => `
import { Selector } from 'proof-grid';
export default class Dice extends Selector {
  override branches = ['mu1_pt'];
  pt = this.h1('pt', 'pt', 50, 0, 200);
  dice = this.h1('dice', 'dice', 20, 0, 1);
  override process(entry: number): void {
    this.pt.fill(this.columns.mu1_pt.at(entry), this.random.gauss());
    this.dice.fill(this.random.uniform());
    ${body}
  }
}
`;
interface Packet {
  packetId: number;
  first: number;
  end: number;
  state: string;
}

describe('queries seen again', function () {
  this.timeout(120_000);
  let cluster: Cluster;
  const file = (name: string): string => join(cluster.folder, name);
  before(async () => {
    cluster = await startCluster({ pilots: 1, embeddedCatalog: true, proxyConfig: 'maxQueriesKept: 3\n' });
    await writeDimuonFile(file('data.root'), { seed: 3, firstEvent: 0, events: 2_000, run: 1 });
    writeFileSync(file('good.ts'), selector(''));
    writeFileSync(
      file('bad.ts'),
      selector(`if (entry === 7) { console.log('at seven'); throw new Error('odd entry'); }`),
    );
    await cluster.warm(1);
  });
  after(async () => cluster?.stop());
  const run = async (
    ...words: string[]
  ): Promise<{ query: string; outputs: unknown; failures: { packet: number; output: string }[] }> =>
    JSON.parse((await cluster.proof('run', '--host', 'here', ...words, '--json', '-')).stdout);

  it('replay a packet to the same bits: data, parameters and random numbers are its own', async () => {
    const answer = await run(file('good.ts'), file('data.root'), '--first', '100', '--entries', '1', '--seed', '5');
    const packets = JSON.parse((await cluster.proof('replay', answer.query, '--json')).stdout) as Packet[];
    expect(packets.map(({ first, end, state }) => ({ first, end, state }))).to.deep.equal([
      { first: 100, end: 101, state: 'done' },
    ]);
    const replayed = await cluster.proof('replay', answer.query, String(packets[0]!.packetId), '--json', '-');
    expect(replayed.status, replayed.stderr).to.equal(0);
    expect(JSON.parse(replayed.stdout).outputs).to.deep.equal(answer.outputs);
    const local = await cluster.proof(
      ...[
        'run',
        '--local',
        file('good.ts'),
        file('data.root'),
        '--first',
        '100',
        '--entries',
        '1',
        '--seed',
        '5',
        '--json',
        '-',
      ],
    );
    expect(JSON.parse(local.stdout).outputs).to.deep.equal(answer.outputs);
  });

  it('replay a packet that fails, to the same failure with its stack; it is listed by its number', async () => {
    const { query, failures } = await run(file('bad.ts'), file('data.root'), '--entries', '20');
    expect(failures[0]?.output).to.contain('at seven');
    const replayed = await cluster.proof('replay', query, String(failures[0]!.packet));
    expect(replayed.status).to.equal(1);
    expect(replayed.stderr)
      .to.match(/odd entry/)
      .and.match(/bad\.ts:\d+/);
    const none = await cluster.proof('replay', query, '9999');
    expect(none.stderr).to.contain('PROXY_NO_SUCH_PACKET');
  });

  it('are gone into from elsewhere: attach, run, leave, and the session stays; past the quota the oldest result goes', async () => {
    const open = await cluster.proof('run', '--async', file('good.ts'), file('data.root'));
    expect(open.status, open.stderr).to.equal(0);
    const gone = await cluster.proofWith({ input: 'exit\n' }, 'attach', 'here-1-1');
    expect(gone.status).to.equal(2);
    expect(gone.stderr).to.contain('is not open');
    for (let i = 0; i < 2; i++) await run(file('good.ts'), file('data.root'), '--entries', '10');
    let queries: { query: string }[] = [];
    do queries = JSON.parse((await cluster.proof('queries', '--json')).stdout) as { query: string }[];
    while (queries.length > 3);
    expect(queries).to.have.length(3);
  });
});
