/** A selector that would end the command's own process: never success without a result. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { type Ran, run } from '../support/cluster.js';

const selector = (members: string, atEntry = ''): string => `
import { Selector } from 'proof-grid';
export default class Count extends Selector {
  override branches = ['mu1_pt'];
  n = this.counter('n');
  ${members}
  override process(entry: number): void {
    this.n.add(1);
    ${atEntry}
  }
}
`;
const CALLED = "The selector's code called process\\.exit\\(0\\), which would end the whole query";

describe("users' code in the process of the command", () => {
  const folder = mkdtempSync(join(tmpdir(), 'proof-ends-'));
  const file = (name: string): string => join(folder, name);
  before(() => writeDimuonFile(file('data.root'), { seed: 3, firstEvent: 0, events: 100, run: 1 }));
  after(() => rmSync(folder, { recursive: true }));
  const ran = (text: string): Promise<Ran> => {
    rmSync(file('result.json'), { force: true });
    writeFileSync(file('count.ts'), text);
    return run(['run', '--local', '--quiet', 'count.ts', 'data.root', '--json', 'result.json'], { cwd: folder });
  };

  it('that calls process.exit at an entry has failed there; all others are counted', async () => {
    const { status, stderr } = await ran(selector('', 'if (entry === 5) process.exit(0);'));
    expect(stderr).to.match(new RegExp(`data\\.root entry 5 after 1 attempt: Error: ${CALLED}.*\n.*count\\.ts:9:\\d+`));
    expect(status).to.equal(3);
    const { entries, outputs } = JSON.parse(readFileSync(file('result.json'), 'utf8'));
    expect(entries).to.deep.equal({ total: 100, done: 99, failed: 1, missing: 0 });
    expect(outputs[0].value).to.equal(99);
  });

  it('that calls process.exit anywhere else fails the query', async () => {
    const members = [
      'override begin(): void { process.exit(0); }',
      'override workerBegin(): void { process.exit(0); }',
      'override terminate(): void { process.exit(0); }',
      'override async init(): Promise<void> { setTimeout(() => process.exit(0)); await new Promise(() => {}); }',
    ];
    for (const text of [...members.map((member) => selector(member)), `process.exit(0);${selector('')}`]) {
      const { status, stderr } = await ran(text);
      expect(stderr).to.match(new RegExp(CALLED));
      expect(status, text).to.equal(1);
      expect(
        existsSync(file('result.json')) && JSON.parse(readFileSync(file('result.json'), 'utf8')).status,
      ).to.be.oneOf([false, 'failed']);
    }
  });

  it('that waits for what never comes fails the query', async () => {
    const { status, stderr } = await ran(
      selector('override async init(): Promise<void> { await new Promise(() => {}); }'),
    );
    expect(stderr).to.equal(
      "proof: The query is not done: the selector's code waits for what never comes. [ANALYSIS_USER_CODE]\n",
    );
    expect(status).to.equal(1);
  });
});
