import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { FileChunkStore } from '../../../analysis/outputs/file-chunk-store.js';

describe('analysis: chunks on disk', () => {
  it('come back as they went, in memory and beyond, and leave no file behind', () => {
    const folder = mkdtempSync(join(tmpdir(), 'proof-test-'));
    const store = new FileChunkStore({ path: join(folder, 'rows'), memoryBytes: 1000 });
    const chunks = Array.from({ length: 50 }, (_, i) =>
      Uint8Array.from({ length: 1 + ((i * 37) % 200) }, (_, k) => i + k),
    );
    const handles = chunks.map((bytes, i) =>
      store.put({ output: 'o', filePosition: 0, first: i, end: i + 1, rows: 1 }, bytes),
    );
    for (let i = 49; i >= 0; i--) expect(store.get(handles[i]!)).to.deep.equal(chunks[i]);
    expect(readdirSync(folder)).to.deep.equal([]);
    store.close();
    rmSync(folder, { recursive: true });
  });
});
