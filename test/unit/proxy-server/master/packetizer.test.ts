import { expect } from 'chai';
import { Ledger, type LedgerFile } from '../../../../proxy-server/master/ledger.js';
import { type Handout, Packetizer } from '../../../../proxy-server/master/packetizer.js';
import { testNode } from '../../../support/nodes.js';
import { seededRandom } from '../../../support/seeded-random.js';

interface SimWorker {
  readonly name: string;
  /** Entries a ms. */
  rate: number;
  queue: Handout[];
  /** When the packet that runs will be done; null: idle. */
  doneAt: number | null;
}
const OVERHEAD_MS = 0.5;
const TODAY = { node: testNode, endsEarly: true };

/** Workers as they behave: one packet runs, one waits; a commit a packet. Time is a number. */
class Simulation {
  readonly ledger: Ledger;
  readonly packetizer: Packetizer;
  readonly workers = new Map<string, SimWorker>();
  readonly handouts: Handout[] = [];
  /** Times each entry was committed, by file. */
  readonly committed: readonly Uint8Array[];
  now = 0;
  packets = 0;
  refused = 0;

  constructor(files: readonly LedgerFile[], clusters: readonly number[] = []) {
    this.ledger = new Ledger(files);
    this.committed = files.map(({ end }) => new Uint8Array(end));
    this.packetizer = new Packetizer(
      this.ledger,
      files.map(({ position }) => ({ position, places: [{ url: 'file:///a', se: null, site: null }] })),
    );
    for (const { position } of files) this.packetizer.setClusters(position, clusters);
  }

  join(name: string, rate: number, endsEarly = true): void {
    this.workers.set(name, { name, rate, queue: [], doneAt: null });
    this.packetizer.join(name, { node: testNode, endsEarly });
    this.#serve();
  }
  lose(name: string): void {
    this.workers.delete(name);
    this.packetizer.leave(name);
    this.ledger.giveBackAll(name);
    this.#serve();
  }

  /** One event: the next packet that is done, or a tick of 250 ms. */
  step(): void {
    let next: SimWorker | undefined;
    for (const worker of this.workers.values())
      if (worker.doneAt !== null && worker.doneAt < (next?.doneAt ?? this.now + 250)) next = worker;
    this.now = next?.doneAt ?? this.now + 250;
    if (next !== undefined) this.#commit(next);
    this.#serve();
  }
  run(): void {
    for (let steps = 0; !this.ledger.isSettled; steps++) {
      if (steps > 100_000) throw new Error('no end');
      this.step();
    }
  }

  /** So many entries of it this worker will do. */
  #doneOf({ rate }: SimWorker, { packet, mostMs }: Handout): number {
    const entries = packet.end - packet.first;
    return mostMs === null ? entries : Math.min(entries, Math.max(1, Math.ceil(rate * mostMs)));
  }
  #commit(worker: SimWorker): void {
    const handout = worker.queue.shift()!;
    const { packet, attempt } = handout;
    const n = this.#doneOf(worker, handout);
    worker.doneAt = null;
    if (this.ledger.commit(worker.name, [{ packetId: packet.id, attempt, entries: n }]).accepted) {
      this.packets++;
      const times = this.committed[packet.file]!;
      for (let entry = packet.first; entry < packet.end; entry++) times[entry]!++;
      this.packetizer.finished(worker.name, n, n / worker.rate + OVERHEAD_MS);
    } else this.refused++;
  }
  #serve(): void {
    for (const worker of this.workers.values()) {
      while (worker.queue.length < 2) {
        const handout = this.packetizer.next(worker.name, this.now);
        if (handout === undefined) break;
        this.handouts.push(handout);
        worker.queue.push(handout);
      }
      const [head] = worker.queue;
      if (worker.doneAt !== null || head === undefined) continue;
      this.packetizer.started(worker.name, head.packet.id, this.now);
      worker.doneAt = this.now + this.#doneOf(worker, head) / worker.rate + OVERHEAD_MS;
    }
  }
}

const files = (...sizes: number[]): LedgerFile[] => sizes.map((end, position) => ({ position, first: 0, end }));

describe('proxy-server: packetizer', () => {
  it('begins with short packets and makes them long enough that their number does not matter', () => {
    const sim = new Simulation(files(100_000, 100_000, 100_000, 100_000));
    sim.join('a', 10);
    sim.run();
    const lengths = sim.handouts.map(({ packet }) => packet.end - packet.first); // of the first, what was done of it
    expect(lengths[0]).to.equal(400); // 40 ms
    expect(Math.max(...lengths)).to.be.within(5_000, 15_000); // 1 s of work
    expect(sim.packets).to.be.lessThan(120);
  });

  it('bounds the first packets by time, whatever an entry takes', () => {
    for (const rate of [10_000, 10, 0.1, 0.001]) {
      const sim = new Simulation(files(4_000_000));
      sim.join('a', rate);
      while (sim.packets < 3) sim.step();
      const [first] = sim.handouts;
      expect(first!.packet.end).to.be.at.most(Math.max(1, 40 * rate));
      expect(sim.ledger.counts().done).to.be.at.least(3);
    }
  });

  it('gives tiny packets first to a worker that cannot end one early', () => {
    const sim = new Simulation(files(4_000_000));
    sim.join('a', 10, false);
    expect(sim.handouts.map(({ packet, mostMs }) => [packet.end - packet.first, mostMs])).to.deep.equal([
      [32, null],
      [32, null],
    ]);
  });

  for (const rates of [
    [10, 10, 10, 10],
    [20, 10, 5, 1],
    [50, 0.5],
  ])
    it(`lets workers of rates ${rates.join(', ')} finish together`, () => {
      const sim = new Simulation(files(...Array.from({ length: 10 }, () => 30_000)));
      rates.forEach((rate, i) => {
        sim.join(`w${i}`, rate);
      });
      sim.run();
      const ideal = 300_000 / rates.reduce((sum, rate) => sum + rate, 0);
      expect(sim.now).to.be.lessThan(1.06 * ideal + 100);
    });

  const msOfLast = (workers: number, handouts: number): number[] => {
    const sim = new Simulation(files(...Array.from({ length: 4 * workers }, () => 100_000)));
    for (let i = 0; i < workers; i++) sim.join(`w${i}`, 100);
    sim.run();
    return sim.handouts.slice(-handouts).map(({ packet }) => (packet.end - packet.first) / 100);
  };
  it('ends with short packets, so that nobody waits long for the last; of many workers with longer ones, for the sake of the master', () => {
    expect(Math.max(...msOfLast(2, 4))).to.be.lessThan(1.5 * 15);
    const ofMany = msOfLast(100, 400).sort((a, b) => a - b);
    expect(ofMany[200]).to.be.at.least(40);
  });

  it('ends packets at cluster boundaries where one is near', () => {
    const clusters = Array.from({ length: 51 }, (_, i) => i * 2_000);
    const sim = new Simulation(files(100_000), clusters);
    sim.join('a', 10);
    sim.run();
    const long = sim.handouts.filter(({ packet }) => packet.end - packet.first > 4_000);
    expect(long.length).to.be.greaterThan(3);
    for (const { packet } of long) expect(packet.end % 2_000).to.equal(0);
  });

  it('gives a worker that joins late work at once, and short packets first', () => {
    const sim = new Simulation(files(100_000, 100_000));
    sim.join('a', 10);
    while (sim.ledger.counts().done < 50_000) sim.step();
    const before = sim.handouts.length;
    sim.join('b', 10);
    const own = sim.handouts.slice(before);
    expect(own).to.have.length(2);
    expect(own[0]!.packet.end - own[0]!.packet.first).to.be.lessThan(1_000);
  });

  it('gives the packets of a stuck worker to an idle one, and does not wait for it', () => {
    const sim = new Simulation(files(50_000));
    sim.join('a', 10);
    sim.join('b', 10);
    while (sim.ledger.counts().done < 40_000) sim.step();
    const stuck = sim.workers.get('b')!;
    stuck.doneAt = Number.POSITIVE_INFINITY;
    sim.run();
    expect(sim.now).to.be.lessThan(10_000);
    expect(sim.handouts.some(({ alone }) => alone)).to.equal(true);
  });

  it('gives no copy to a worker that is busy for as long itself', () => {
    const { packetizer } = new Simulation(files(4_000));
    const ids: number[] = [];
    for (const name of ['a', 'b']) {
      packetizer.join(name, TODAY);
      packetizer.finished(name, 10_000, 1_000);
    }
    for (let n = 0; n < 100; n++) {
      const handout = packetizer.next(n % 2 === 0 ? 'a' : 'b', 0);
      if (handout !== undefined) ids.push(handout.packet.id);
    }
    expect(ids).to.deep.equal([...new Set(ids)]);
    expect(packetizer.leftMs(4_000)).to.equal(200);
  });

  it('tries a packet that failed on another worker, as long as there is one', () => {
    const ledger = new Ledger(files(10));
    const packetizer = new Packetizer(ledger, [{ position: 0, places: [] }]);
    packetizer.join('a', TODAY);
    packetizer.join('b', TODAY);
    const { packet } = packetizer.next('a', 0)!;
    while (packetizer.next('a', 0) !== undefined);
    ledger.fail(packet.id, { worker: 'a', cause: 'user', entry: null, error: { code: 'X', message: 'x' } });
    expect(packetizer.next('a', 0)).to.equal(undefined);
    expect(packetizer.next('b', 0)?.packet.id).to.equal(packet.id);
    ledger.fail(packet.id, { worker: 'b', cause: 'user', entry: null, error: { code: 'X', message: 'x' } });
    expect(packetizer.next('a', 0)).to.deep.include({ alone: true });
  });

  for (const seed of [11, 12, 13, 14, 15, 16])
    it(`commits each entry exactly once while workers come, go, slow down and hang (seed ${seed})`, () => {
      const random = seededRandom(seed);
      const sizes = Array.from({ length: 1 + Math.floor(random() * 8) }, () => 1 + Math.floor(random() * 20_000));
      const sim = new Simulation(files(...sizes), [0, 500, 1_000, 5_000]);
      let last = 0;
      sim.join(`w${last++}`, 1 + 10 * random());
      for (let steps = 0; !sim.ledger.isSettled && steps < 20_000; steps++) {
        sim.step();
        const names = [...sim.workers.keys()];
        const some = names[Math.floor(random() * names.length)];
        const luck = random();
        if (luck < 0.03 && names.length < 8) sim.join(`w${last++}`, 0.1 + 10 * random());
        else if (luck < 0.05 && some !== undefined && names.length > 1) sim.lose(some);
        else if (luck < 0.06 && some !== undefined && names.length > 2)
          sim.workers.get(some)!.doneAt = Number.POSITIVE_INFINITY;
        else if (luck < 0.08 && some !== undefined) sim.workers.get(some)!.rate = 0.1 + 10 * random();
      }
      expect(sim.ledger.isSettled).to.equal(true);
      expect(sim.committed.every((times) => times.every((n) => n === 1))).to.equal(true);
    });

  describe('before the end of a slot', () => {
    const RESERVE_MS = 15_000;
    const endless = Number.POSITIVE_INFINITY;
    const length = ({ packet }: Handout): number => packet.end - packet.first;
    /** Worker a does 10 entries a ms, and has had long packets. */
    const learnt = (clusters: readonly number[] = [], sizes = [1_000_000]): Simulation => {
      const sim = new Simulation(files(...sizes), clusters);
      sim.packetizer.join('a', TODAY);
      sim.packetizer.finished('a', 10_000, 1_000);
      return sim;
    };
    const boundaries = Array.from({ length: 1001 }, (_, i) => i * 1000);

    it('gives packets that together end before it, whatever the clusters, and then none', () => {
      for (const clusters of [[], boundaries])
        for (const leftMs of [41, 100, 777, 2_000, 5_000]) {
          const { packetizer } = learnt(clusters);
          let entries = 0;
          for (let n = 0; ; n++) {
            const handout = packetizer.next('a', 0, RESERVE_MS + leftMs);
            if (handout === undefined) break;
            entries += length(handout);
            expect(n).to.be.lessThan(1000);
          }
          expect(entries).to.be.within(leftMs * 5, leftMs * 10);
        }
    });

    it('gives none where not even a short one fits, and leaves all to others', () => {
      const { packetizer } = learnt();
      for (const leftMs of [RESERVE_MS + 39, RESERVE_MS, 0, -60_000])
        expect(packetizer.next('a', 0, leftMs)).to.equal(undefined);
      packetizer.join('b', TODAY);
      expect(packetizer.next('b', 0, endless)?.packet.first).to.equal(0);
    });

    it('gives none to a worker that takes longer than that for one entry', () => {
      const sim = new Simulation(files(100));
      sim.packetizer.join('a', TODAY);
      sim.packetizer.finished('a', 1, 60_000);
      expect(sim.packetizer.next('a', 0, RESERVE_MS + 59_000)).to.equal(undefined);
      expect(length(sim.packetizer.next('a', 0, RESERVE_MS + 61_000)!)).to.equal(1);
    });

    it('gives the first packets of a query only where there is time for a short one', () => {
      const { packetizer } = new Simulation(files(1_000_000));
      packetizer.join('a', TODAY);
      expect(packetizer.next('a', 0, RESERVE_MS + 10)).to.equal(undefined);
      expect(packetizer.next('a', 0, RESERVE_MS + 1_000)).to.deep.include({ mostMs: 40 });
    });

    it('cuts what came back until it fits', () => {
      const sim = learnt([], [10_000]);
      sim.packetizer.join('b', TODAY);
      while (sim.packetizer.next('b', 0) !== undefined);
      sim.ledger.giveBackAll('b');
      expect(length(sim.packetizer.next('a', 0, RESERVE_MS + 50)!)).to.be.within(1, 500);
    });

    it('gives no copy of a packet that does not fit', () => {
      const copy = (leftMs: number): Handout | undefined => {
        const sim = learnt([], [800]);
        sim.packetizer.join('b', TODAY);
        sim.packetizer.finished('b', 10_000, 1_000);
        sim.packetizer.finished('a', 100_000, 10_000);
        while (sim.packetizer.next('b', 0) !== undefined);
        sim.packetizer.finished('b', 1, 1_000_000);
        return sim.packetizer.next('a', 1, RESERVE_MS + leftMs);
      };
      const fitting = copy(endless)!;
      expect(length(fitting)).to.be.greaterThan(0);
      expect(copy(length(fitting) / 10 + 50)).to.deep.equal(fitting);
      expect(copy(length(fitting) / 10 - 1)).to.equal(undefined);
    });
  });
});
