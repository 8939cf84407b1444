import { expect } from 'chai';
import { packetRanges } from '../../../client/run/local-files.js';
import { splitWords } from '../../../client/session/split-words.js';

describe('client: lines at the prompt', () => {
  it('are cut as a shell cuts them, nothing expanded', () => {
    expect(splitWords(`run z.ts  'lfn:/a b/*.root' "x\\"y" a\\ b ''`)).to.deep.equal([
      'run',
      'z.ts',
      'lfn:/a b/*.root',
      'x"y',
      'a b',
      '',
    ]);
    expect(splitWords('  ')).to.deep.equal([]);
    expect(() => splitWords("draw 'x")).to.throw(/quote \('\) is not closed/);
  });
});

describe('client: packets of a local run', () => {
  it('end at cluster boundaries and cover the wanted entries once', () => {
    const clusters = Array.from({ length: 11 }, (_, i) => i * 100_000);
    const part = { file: { name: 'f', urls: ['f'], tree: null }, position: 0, first: 50_000, end: 950_000, clusters };
    expect([...packetRanges(part)]).to.deep.equal([
      [50_000, 300_000],
      [300_000, 500_000],
      [500_000, 700_000],
      [700_000, 900_000],
      [900_000, 950_000],
    ]);
  });
});
