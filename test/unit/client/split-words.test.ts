import { expect } from 'chai';
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
