import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { chooseOutputs } from '../../../../job-agent/payload/choose-outputs.js';
import { filesBelow } from '../../../../job-agent/payload/stage.js';
import { innerPath } from '../../../../protocol/inner-path.js';

describe('job-agent: files of a payload', () => {
  it('that are kept are regular files of its directory: links lead nowhere', () => {
    const folder = mkdtempSync(join(tmpdir(), 'proof-stage-'));
    try {
      mkdirSync(join(folder, 'sub'));
      writeFileSync(join(folder, 'sub', 'a.root'), 'abc');
      writeFileSync(join(folder, 'stdout'), '');
      symlinkSync('/etc/passwd', join(folder, 'b.root'));
      const files = filesBelow(folder);
      expect(files.map(({ name }) => name).toSorted()).to.deep.equal(['stdout', 'sub/a.root']);
      const wish = { archive: null, names: ['*.root', 'sub/*.root'], targets: [] };
      expect(chooseOutputs(files, [wish]).missing).to.deep.equal(['*.root']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are named below it', () => {
    for (const name of ['../x', '/etc/passwd', 'a/../../b', '', 'a\0b', '..'])
      expect(innerPath.safeParse(name).success, name).to.equal(false);
    for (const name of ['a', 'a/b.root', '..a', '$(x); rm'])
      expect(innerPath.safeParse(name).success, name).to.equal(true);
  });
});
