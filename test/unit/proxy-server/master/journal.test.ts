import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Journal } from '../../../../proxy-server/master/journal.js';
import { RecordChain } from '../../../../proxy-server/master/record-chain.js';

const RECORDS = [{ n: 1, bytes: new Uint8Array([1, 2, 3]) }, { n: 2 }, { n: 3, text: 'three' }];

describe('proxy-server: journal of a query', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-journal-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const read = (bytes: Buffer): { found: unknown[]; good: number } => {
    const found: unknown[] = [];
    return { good: RecordChain.read(bytes, 'q', (record) => found.push(record))?.good ?? 0, found };
  };
  const encoded = (records: readonly object[]): Buffer[] => {
    const chain = RecordChain.begin('q', 7);
    return records.map((record) => chain.encode(record));
  };

  it('gives back what was appended, in order, and goes on behind it', async () => {
    const path = join(folder, 'journal');
    const first = await Journal.open(path, 'q');
    await Promise.all(RECORDS.slice(0, 2).map((record) => first.append(record)));
    await first.close();
    const found: unknown[] = [];
    const second = await Journal.open(path, 'q', (record) => found.push(record));
    expect(found).to.have.length(2);
    await second.append(RECORDS[2]!);
    await second.close();
    expect(read(readFileSync(path)).found.map((record) => (record as { n: number }).n)).to.deep.equal([1, 2, 3]);
  });

  it('begins with its last checkpoint, and goes on behind it', async () => {
    const path = join(folder, 'journal');
    const journal = await Journal.open(path, 'q');
    await Promise.all([journal.append({ n: 1 }), journal.replace({ n: 2 }), journal.append({ n: 3 })]);
    await journal.append({ n: 4 });
    await journal.close();
    expect(read(readFileSync(path)).found).to.deep.equal([{ n: 2 }, { n: 3 }, { n: 4 }]);
  });

  it('drops a damaged end when it is opened, so that new records are found behind the good ones', async () => {
    const path = join(folder, 'journal');
    writeFileSync(path, Buffer.concat(encoded([{ n: 1 }, { n: 2 }])).subarray(0, -1));
    const journal = await Journal.open(path, 'q');
    await journal.append({ n: 3 });
    await journal.close();
    expect(read(readFileSync(path)).found).to.deep.equal([{ n: 1 }, { n: 3 }]);
  });

  it('reads nothing into zeros, as a file system may leave them behind a crash', () => {
    expect(read(Buffer.concat([...encoded([{ n: 1 }]), Buffer.alloc(4096)])).found).to.deep.equal([{ n: 1 }]);
  });

  it('that cannot be opened says why', async () => {
    const journal = await Journal.open(join(folder, 'nowhere', 'journal'), 'q').catch(
      (error: unknown) => error as Error,
    );
    expect(journal).to.be.instanceOf(Error).with.property('code', 'MASTER_JOURNAL');
  });
});
