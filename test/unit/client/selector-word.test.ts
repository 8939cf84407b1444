import { expect } from 'chai';
import { checkSelectorWord } from '../../../client/run/selector-word.js';
import { UsageError } from '../../../protocol/errors.js';

describe('client: the first word of run', () => {
  it('is a selector, or the right order is told', () => {
    for (const selector of ['z.ts', 'dir/z.mts', 'z.js', '/a/z.cjs']) checkSelectorWord(selector, ['data.root']);
    expect(() => checkSelectorWord('a.root', ['z.ts', 'b.root'])).to.throw(
      UsageError,
      'a.root is no selector: the first word is the selector, a TypeScript or JavaScript file (.ts, .js), behind it comes the data set: "proof run z.ts a.root b.root".',
    );
    expect(() => checkSelectorWord('dataset:x', ['a.root'])).to.throw(UsageError, '"proof run SELECTOR.ts DATASET..."');
  });
});
