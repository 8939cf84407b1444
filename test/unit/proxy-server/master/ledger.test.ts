import { expect } from 'chai';
import { type Assigned, type CommitClaim, Ledger } from '../../../../proxy-server/master/ledger.js';
import type { PacketFailure } from '../../../../proxy-server/master/packet-states.js';
import { seededRandom } from '../../../support/seeded-random.js';

const failure = (worker: string, entry: number | null = null): PacketFailure => ({
  ...{ worker, entry, cause: 'user' },
  error: { code: 'X', message: 'x' },
});
const claim = ({ packet, attempt }: Assigned) => ({
  ...{ packetId: packet.id, attempt, entries: packet.end - packet.first },
});

describe('proxy-server: ledger', () => {
  it('counts a committed packet once, and refuses it the second time', () => {
    const ledger = new Ledger([{ position: 0, first: 0, end: 100 }]);
    const one = ledger.cut(0, 60, 'a');
    expect(ledger.commit('a', [claim(one)]).accepted).to.equal(true);
    expect(ledger.commit('a', [claim(one)]).accepted).to.equal(false);
    expect(ledger.counts()).to.deep.equal({ total: 100, done: 60, failed: 0, missing: 0 });
  });

  it('takes the first commit of a duplicated packet, and says who still has it', () => {
    const ledger = new Ledger([{ position: 0, first: 0, end: 10 }]);
    const mine = ledger.cut(0, 10, 'a');
    const copy = ledger.assign(mine.packet.id, 'b');
    const verdict = ledger.commit('b', [claim(copy)]);
    expect(verdict).to.deep.include({ accepted: true, others: [{ worker: 'a', packetId: mine.packet.id }] });
    expect(ledger.commit('a', [claim(mine)]).accepted).to.equal(false);
    expect(ledger.counts().done).to.equal(10);
    expect(ledger.isSettled).to.equal(true);
  });

  it('refuses a commit with a packet already committed whole, and gives its others out again', () => {
    const ledger = new Ledger([{ position: 0, first: 0, end: 20 }]);
    const first = ledger.cut(0, 10, 'a');
    const second = ledger.cut(0, 20, 'a');
    ledger.commit('b', [claim(ledger.assign(first.packet.id, 'b'))]);
    const verdict = ledger.commit('a', [claim(first), claim(second)]);
    expect(verdict.accepted).to.equal(false);
    expect([...ledger.waiting()].map(({ id }) => id)).to.deep.equal([second.packet.id]);
    expect(ledger.counts().done).to.equal(10);
    expect(ledger.unassigned).to.equal(10);
  });

  it('refuses what an earlier attempt commits after its worker was given up', () => {
    const ledger = new Ledger([{ position: 0, first: 0, end: 10 }]);
    const lost = ledger.cut(0, 10, 'a');
    ledger.giveBackAll('a');
    const again = ledger.assign(lost.packet.id, 'a');
    expect(ledger.commit('a', [claim(lost)]).accepted).to.equal(false);
    expect(ledger.commit('a', [claim(again)]).accepted).to.equal(true);
  });

  it('refuses a commit that names a packet twice', () => {
    const ledger = new Ledger([{ position: 0, first: 0, end: 10 }]);
    const one = ledger.cut(0, 10, 'a');
    expect(ledger.commit('a', [claim(one), claim(one)]).accepted).to.equal(false);
    expect(ledger.counts().done).to.equal(0);
  });

  it('takes the beginning of a packet that may end early, and gives out the rest', () => {
    const ledger = new Ledger([{ position: 0, first: 0, end: 100 }]);
    const early = ledger.cut(0, 60, 'a', true);
    const verdict = ledger.commit('a', [{ ...claim(early), entries: 7 }]);
    if (!verdict.accepted) return expect.fail(verdict.why);
    expect(verdict.packets.map(({ first, end, endedEarly }) => [first, end, endedEarly])).to.deep.equal([[0, 7, true]]);
    expect(ledger.counts().done).to.equal(7);
    expect(ledger.unassigned).to.equal(93);
    const [rest] = ledger.waiting();
    expect(rest).to.include({ first: 7, end: 60, endedEarly: false });
    const whole = ledger.assign(rest!.id, 'b', true);
    const verdictOfAll = ledger.commit('b', [claim(whole)]);
    expect(verdictOfAll.accepted && verdictOfAll.packets[0]?.endedEarly).to.equal(false);
    expect([...ledger.waiting()]).to.deep.equal([]);
  });

  it('refuses a count of entries that cannot be, and gives the packet out again', () => {
    for (const [mayEndEarly, entries] of [
      [false, 5],
      [true, 0],
      [true, 11],
      [false, 11],
    ] as const) {
      const ledger = new Ledger([{ position: 0, first: 0, end: 10 }]);
      const one = ledger.cut(0, 10, 'a', mayEndEarly);
      expect(ledger.commit('a', [{ ...claim(one), entries }]).accepted).to.equal(false);
      expect(ledger.counts().done).to.equal(0);
      expect([...ledger.waiting()].map(({ id }) => id)).to.deep.equal([one.packet.id]);
    }
  });

  it('drops the copy of a packet that ended early, and gives out the rest once', () => {
    const ledger = new Ledger([{ position: 0, first: 0, end: 10 }]);
    const mine = ledger.cut(0, 10, 'a', true);
    const copy = ledger.assign(mine.packet.id, 'b');
    const late = claim(copy);
    expect(ledger.commit('a', [{ ...claim(mine), entries: 4 }])).to.deep.include({
      others: [{ worker: 'b', packetId: mine.packet.id }],
    });
    expect(ledger.commit('b', [late]).accepted).to.equal(false);
    expect([...ledger.waiting()].map(({ first, end }) => [first, end])).to.deep.equal([[4, 10]]);
  });

  it('gives the failures of a packet to its heir alone', () => {
    const ledger = new Ledger([{ position: 0, first: 0, end: 10 }]);
    const { packet } = ledger.cut(0, 10, 'a');
    ledger.fail(packet.id, failure('a', 4));
    const parts = ledger.split(packet.id, [4, 5], { suspect: false, heir: 4 });
    expect(parts.map(({ first, end, failures, suspect }) => [first, end, failures.length, suspect])).to.deep.equal([
      [0, 4, 0, false],
      [4, 5, 1, true],
      [5, 10, 0, false],
    ]);
    ledger.setAside(parts[1]!.id);
    ledger.lose(parts[2]!.id);
    expect(ledger.counts()).to.deep.equal({ total: 10, done: 0, failed: 1, missing: 5 });
  });

  it('knows after a restart what was settled before', () => {
    const ledger = new Ledger([
      { position: 0, first: 5, end: 50 },
      { position: 1, first: 0, end: 10 },
    ]);
    ledger.restore(0, [
      { first: 30, end: 40, state: 'done' },
      { first: 10, end: 20, state: 'failed' },
    ]);
    expect(ledger.counts()).to.deep.equal({ total: 55, done: 10, failed: 10, missing: 0 });
    expect([...ledger.waiting()].map(({ first, end }) => [first, end])).to.deep.equal([
      [5, 10],
      [20, 30],
    ]);
    expect(ledger.uncut(0)).to.deep.equal({ first: 40, end: 50 });
    expect(ledger.unassigned).to.equal(35);
  });

  for (const seed of [1, 2, 3, 4, 5])
    it(`settles every entry exactly once under random cuts, copies, losses, failures and refusals (seed ${seed})`, () => {
      const world = new RandomLedger(seed);
      world.run();
      expect(world.committed.every((times) => times <= 1)).to.equal(true);
      const { total, done, failed, missing } = world.ledger.counts();
      expect(done + failed + missing).to.equal(total);
      expect(world.committed.reduce((sum, times) => sum + times, 0)).to.equal(done);
    });
});

/** Does anything that a query can do to its ledger, in any order. */
class RandomLedger {
  readonly #random: () => number;
  readonly #sizes: readonly number[];
  readonly ledger: Ledger;
  /** Times each entry was committed, files one behind the other. */
  readonly committed: number[];
  readonly #held: (CommitClaim & { readonly worker: string; readonly mayEndEarly: boolean })[] = [];

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#sizes = Array.from({ length: 5 }, () => 1 + this.#below(200));
    this.ledger = new Ledger(this.#sizes.map((end, position) => ({ position, first: 0, end })));
    this.committed = Array.from({ length: this.#sizes.reduce((sum, n) => sum + n, 0) }, () => 0);
  }

  run(): void {
    const steps = [
      () => this.#cut(),
      () => this.#cut(),
      () => this.#assign(),
      () => this.#commit(),
      () => this.#commit(),
    ];
    const mishaps = [() => this.#lose(), () => this.#fail(), () => this.#copy()];
    while (!this.ledger.isSettled) {
      const choices = this.#random() < 0.8 ? steps : mishaps;
      choices[this.#below(choices.length)]!();
      const { total, done, failed, missing } = this.ledger.counts();
      const assigned = new Set(
        this.#held.map(({ packetId }) => packetId).filter((id) => this.ledger.packet(id)?.state === 'assigned'),
      );
      const inHands = [...assigned].reduce((sum, id) => sum + length(this.ledger.packet(id)!), 0);
      expect(this.ledger.unassigned + inHands + done + failed + missing).to.equal(total);
    }
  }

  #cut(): void {
    const position = this.#below(this.#sizes.length);
    const { first, end } = this.ledger.uncut(position);
    if (first >= end) return;
    this.#hold(this.ledger.cut(position, first + 1 + this.#below(40), this.#worker(), this.#random() < 0.5));
  }
  #assign(): void {
    const [packet] = this.ledger.waiting();
    if (packet !== undefined) this.#hold(this.ledger.assign(packet.id, this.#worker()));
  }
  #copy(): void {
    const { packetId } = this.#held[this.#below(this.#held.length)] ?? {};
    const packet = packetId === undefined ? undefined : this.ledger.packet(packetId);
    if (packet?.state !== 'assigned') return;
    const worker = this.#worker();
    if (packet.hands.every((hand) => hand.worker !== worker)) this.#hold(this.ledger.assign(packet.id, worker));
  }
  /** Everything that a worker believes to hold, old attempts included. */
  #commit(): void {
    const worker = this.#worker();
    const mine = this.#held.filter((held) => held.worker === worker);
    if (mine.length === 0) return;
    this.#forget(worker);
    const claims = mine.map(({ packetId, attempt, entries, mayEndEarly }) => ({
      ...{ packetId, attempt, entries: mayEndEarly ? 1 + this.#below(entries) : entries },
    }));
    const verdict = this.ledger.commit(worker, claims);
    if (!verdict.accepted) return;
    for (const { file, first, end } of verdict.packets) {
      const offset = this.#sizes.slice(0, file).reduce((sum, n) => sum + n, 0);
      for (let entry = first; entry < end; entry++) this.committed[offset + entry]!++;
    }
  }
  #lose(): void {
    this.ledger.giveBackAll(this.#worker()); // the worker itself does not know, and may commit later
  }
  #fail(): void {
    const held = this.#held[this.#below(this.#held.length)];
    if (held === undefined) return;
    const packet = this.ledger.fail(held.packetId, failure(held.worker));
    if (packet === undefined || packet.state !== 'waiting') return;
    if (length(packet) === 1) this.ledger.setAside(packet.id);
    else if (this.#random() < 0.2) this.ledger.lose(packet.id);
    else this.ledger.split(packet.id, [packet.first + 1 + this.#below(length(packet) - 1)], { suspect: true });
  }
  #hold(assigned: Assigned): void {
    const { worker, mayEndEarly } = assigned.packet.hands.find(({ attempt }) => attempt === assigned.attempt)!;
    this.#held.push({ ...claim(assigned), worker, mayEndEarly });
  }
  #forget(worker: string): void {
    this.#held.splice(0, this.#held.length, ...this.#held.filter((held) => held.worker !== worker));
  }
  #worker(): string {
    return `w${this.#below(4)}`;
  }
  #below(n: number): number {
    return Math.floor(this.#random() * n);
  }
}
const length = ({ first, end }: { first: number; end: number }): number => end - first;
