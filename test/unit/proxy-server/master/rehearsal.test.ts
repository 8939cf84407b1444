import { expect } from 'chai';
import { systemClock } from '../../../../protocol/clock.js';
import { rehearse } from '../../../../proxy-server/master/rehearsal.js';

describe('master: the rehearsal', () => {
  it('runs a query to its whole answer, with messages as workers send them', async () => {
    expect(await rehearse(systemClock, new AbortController().signal)).to.equal(8_000_000);
  });
  it('is over at once where a session needs the process', async () => {
    const stopped = new AbortController();
    const answer = rehearse(systemClock, stopped.signal);
    stopped.abort();
    expect(await answer).to.equal(null);
    expect(await rehearse(systemClock, stopped.signal), 'asked when it is too late').to.equal(null);
  });
});
