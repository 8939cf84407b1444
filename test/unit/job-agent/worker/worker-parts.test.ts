import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { NoSuchBranchError, UserCodeError } from '../../../../analysis/errors.js';
import { EntriesDifferError } from '../../../../job-agent/worker/errors.js';
import { memoryShare } from '../../../../job-agent/worker/memory-watch.js';
import { failureOf } from '../../../../job-agent/worker/packet-failure.js';
import { ProgramCache } from '../../../../job-agent/worker/program-cache.js';
import { testNode } from '../../../support/nodes.js';

describe('worker: whose fault a failure is', () => {
  it("is the user's with entry and stack, where user code threw", () => {
    const thrown = new UserCodeError('z.ts at entry 3: Error: no', 3, 'Error: no\n    at z.ts:1:2');
    expect(failureOf(thrown, false)).to.deep.equal({
      cause: 'user',
      entry: 3,
      error: { code: 'ANALYSIS_USER_CODE', message: thrown.message, stack: 'Error: no\n    at z.ts:1:2' },
    });
  });
  it("is the program's, where it would come again everywhere", () => {
    expect(failureOf(new NoSuchBranchError('pt', 'a.root', ['px']), true).cause).to.equal('program');
  });
  it("is the file's while it is opened, and the range's afterwards", () => {
    expect(failureOf(new EntriesDifferError('a.root', 1, 2), true).cause).to.equal('file');
    expect(failureOf(new Error('read failed'), false)).to.deep.include({ cause: 'data', entry: null });
  });
});

describe('worker: cache of programs', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-programs-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('gives back what was kept, and nothing for what was not', async () => {
    const cache = new ProgramCache(join(folder, 'deep', 'er'));
    expect(await cache.find('aa')).to.equal(undefined);
    await cache.keep('aa', 'export default 1;');
    expect(await cache.find('aa')).to.equal('export default 1;');
  });
  it('holds whole files only, however many workers write the same one', async () => {
    const code = 'x'.repeat(100_000);
    await Promise.all(Array.from({ length: 8 }, () => new ProgramCache(folder).keep('bb', code)));
    expect(readdirSync(folder)).to.deep.equal(['bb']);
    expect(await new ProgramCache(folder).find('bb')).to.equal(code);
  });
});

describe('worker: memory', () => {
  it("is a core's share of the slot, and never less than a file needs", () => {
    expect(memoryShare({ ...testNode, cores: 4, memoryBytes: 16e9 })).to.equal(4e9);
    expect(memoryShare({ ...testNode, cores: 64, memoryBytes: 8e9 })).to.equal(512 * 2 ** 20);
  });
});
