import { expect } from 'chai';
import winston from 'winston';
import { AgentLife } from '../../../job-agent/agent-life.js';
import { Fitness } from '../../../job-agent/fitness.js';
import { ManualClock } from '../../support/manual-clock.js';

describe('job-agent: fitness of the node', () => {
  let clock: ManualClock;
  let life: AgentLife;
  let fitness: Fitness;
  let found: string[];
  let looks: number;
  let events: string[];
  beforeEach(() => {
    clock = new ManualClock();
    life = new AgentLife();
    found = [];
    looks = 0;
    events = [];
    fitness = new Fitness({
      settings: { recheckS: 300, holdUnfitS: 60 },
      reasons: [],
      recheck: async () => {
        looks++;
        return found;
      },
      ...{ life, clock, log: winston.createLogger({ silent: true }) },
      onUnfit: (reasons) => events.push(`unfit: ${reasons.join(' ')}`),
      onHeld: (why) => events.push(`held: ${why}`),
    });
  });

  it('looks again every recheckS, and not before', async () => {
    clock.advance(299_999);
    await fitness.look();
    expect(looks).to.equal(0);
    clock.advance(1);
    await fitness.look();
    await fitness.look();
    expect(looks).to.equal(1);
    expect(events).to.deep.equal([]);
  });

  it('says at once why a node is not fit any more, and has held its slot after holdUnfitS', async () => {
    found = ['The disk is full.'];
    clock.advance(300_000);
    await fitness.look();
    expect(events).to.deep.equal(['unfit: The disk is full.']);
    clock.advance(59_999);
    expect(events).to.have.length(1);
    clock.advance(1);
    expect(events[1]).to.equal('held: The disk is full.');
  });

  it('holds nothing for nobody: an agent by hand ends at once', () => {
    fitness.lose(['The ProxyServer cannot be reached.'], 0);
    clock.advance(0);
    expect(events).to.deep.equal([
      'unfit: The ProxyServer cannot be reached.',
      'held: The ProxyServer cannot be reached.',
    ]);
  });

  it('does not look while the agent drains, nor holds anything once it ends', async () => {
    clock.advance(300_000);
    life.take('drain');
    await fitness.look();
    expect(looks).to.equal(0);
    fitness.lose(['Workers do not start.']);
    fitness.close();
    expect(clock.pending).to.equal(0);
  });

  it('tells reasons as long as a message can carry', () => {
    fitness.lose(['x'.repeat(5000)]);
    expect(fitness.reasons[0]).to.have.length(1000);
  });
});

describe('job-agent: the life of an agent', () => {
  it('drains once, and ends once, drained or not', () => {
    const life = new AgentLife();
    expect(life.take('drain')).to.equal(true);
    expect(life.take('drain')).to.equal(false);
    expect([life.isServing, life.isEnding]).to.deep.equal([false, false]);
    expect(life.take('end')).to.equal(true);
    expect(life.take('drain')).to.equal(false);
    expect(life.take('end')).to.equal(false);
    expect(life.isEnding).to.equal(true);
    expect(new AgentLife().take('end')).to.equal(true);
  });
});
