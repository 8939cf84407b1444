/** The wall clock of every process jumps an hour forth and back: nothing that is promised depends on it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { type Cluster, startCluster } from '../support/cluster.js';

/**
 * Loaded before the program: from the moment on when the file FLAG is there, `Date` is an hour off, this way for 700 ms, the other way for the
 * next. Not before: an agent whose clock is an hour off at its start is not fit.
 */
const jumping = (flag: string): string => `
import { existsSync } from 'node:fs';
const Real = Date;
let isOn = false;
setInterval(() => { isOn ||= existsSync(${JSON.stringify(flag)}); }, 100).unref();
const offset = () => (!isOn ? 0 : Math.floor(performance.now() / 700) % 2 === 0 ? 3_600_000 : -3_600_000);
globalThis.Date = class extends Real {
  constructor(...given) { if (given.length === 0) super(Real.now() + offset()); else super(...given); }
  static now() { return Real.now() + offset(); }
};
`;
const ENTRIES = 60_000;
const SELECTOR = `
import { Selector } from 'proof-grid';
export default class Pt extends Selector {
  override branches = ['mu1_pt'];
  pt = this.h1('pt', 'pt', 50, 0, 200);
  override process(entry: number): void {
    let x = 0;
    for (let i = 0; i < 1500; i++) x += Math.sin(i + entry);
    this.pt.fill(this.columns.mu1_pt.at(entry), x === 0 ? 2 : 0.1);
  }
}
`;

describe('fault: clocks that jump', () => {
  let cluster: Cluster | undefined;
  const before = process.env['NODE_OPTIONS'];
  afterEach(async () => {
    if (before === undefined) delete process.env['NODE_OPTIONS'];
    else process.env['NODE_OPTIONS'] = before;
    await cluster?.stop();
  });

  it('change no answer, and lose no agent and no worker', async () => {
    const calm = await startCluster({ pilots: 0 });
    const data = join(calm.folder, 'data.root');
    await writeDimuonFile(data, { seed: 3, firstEvent: 0, events: ENTRIES, run: 1 });
    writeFileSync(join(calm.folder, 'pt.ts'), SELECTOR);
    const flag = join(calm.folder, 'flag');
    writeFileSync(join(calm.folder, 'jumping.mjs'), jumping(flag));
    const words = [join(calm.folder, 'pt.ts'), data, '--json', '-'];
    const local = await calm.proof('run', '--local', ...words);
    process.env['NODE_OPTIONS'] = `--import ${pathToFileURL(join(calm.folder, 'jumping.mjs')).href}`;
    try {
      cluster = await startCluster({ pilots: 2 });
      await cluster.warm(2);
      const workers = async (): Promise<string[]> =>
        (JSON.parse((await cluster!.proof('workers', '--json')).stdout) as { agentId: string }[])
          .map(({ agentId }) => agentId)
          .sort();
      const agents = await workers();
      writeFileSync(flag, '');
      const ran = await cluster.proof('run', '--host', 'here', ...words);
      expect(ran.status, ran.stderr).to.equal(0);
      expect(JSON.parse(ran.stdout).outputs).to.deep.equal(JSON.parse(local.stdout).outputs);
      await cluster.warm(2);
      expect(await workers()).to.deep.equal(agents);
    } finally {
      await calm.stop();
    }
  });
});
