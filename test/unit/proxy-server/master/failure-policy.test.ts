import { expect } from 'chai';
import { verdictOn } from '../../../../proxy-server/master/failure-policy.js';
import type { FailureCause, LedgerPacket, PacketFailure } from '../../../../proxy-server/master/packet-states.js';

const POLICY = { maxAttempts: 3, fileAttempts: 2 };
const failures = (n: number, cause: FailureCause, entry: number | null = null): PacketFailure[] =>
  Array.from({ length: n }, (_, i) => ({ worker: `w${i}`, cause, entry, error: { code: 'X', message: 'x' } }));
const packet = (first: number, end: number, failed: PacketFailure[], suspect = false): LedgerPacket => ({
  ...{ id: 1, file: 0, first, end, state: 'waiting', hands: [], failures: failed, suspect, endedEarly: false },
});

describe('proxy-server: failure policy', () => {
  it('isolates the entry at which user code threw at once, and tries it as often as allowed', () => {
    expect(verdictOn(packet(0, 100, failures(1, 'user', 40)), POLICY)).to.deep.equal({
      ...{ do: 'split', at: [40, 41], suspect: false, heir: 40 },
    });
    expect(verdictOn(packet(0, 100, failures(1, 'user', 0)), POLICY)).to.deep.include({ at: [1], heir: 0 });
    expect(verdictOn(packet(0, 100, failures(1, 'user', 99)), POLICY)).to.deep.include({ at: [99], heir: 99 });
    expect(verdictOn(packet(40, 41, failures(2, 'user', 40)), POLICY)).to.deep.equal({ do: 'retry' });
    expect(verdictOn(packet(40, 41, failures(3, 'user', 40)), POLICY)).to.deep.equal({ do: 'setAside' });
  });

  it('halves a packet that kills its workers, and its halves at their first failure', () => {
    expect(verdictOn(packet(0, 100, failures(2, 'killed')), POLICY)).to.deep.equal({ do: 'retry' });
    expect(verdictOn(packet(0, 100, failures(3, 'killed')), POLICY)).to.deep.equal({
      do: 'split',
      at: [50],
      suspect: true,
    });
    expect(verdictOn(packet(0, 50, failures(1, 'killed'), true), POLICY)).to.deep.equal({
      do: 'split',
      at: [25],
      suspect: true,
    });
    expect(verdictOn(packet(7, 8, failures(1, 'killed'), true), POLICY)).to.deep.equal({ do: 'retry' });
    expect(verdictOn(packet(7, 8, failures(3, 'killed'), true), POLICY)).to.deep.equal({ do: 'setAside' });
  });

  it('takes an unreadable range apart at clusters, and gives up the cluster that cannot be read', () => {
    const clusters = [0, 50, 100, 150];
    expect(verdictOn(packet(0, 150, failures(2, 'data')), POLICY, clusters)).to.deep.equal({ do: 'retry' });
    expect(verdictOn(packet(0, 150, failures(3, 'data')), POLICY, clusters)).to.deep.include({
      do: 'split',
      at: [50, 100],
    });
    expect(verdictOn(packet(50, 100, failures(1, 'data'), true), POLICY, clusters)).to.deep.equal({ do: 'lose' });
  });

  it('gives a file up that two workers could not open', () => {
    expect(verdictOn(packet(0, 10, failures(1, 'file')), POLICY)).to.deep.equal({ do: 'retry' });
    expect(verdictOn(packet(0, 10, failures(2, 'file')), POLICY)).to.deep.equal({ do: 'loseFile' });
  });

  it('fails the query of a program that fails without any entry', () => {
    expect(verdictOn(packet(0, 10, failures(1, 'program')), POLICY)).to.deep.equal({ do: 'failQuery' });
    expect(verdictOn(packet(0, 1, failures(3, 'user', null)), POLICY)).to.deep.equal({ do: 'failQuery' });
  });
});
