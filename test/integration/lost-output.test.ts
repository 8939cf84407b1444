/** Standard output on a full disk: never success. Other ends of a command are as they were. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { TestCatalog } from '../support/catalog.js';
import { COMMAND } from '../support/cluster.js';
import { skipBecause } from '../support/summary-reporter.js';

const PT = `
import { Selector } from 'proof-grid';
export default class Pt extends Selector {
  override branches = ['mu1_pt'];
  pt = this.h1('pt', 'pt', 20000, 0, 200);
  override process(entry: number): void {
    this.pt.fill(this.columns.mu1_pt.at(entry));
  }
}
`;

describe('standard output', () => {
  const catalog = new TestCatalog();
  const folder = mkdtempSync(join(tmpdir(), 'proof-lost-'));
  const file = (name: string): string => join(folder, name);
  before(async function () {
    if (!existsSync('/dev/full')) skipBecause(this, 'this system has no /dev/full');
    await catalog.start();
    await writeDimuonFile(file('data.root'), { seed: 3, firstEvent: 0, events: 2_000, run: 1 });
    writeFileSync(file('pt.ts'), PT);
    writeFileSync(file('config.yaml'), `catalog: ${catalog.url}\n`);
    expect(shell(`proof mkdir /a && proof register /a/data.root '${file('data.root')}'`).stderr).to.equal('');
  });
  after(async () => {
    await catalog.stop();
    rmSync(folder, { recursive: true });
  });

  const shell = (line: string): { status: number | null; stderr: string } => {
    const proof = `proof() { '${process.execPath}' '${COMMAND}' "$@"; }`;
    const { status, stderr } = spawnSync('bash', ['-c', `${proof}; ${line}`], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, PROOF_CONFIG: file('config.yaml') },
    });
    return { status, stderr };
  };
  const FULL = { status: 1, stderr: 'proof: Standard output cannot be written: the disk is full.\n' };

  it('that cannot be written is one sentence and status 1, of every command', () => {
    for (const words of [
      'catalog export',
      "find '/a/*.root'",
      'ls -l /a',
      'root dump data.root',
      'root inspect data.root --json',
      'run --local pt.ts data.root --json - --quiet',
      'run --local pt.ts data.root',
    ])
      expect(shell(`proof ${words} > /dev/full`), words).to.deep.equal(FULL);
  });

  it('that is lost does not keep a query from its other files', () => {
    expect(shell('proof run --local pt.ts data.root --output kept.root > /dev/full')).to.deep.equal(FULL);
    expect(shell('proof root ls kept.root | grep pt').status).to.equal(0);
  });

  it('that a disk has no more room for in the middle of a result is lost as well', () => {
    const { status, stderr } = shell(
      `trap '' XFSZ; ulimit -f 8; proof run --local pt.ts data.root --json - > some.json`,
    );
    expect(stderr).to.contain('proof: Standard output cannot be written: it would be larger than files may be here.\n');
    expect(status).to.equal(1);
    expect(statSync(file('some.json')).size).to.equal(8192);
    expect(shell('proof run --local pt.ts data.root --json - --quiet > all.json')).to.deep.equal({
      status: 0,
      stderr: '',
    });
    expect(JSON.parse(readFileSync(file('all.json'), 'utf8')).status).to.equal('completed');
  });

  it('whose reader has seen enough is no error', () => {
    expect(shell('set -o pipefail; proof root dump data.root --entries 2000 | head -1')).to.deep.equal({
      status: 0,
      stderr: '',
    });
  });
});
