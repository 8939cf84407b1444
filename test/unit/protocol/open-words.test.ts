import { expect } from 'chai';
import { z } from 'zod';
import { siteInfo } from '../../../protocol/api.js';
import { jobInfo } from '../../../protocol/job-messages.js';
import { openWords } from '../../../protocol/open-words.js';

describe('answers of a server of a later release', () => {
  const state = z.enum(['on', 'off']);
  const shape = z.object({
    state,
    all: z.array(z.object({ state: state.nullable() })),
    later: state.optional(),
    usual: state.default('on'),
    counts: z.record(state, z.number()),
    n: z.number(),
  });
  const answer = { state: 'dim', all: [{ state: 'dim' }, { state: null }], counts: { on: 1, dim: 2 }, n: 3 };

  it('may have words that this one does not know, wherever they stand', () => {
    expect(shape.safeParse(answer).success).to.equal(false);
    expect(openWords(shape).parse({ ...answer, more: 'dropped' })).to.deep.equal({ ...answer, usual: 'on' });
  });
  it('are checked in all else', () => {
    for (const wrong of [
      { ...answer, n: '3' },
      { ...answer, state: 3 },
      { ...answer, state: 'x'.repeat(500) },
    ])
      expect(openWords(shape).safeParse(wrong).success).to.equal(false);
    expect(openWords(siteInfo).safeParse({}).success).to.equal(false);
    expect(openWords(jobInfo).safeParse({ state: 'RUNNING' }).success).to.equal(false);
  });
});
