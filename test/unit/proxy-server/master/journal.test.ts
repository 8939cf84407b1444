import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { encodeRecord, Journal, readRecords } from '../../../../proxy-server/master/journal.js';

const RECORDS = [{ n: 1, bytes: new Uint8Array([1, 2, 3]) }, { n: 2 }, { n: 3, text: 'three' }];

describe('proxy-server: journal of a query', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-journal-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const read = (bytes: Buffer): { found: unknown[]; good: number } => {
    const found: unknown[] = [];
    return { good: readRecords(bytes, (record) => found.push(record)), found };
  };

  it('gives back what was appended, in order, and goes on behind it', async () => {
    const path = join(folder, 'journal');
    const first = await Journal.open(path);
    await Promise.all(RECORDS.slice(0, 2).map((record) => first.append(record)));
    await first.close();
    const found: unknown[] = [];
    const second = await Journal.open(path, (record) => found.push(record));
    expect(found).to.have.length(2);
    await second.append(RECORDS[2]!);
    await second.close();
    expect(read(readFileSync(path)).found.map((record) => (record as { n: number }).n)).to.deep.equal([1, 2, 3]);
  });

  it('cut at any byte gives the records that are whole, and no other', () => {
    const parts = RECORDS.map(encodeRecord);
    const whole = Buffer.concat(parts);
    const ends = parts.map((_, i) => Buffer.concat(parts.slice(0, i + 1)).length);
    for (let cut = 0; cut <= whole.length; cut++) {
      const { found, good } = read(whole.subarray(0, cut));
      expect(found).to.have.length(ends.filter((end) => end <= cut).length);
      expect(good).to.equal(ends.filter((end) => end <= cut).at(-1) ?? 0);
    }
  });

  it('with any byte damaged ends before the damage', () => {
    const parts = RECORDS.map(encodeRecord);
    const whole = Buffer.concat(parts);
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 0x10;
      const { good } = read(damaged);
      expect(good).to.be.at.most(at);
    }
  });

  it('drops a damaged end when it is opened, so that new records are found behind the good ones', async () => {
    const path = join(folder, 'journal');
    writeFileSync(path, Buffer.concat([encodeRecord({ n: 1 }), encodeRecord({ n: 2 }).subarray(0, 9)]));
    const journal = await Journal.open(path);
    await journal.append({ n: 3 });
    await journal.close();
    expect(read(readFileSync(path)).found).to.deep.equal([{ n: 1 }, { n: 3 }]);
  });

  it('reads nothing into zeros, as a file system may leave them behind a crash', () => {
    expect(read(Buffer.concat([encodeRecord({ n: 1 }), Buffer.alloc(4096)])).found).to.deep.equal([{ n: 1 }]);
  });

  it('that cannot be opened says why', async () => {
    const journal = await Journal.open(join(folder, 'nowhere', 'journal')).catch((error: unknown) => error as Error);
    expect(journal).to.be.instanceOf(Error).with.property('code', 'MASTER_JOURNAL');
  });
});
