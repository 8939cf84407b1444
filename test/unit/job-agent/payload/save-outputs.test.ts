import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { saveOutputs } from '../../../../job-agent/payload/save-outputs.js';

describe('job-agent: what is saved of a payload', () => {
  it('says of too much output how much it is, what most of it is, and where it could go', async () => {
    const work = mkdtempSync(join(tmpdir(), 'proof-outputs-'));
    try {
      for (const [name, size] of [
        ['stdout', 70 * 2 ** 20],
        ['stderr', 5],
      ] as const) {
        writeFileSync(join(work, name), '');
        truncateSync(join(work, name), size);
      }
      const saved = await saveOutputs(
        { outcome: 'done', why: 'the payload ended well' },
        { outputs: [], errorOutputs: [] },
        { work, archives: work, storage: {} },
      );
      expect(saved).to.deep.include({ outcome: 'notSaved', files: [], stored: [] });
      expect(saved.why).to.equal(
        'the payload ended well; its output of 71 MB (most of it: stdout) is more than the 64 MB that the ProxyServer keeps; write it to a file that OutputFile names, for a storage element',
      );
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
});
