/** Which agents there are, and when one is given up. */
import { expect } from 'chai';
import type { NodeFacts, WorkerReport } from '../../../protocol/agent-messages.js';
import { AgentRegistry, type RegistryEffect } from '../../../proxy-server/agent-registry.js';
import { ManualClock } from '../../support/manual-clock.js';

const node = (more: Partial<NodeFacts> = {}): NodeFacts => ({
  ...{ host: 'wn1', site: 'S', ce: null, storageDomain: null, closeSEs: [], cores: 2, memoryBytes: 1, diskBytes: 1 },
  ...{ platform: 'linux-x64', nodeVersion: 'v20', wallTimeEnd: null, perf: 100 },
  ...more,
});
const report = (workerId: string, more: Partial<WorkerReport> = {}): WorkerReport => ({
  ...{ workerId, phase: 'warm', pid: 1, sessionId: null },
  ...more,
});

describe('proxy-server: agent registry', () => {
  let clock: ManualClock;
  let effects: RegistryEffect[];
  let registry: AgentRegistry;
  const join = (agentId: string, workers: WorkerReport[] = [], facts: Partial<NodeFacts> = {}): void => {
    registry.join({ agentId, pilotId: `p-${agentId}`, pid: 1, node: node(facts), workers });
  };
  const told = (): string[] =>
    effects.flatMap((e) =>
      e.do === 'agentLost'
        ? [`lost ${e.agent.agentId}: ${e.because}`]
        : e.do === 'workerGone'
          ? [`gone ${e.worker.workerId}`]
          : [],
    );

  beforeEach(() => {
    clock = new ManualClock();
    effects = [];
    registry = new AgentRegistry({ clock, heartbeatMs: 1_000, emit: (effect) => effects.push(effect) });
  });

  it('gives a silent agent up after three missed heartbeats, with its workers, and not before', () => {
    join('a1', [report('w1')]);
    clock.advance(2_999);
    expect(told()).to.deep.equal([]);
    clock.advance(1);
    expect(told()).to.deep.equal(['gone w1', 'lost a1: agent a1 was silent for 3000 ms']);
    expect(registry.agents()).to.deep.equal([]);
    expect(clock.pending).to.equal(0);
  });

  it('keeps an agent that speaks, also over a broken connection', () => {
    join('a1');
    clock.advance(2_000);
    registry.heard('a1');
    registry.disconnected('a1');
    clock.advance(2_000);
    join('a1');
    clock.advance(2_999);
    expect(told()).to.deep.equal([]);
    expect(registry.get('a1')?.connected).to.equal(true);
  });

  it('waits for an agent whose process can be started again, without its workers, as long as that may take', () => {
    const again = { agentId: 'a1', pilotId: null, pid: 1, node: node(), returnsWithinMs: 10_000 };
    registry.join({ ...again, workers: [report('w1')] });
    registry.disconnected('a1');
    clock.advance(3_000);
    expect(told()).to.deep.equal(['gone w1']);
    clock.advance(6_999);
    registry.join({ ...again, workers: [report('w2')] });
    clock.advance(2_999);
    expect(told()).to.deep.equal(['gone w1']);
    registry.heard('a1');
    registry.disconnected('a1');
    clock.advance(9_999);
    expect(told()).to.deep.equal(['gone w1', 'gone w2']);
    clock.advance(1);
    expect(told().at(-1)).to.equal('lost a1: agent a1 did not come back within 10000 ms');
    expect(clock.pending).to.equal(0);
  });

  it('does not wait for one that is silent on a connection that stands', () => {
    registry.join({ agentId: 'a1', pilotId: null, pid: 1, node: node(), returnsWithinMs: 10_000, workers: [] });
    clock.advance(3_000);
    expect(told()).to.deep.equal(['lost a1: agent a1 was silent for 3000 ms']);
  });

  it('does not lose an agent that speaks again after a sleep of both, wherever in the beats that ended', () => {
    for (let stallMs = 500; stallMs <= 20_000; stallMs += 100) {
      join('a1', [report('w1')]);
      clock.advance(900); // its next word is due soon
      clock.stall(stallMs);
      clock.advance(900); // it comes as late as it may
      expect(told(), `${stallMs} ms`).to.deep.equal([]);
      registry.heard('a1');
    }
    clock.advance(3_000);
    expect(told()).to.deep.equal(['gone w1', 'lost a1: agent a1 was silent for 3000 ms']);
  });

  it('does not blame agents for its own sleep', () => {
    const late = new (class extends ManualClock {
      skip = 0;
      override now(): number {
        return super.now() + this.skip;
      }
    })();
    const own = new AgentRegistry({ clock: late, heartbeatMs: 1_000, emit: (effect) => effects.push(effect) });
    own.join({ agentId: 'a1', pilotId: null, pid: 1, node: node(), workers: [] });
    late.skip = 60_000; // the process was stopped: timers fire late, and what the agent said lies unread
    late.advance(3_000);
    expect(told()).to.deep.equal([]);
    late.advance(3_000);
    expect(told()).to.have.length(1);
  });

  it('offers warm workers of connected agents that do not drain, those of fast nodes first', () => {
    join('slow', [report('w1'), report('w2', { phase: 'starting' })], { perf: 50 });
    join('fast', [report('w3')], { perf: 200 });
    join('cut', [report('w4')]);
    join('old', [report('w5')]);
    registry.disconnected('cut');
    registry.drain('old', 'its slot ends');
    expect(registry.freeWorkers().map((w) => w.workerId)).to.deep.equal(['w3', 'w1']);
    expect(registry.startingCount()).to.equal(2); // one that starts, and the second core of fast
  });

  it('keeps a promise that older reports do not know of', () => {
    join('a1', [report('w1')]);
    registry.promise('w1', 's1');
    registry.report('a1', [report('w1')]);
    expect(registry.heldBy('s1').map((w) => w.workerId)).to.deep.equal(['w1']);
    expect(registry.freeWorkers()).to.deep.equal([]);
  });

  it('takes from an agent that came back whom its workers serve', () => {
    join('a1', [report('w1', { phase: 'attached', sessionId: 's1' })]);
    expect(registry.heldBy('s1')).to.have.length(1);
  });

  it('says that workers are gone which their agent does not name any more, or that it says are gone', () => {
    join('a1', [report('w1'), report('w2')]);
    registry.report('a1', [report('w1')]);
    registry.workerState('a1', report('w1', { phase: 'gone', why: 'killed' }));
    expect(told()).to.deep.equal(['gone w2', 'gone w1']);
    expect(effects.find((e) => e.do === 'workerGone' && e.worker.workerId === 'w1')).to.include({ because: 'killed' });
  });

  it('says of workers whether they went with all of their agent', () => {
    join('a1', [report('w1'), report('w2')]);
    registry.report('a1', [report('w1')]);
    registry.remove('a1', 'silent');
    const withAgent = effects.flatMap((e) => (e.do === 'workerGone' ? [[e.worker.workerId, e.withAgent]] : []));
    expect(withAgent).to.deep.equal([
      ['w2', false],
      ['w1', true],
    ]);
  });

  it('forgets a released worker without a word: its session knows', () => {
    join('a1', [report('w1', { phase: 'attached', sessionId: 's1' })]);
    registry.release('w1');
    expect(registry.heldBy('s1')).to.deep.equal([]);
    registry.workerState('a1', report('w1', { phase: 'gone' }));
    expect(told()).to.deep.equal([]);
  });
});
