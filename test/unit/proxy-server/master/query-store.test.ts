import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { KeptStateError } from '../../../../analysis/kept-state.js';
import { unpackState } from '../../../../analysis/merged-state.js';
import type { QueryResult } from '../../../../protocol/session-messages.js';
import { QueryStore } from '../../../../proxy-server/master/query-store.js';

const OUTPUTS = [new Uint8Array([1, 2, 3]), new Uint8Array([4])];
const answer = (query: string): QueryResult => ({
  ...{ query, title: 't', program: { kind: 'selector', name: 'T', sha256: 'a'.repeat(64) }, params: {}, inputs: {} },
  ...{ seed: 0, status: 'completed', entries: { total: 1, done: 1, failed: 0, missing: 0 }, failures: [] },
  ...{ failuresLeftOut: 0, missingFiles: [], workers: [], error: null, bytes: 0 },
  timing: { openMs: 0, lookupMs: 0, processMs: 0, mergeMs: 0, totalMs: 0 },
});

describe('proxy-server: results that a session keeps', () => {
  let folder: string;
  let store: QueryStore;
  const file = (queryId: string, name: string): string => join(folder, queryId, name);
  const refusal = (queryId: string): Promise<unknown> => store.result(queryId).catch((error: unknown) => error);
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'proof-results-'));
    store = new QueryStore(folder);
    for (const queryId of ['q1', 'q2'])
      await store.save(queryId, { result: answer(`s:${queryId}`), increments: () => OUTPUTS, release: () => {} });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('come back as they were written', async () => {
    const stored = await store.result('q1');
    expect(stored?.result).to.deep.equal(answer('s:q1'));
    expect([...unpackState(stored!.state!)].map((part) => [...part])).to.deep.equal([[1, 2, 3], [4]]);
    expect(await store.result('q3')).to.equal(undefined);
  });

  it('are refused when either file has one bit turned over, or is cut off', async () => {
    for (const name of ['state.bin', 'result.json']) {
      const path = file('q1', name);
      const whole = readFileSync(path);
      for (let at = 0; at < whole.length; at++) {
        const altered = Buffer.from(whole);
        altered[at]! ^= 1 << (at % 8);
        writeFileSync(path, altered);
        expect(await refusal('q1'), `${name}, byte ${at}`).to.be.instanceOf(KeptStateError);
        writeFileSync(path, whole.subarray(0, at));
        expect(await refusal('q1'), `${name}, ${at} bytes`).to.be.instanceOf(KeptStateError);
      }
      writeFileSync(path, whole);
    }
    expect((await store.result('q1'))?.result.query).to.equal('s:q1');
  });

  it('are refused when the outputs, or all files, are those of another query', async () => {
    copyFileSync(file('q2', 'state.bin'), file('q1', 'state.bin'));
    expect(await refusal('q1')).to.be.instanceOf(KeptStateError);
    copyFileSync(file('q2', 'result.json'), file('q1', 'result.json'));
    expect(await refusal('q1')).to.be.instanceOf(KeptStateError);
  });
});
