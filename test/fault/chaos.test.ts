/** A short chaos run with a fixed seed; `npm run chaos -- --minutes 30 --seed N` is the long one. */
import { expect } from 'chai';
import { runChaos } from '../chaos/run-chaos.js';

describe('fault: chaos', function () {
  this.timeout(1_500_000);
  it('changes no bit of any query, does every job once, and leaves nothing behind', async () => {
    const report = await runChaos({ seed: 7, minutes: 0.6, kinds: 4 });
    expect(report.differences).to.deep.equal([]);
    expect(report.queries).to.be.greaterThan(0);
    expect(Object.keys(report.faults)).to.have.length.of.at.least(4);
  });
});
