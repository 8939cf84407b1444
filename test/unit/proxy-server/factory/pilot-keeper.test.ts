/** The factory at work, on a batch system that does as it is told: every answer a site may give, and none. */
import { Writable } from 'node:stream';
import { expect } from 'chai';
import winston from 'winston';
import { createLogger } from '../../../../protocol/log.js';
import type { SiteConfig } from '../../../../proxy-server/config.js';
import { PilotKeeper } from '../../../../proxy-server/factory/pilot-keeper.js';
import type { HeldJob } from '../../../../proxy-server/factory/reconcile.js';
import { type Pilot, PilotStore } from '../../../../proxy-server/pilot-store.js';
import { SiteStore } from '../../../../proxy-server/site-store.js';
import {
  type BatchStatus,
  type PilotTicket,
  type Site,
  SiteError,
  type Submitted,
} from '../../../../proxy-server/sites/site.js';
import { openStateDb } from '../../../../proxy-server/state-db.js';
import { ManualClock } from '../../../support/manual-clock.js';

/** A batch system in memory: jobs by id, in the state that the test gives them. */
class ScriptedSite implements Site {
  readonly name = 'S';
  readonly type = 'scripted';
  readonly held = new Map<string, BatchStatus>();
  names: HeldJob[] = [];
  readonly cancelled: string[] = [];
  refusal: string | undefined;
  isDeaf = false;
  words = '';

  submit(_jdl: string, tickets: readonly PilotTicket[]): Promise<Submitted[]> {
    const { refusal } = this;
    if (refusal !== undefined) return Promise.resolve(tickets.map(({ pilotId }) => ({ pilotId, error: refusal })));
    return Promise.resolve(
      tickets.map(({ pilotId }) => {
        this.held.set(`b-${pilotId}`, { state: 'queued', exitStatus: null, why: null });
        return { pilotId, batchId: `b-${pilotId}` };
      }),
    );
  }
  status(ids: readonly string[]): Promise<Map<string, BatchStatus>> {
    if (this.isDeaf) return new Promise(() => {});
    return Promise.resolve(
      new Map(ids.flatMap((id) => (this.held.has(id) ? [[id, this.held.get(id)!] as const] : []))),
    );
  }
  cancel(ids: readonly string[]): Promise<void> {
    this.cancelled.push(...ids);
    return Promise.resolve();
  }
  output(): Promise<string> {
    return Promise.resolve(this.words);
  }
  describe(): Promise<{ text: string; maxPilots: null }> {
    return Promise.resolve({ text: 'scripted', maxPilots: null });
  }
  translate(jdl: string): string {
    return jdl;
  }
  jobs(): Promise<HeldJob[]> {
    return Promise.resolve(this.names);
  }
  forget(): Promise<void> {
    return Promise.resolve();
  }
  all(state: BatchStatus['state'], more: Partial<BatchStatus> = {}): void {
    for (const id of this.held.keys()) this.held.set(id, { state, exitStatus: null, why: null, ...more });
  }
}

const config: SiteConfig = {
  ...{ isolation: 'preferred', network: 'full', networkHosts: [], hidePaths: [], maxSuspendedS: 3600 },
  ...{
    name: 'S',
    type: 'local',
    min: 2,
    max: 4,
    maxQueued: 10,
    maxPerCycle: 10,
    cores: 1,
    wholeNode: false,
    ttlS: 600,
    drainBeforeEndS: 10,
  },
  ...{
    registerWithinS: 60,
    backOffS: 5,
    maxBackOffS: 60,
    holdUnfitS: 0,
    recheckS: 300,
    letGoIdleS: 600,
    giveUpHeldS: 600,
    staleQueueS: 1800,
    minDiskBytes: 0,
    minMemoryBytes: 0,
  },
  ...{
    storageDomain: null,
    closeSEs: [],
    batch: 'suspend',
    perf: 100,
    packages: [],
    partitions: [],
    httpsProxy: null,
    noProxy: null,
  },
};

describe('proxy-server: pilot keeper', () => {
  let clock: ManualClock;
  let site: ScriptedSite;
  let pilots: PilotStore;
  let sites: SiteStore;
  let keeper: PilotKeeper;
  let ended: string[];
  let wanted: number;
  let idle: string[];
  let letGo: string[];
  let logged: string[];
  const log = createLogger({ program: 'test', level: 'info', file: null, terminal: false });
  log.silent = false;
  log.add(
    new winston.transports.Stream({
      format: winston.format.json(),
      stream: new Writable({
        write: (line, _encoding, done) => {
          const { message } = JSON.parse(String(line)) as { message: string };
          if (/ look/.test(message)) logged.push(message);
          done();
        },
      }),
    }),
  );
  const make = (): PilotKeeper =>
    new PilotKeeper({
      ...{ site, config, jdl: 'the JDL', pilots, sites, clock },
      log,
      demand: () => ({ more: wanted, kept: 0, because: [] }),
      idleLong: () => idle,
      letGo: (agentId) => letGo.push(agentId),
      gapMs: 0,
      sentLog: () => Promise.resolve(''),
      onPilotEnded: (pilot: Pilot) => ended.push(pilot.pilotId),
    });
  beforeEach(() => {
    const db = openStateDb(':memory:');
    clock = new ManualClock();
    site = new ScriptedSite();
    pilots = new PilotStore(db);
    sites = new SiteStore(db);
    ended = [];
    wanted = 0;
    idle = [];
    letGo = [];
    logged = [];
    keeper = make();
  });
  const states = (): string[] => pilots.since(0).map((pilot) => pilot.state);
  const register = (pilot: Pilot): void => {
    pilots.move(pilot.pilotId, 'register', { agentId: `a-${pilot.pilotId}`, registeredAt: clock.date().getTime() });
  };

  it('submits what is missing once, however often it looks', async () => {
    await keeper.look();
    await keeper.look();
    expect(states()).to.deep.equal(['queued', 'queued']);
    site.all('running');
    await keeper.look();
    expect(states()).to.deep.equal(['starting', 'starting']);
    expect(keeper.lastDecision).to.contain('0 serving, 2 on their way').and.to.contain('enough');
  });

  it('goes on after a restart without doubling anything', async () => {
    await keeper.look();
    keeper = make();
    await keeper.look();
    expect(site.held.size).to.equal(2);
  });

  it('finds a pilot whose batch id was never heard, and cancels a doubled job and one of a pilot that was given up', async () => {
    pilots.add(
      [
        { pilotId: 'p1', site: 'S', secret: 'x' },
        { pilotId: 'p2', site: 'S', secret: 'x' },
      ],
      clock.date().getTime(),
    );
    pilots.add([{ pilotId: 'p3', site: 'OTHER', secret: 'x' }], clock.date().getTime());
    pilots.move('p2', 'end');
    pilots.add([{ pilotId: 'p4', site: 'S', secret: 'x' }], clock.date().getTime());
    site.names = [
      { pilotId: 'p4', batchId: '10', isUnfinished: true },
      { pilotId: 'p1', batchId: '11' },
      { pilotId: 'p1', batchId: '12' },
      { pilotId: 'p2', batchId: '13' },
      { pilotId: 'p3', batchId: '14' },
      { pilotId: 'of another server', batchId: '15' },
    ];
    site.held.set('11', { state: 'running', exitStatus: null, why: null });
    await keeper.look();
    expect(pilots.get('p1')).to.deep.include({ batchId: '11', state: 'starting' });
    expect(site.cancelled).to.deep.equal(['12', '13']);
    expect(pilots.get('p4')).to.include({ batchId: null, state: 'submitted' });
    await keeper.look();
    expect(site.cancelled).to.have.length(2); // the next comparison is a minute away
  });

  it('lets idle agents above the floor go, those that were idle for longest first', async () => {
    wanted = 2;
    await keeper.look();
    wanted = 0;
    for (const pilot of pilots.live()) register(pilot);
    idle = ['a1', 'a2', 'a3'];
    await keeper.look();
    expect(letGo).to.deep.equal([]);
    wanted = 4;
    await keeper.look();
    for (const pilot of pilots.live()) register(pilot);
    wanted = 0;
    await keeper.look();
    expect(letGo).to.deep.equal(['a1', 'a2']);
    expect(keeper.lastDecision).to.contain('let 2 go that were idle for 600 s');
  });

  it('replaces a pilot whose job ended, and tells about its agent', async () => {
    await keeper.look();
    const [first] = pilots.live();
    for (const pilot of pilots.live()) register(pilot);
    clock.advance(3_600_000);
    site.held.set(first!.batchId!, { state: 'ended', exitStatus: 0, why: null });
    await keeper.look();
    expect(ended).to.deep.equal([first!.pilotId]);
    expect(pilots.live()).to.have.length(2);
    expect(keeper.backOff.failures).to.equal(0);
  });

  it('examines a pilot that ended without registering, keeps the reason, and pauses', async () => {
    await keeper.look();
    site.words = 'starting\nerror: no route to host\n';
    site.all('ended', { exitStatus: 12 });
    await keeper.look();
    expect(pilots.since(0).map((p) => p.why)).to.deep.equal(
      Array(2).fill(
        'never registered: no connection: exit status 12: nothing comes from the ProxyServer; error: no route to host',
      ),
    );
    expect(keeper.lastDecision).to.contain('back-off after 2 failures').and.to.contain('no route to host');
    expect(pilots.live()).to.deep.equal([]);
    clock.advance(10_000);
    await keeper.look();
    expect(pilots.live()).to.have.length(2); // a quarter of maxPerCycle, rounded down
    site.all('running');
    await keeper.look();
    keeper.proven();
    expect(keeper.backOff.failures).to.equal(0);
  });

  it('backs off from a node whose agent registered, found it unfit and ended before it could say so', async () => {
    await keeper.look();
    for (const pilot of pilots.live()) register(pilot);
    site.words = 'error: this node is not fit: /tmp has 10 bytes free, 20 are needed\n';
    site.all('ended', { exitStatus: 10 });
    await keeper.look();
    expect(keeper.lastDecision).to.contain('unfit node').and.to.contain('10 bytes free');
    expect(pilots.since(0).map((p) => [p.state, p.why?.includes('10 bytes free')])).to.deep.equal(
      Array(2).fill(['gone', true]),
    );
    expect(ended).to.have.length(2);
  });

  it('gives up a pilot that runs and says nothing, and one that the batch system has forgotten', async () => {
    await keeper.look();
    const [silent, lost] = pilots.live();
    site.all('running');
    site.held.delete(lost!.batchId!);
    await keeper.look();
    clock.advance(59_000);
    await keeper.look();
    expect(states()).not.to.include('gone');
    expect(site.cancelled).to.deep.equal([]);
    clock.advance(2_000);
    await keeper.look();
    expect(site.cancelled.sort()).to.deep.equal([silent!.batchId!, lost!.batchId!].sort());
    expect(pilots.get(silent!.pilotId)?.why).to.contain('did not register within 60 s: silent');
  });

  it('waits for a pilot that is queued, as long as it takes', async () => {
    await keeper.look();
    clock.advance(48 * 3_600_000);
    await keeper.look();
    expect(states()).to.deep.equal(['queued', 'queued']);
  });

  it('shows a pilot that the batch system holds back as queued, with the reason', async () => {
    await keeper.look();
    site.all('held', { why: 'JobHeldUser' });
    await keeper.look();
    expect(pilots.live().map(({ state, why }) => [state, why])).to.deep.equal(
      Array(2).fill(['queued', 'held: JobHeldUser']),
    );
    expect(keeper.trouble).to.equal('2 held: JobHeldUser');
  });

  it('counts a refused submission as one failure, with the words of the batch system', async () => {
    site.refusal = 'invalid partition';
    await keeper.look();
    expect(keeper.backOff).to.deep.include({ failures: 1, lastFailure: 'submission: invalid partition' });
    expect(states()).to.deep.equal(['gone', 'gone']);
    await keeper.look();
    expect(keeper.lastDecision).to.contain('paused until').and.to.contain('invalid partition');
  });

  it('is not held up for ever by a batch system that does not answer', async () => {
    await keeper.look();
    site.isDeaf = true;
    const look = keeper.look();
    clock.advance(60_000);
    await look;
    expect(keeper.lastDecision).to.contain('did not tell the state of its pilots within 60 s');
  });

  it('says what trouble a site has, and that it is over; a failure that repeats itself at every look goes to the log once', async () => {
    await keeper.look();
    expect(keeper.trouble).to.equal(null);
    let why = 'squeue: cannot connect';
    const { status } = site;
    site.status = () => Promise.reject(new SiteError(why));
    const since = clock.date().toISOString().slice(0, 19);
    for (let look = 0; look < 3; look++, clock.advance(5000)) await keeper.look();
    expect(keeper.trouble).to.equal(`cannot be looked at since ${since}Z: squeue: cannot connect`);
    expect(logged).to.deep.equal(['a look at the site failed: squeue: cannot connect']);
    why = 'squeue: slow down';
    await keeper.look();
    site.status = status;
    await keeper.look();
    expect(keeper.trouble).to.equal(null);
    expect(logged.slice(1)).to.deep.equal([
      'a look at the site failed: squeue: slow down',
      'the site can be looked at again; looks that failed: 4',
    ]);
    site.all('ended', { exitStatus: 12 });
    await keeper.look();
    expect(keeper.trouble).to.match(/^2 failures in a row, the last: pilot p.* never registered: no connection/);
  });

  it('follows demand, and cancels what is queued when it is gone', async () => {
    wanted = 4;
    await keeper.look();
    expect(pilots.live()).to.have.length(4);
    wanted = 0;
    await keeper.look();
    expect(site.cancelled).to.have.length(2);
    expect(pilots.live()).to.have.length(2);
  });

  it('cancels no pilot that a person asked for, but where the site is closed', async () => {
    wanted = 4;
    await keeper.look();
    const { pilotIds } = await keeper.submit(2, { jdl: null, isByHand: true });
    wanted = 0;
    await keeper.look();
    keeper = make();
    await keeper.look();
    const live = pilots.live().map(({ pilotId }) => pilotId);
    expect(live).to.include.members(pilotIds).and.to.have.length(2);
    keeper.ban('closed');
    await keeper.look();
    expect(pilots.live()).to.deep.equal([]);
  });

  it('takes agents that die one after the other soon after registering for a black hole', async () => {
    for (let round = 0; round < 3; round++) {
      await keeper.look();
      for (const pilot of pilots.live()) register(pilot);
      clock.advance(1_000);
      site.all('ended', { why: 'killed by SIGKILL' });
      await keeper.look();
    }
    expect(keeper.backOff.lastFailure).to.contain('in a row ended within 20 s of registering');
  });
});
