import { expect } from 'chai';
import { PacketLength, packetRanges } from '../../../client/run/packet-ranges.js';

const clusters = Array.from({ length: 11 }, (_, i) => i * 100_000);

describe('client: packets of a local run', () => {
  it('end at cluster boundaries that are near, and cover the wanted entries once', () => {
    const part = { first: 50_000, end: 950_000, clusters };
    expect([...packetRanges(part, { entries: 200_000 })]).to.deep.equal([
      [50_000, 300_000],
      [300_000, 500_000],
      [500_000, 700_000],
      [700_000, 900_000],
      [900_000, 950_000],
    ]);
    expect([...packetRanges({ first: 0, end: 30_000, clusters: [0] }, { entries: 12_000 })]).to.deep.equal([
      [0, 12_000],
      [12_000, 30_000],
    ]);
  });

  it('take a fraction of a second each, however slow or fast the selector is', () => {
    for (const [msAnEntry, least, most] of [
      [1e-5, 100_000, 300_000],
      [0.01, 20_000, 40_000],
      [500, 1, 1],
    ] as const) {
      const length = new PacketLength();
      const cuts: number[] = [];
      for (const [first, end] of packetRanges({ first: 0, end: 1_000_000, clusters }, length)) {
        cuts.push(end - first);
        if (cuts.length > 6) break;
        length.learn(end - first, (end - first) * msAnEntry);
      }
      expect(cuts[0]).to.equal(1000);
      expect(cuts.at(-1), String(msAnEntry)).to.be.within(least, most);
    }
  });
});
