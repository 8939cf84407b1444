/** Outputs that go to storage, a second time where the agent died in the middle. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stageOut } from '../../../../job-agent/payload/stage-out.js';

describe('job-agent: outputs that are saved', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-stage-out-'));
    mkdirSync(join(folder, 'work'));
    for (const name of ['a.root', 'b.txt']) writeFileSync(join(folder, 'work', name), `contents of ${name}`);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const save = (archive: string | null) => {
    const targets = [{ copies: 1, places: [{ se: 'SE', folder: `file://${folder}/se/1.1-x` }] }];
    const files = ['a.root', 'b.txt'].map((name) => ({ name, size: statSync(join(folder, 'work', name)).size }));
    const wish = { archive, names: ['*'], targets };
    return stageOut([{ wish, files }], { work: join(folder, 'work'), archives: join(folder, 'archives') }, {});
  };

  it('are there once, and are told alike', async () => {
    for (const archive of [null, 'all.zip']) {
      const first = await save(archive);
      expect(first.lost).to.deep.equal([]);
      expect(await save(archive)).to.deep.equal(first);
    }
    expect(readdirSync(join(folder, 'se', '1.1-x'))).to.have.members(['a.root', 'b.txt', 'all.zip']);
  });

  it('are made whole where an archive was being made', async () => {
    mkdirSync(join(folder, 'archives'));
    writeFileSync(join(folder, 'archives', 'all.zip.part'), 'PK half');
    const { stored } = await save('all.zip');
    expect(stored[0]?.size).to.equal(statSync(join(folder, 'se', '1.1-x', 'all.zip')).size);
    expect(existsSync(join(folder, 'archives', 'all.zip.part'))).to.equal(false);
  });

  it('do not replace other bytes, and are lost there with the reason', async () => {
    mkdirSync(join(folder, 'se', '1.1-x'), { recursive: true });
    writeFileSync(join(folder, 'se', '1.1-x', 'b.txt'), 'contents of B.txt');
    const { stored, lost } = await save(null);
    expect(stored.map(({ name }) => name)).to.deep.equal(['a.root']);
    expect(lost.join()).to.match(/b.txt could not be stored: SE: .* is there already/);
    expect(readFileSync(join(folder, 'se', '1.1-x', 'b.txt'), 'utf8')).to.equal('contents of B.txt');
  });
});
