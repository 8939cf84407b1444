import { expect } from 'chai';
import { parseExpression, parseJdl, parseJobDescription } from '../../../../jdl/index.js';
import { agentAd, setMoving } from '../../../../proxy-server/jobs/agent-ad.js';
import { wantsOf } from '../../../../proxy-server/jobs/job-wants.js';
import { type AgentOffer, matchRound } from '../../../../proxy-server/jobs/matchmaker.js';
import { computedPriority, EVERYBODYS } from '../../../../proxy-server/jobs/quotas.js';
import { type WaitingJob, WaitingQueue } from '../../../../proxy-server/jobs/waiting-queue.js';
import { testNode } from '../../../support/nodes.js';

const surroundings = { now: () => 0, zoneOffset: () => 0, random: () => 0 };
const job = (jobId: number, jdl = '', user = 'alice'): WaitingJob => {
  const { description } = parseJobDescription(parseJdl(`Executable = "/bin/true"; TTL = 100; ${jdl}`).ad);
  return { jobId, user, wants: wantsOf(description!, user) };
};
interface OfferOptions {
  readonly closeSEs?: string[];
  readonly secondsLeft?: number;
  readonly packages?: string[];
  readonly partitions?: string[];
  readonly requirements?: string;
}
const offer = (
  agentId: string,
  freeCores: number,
  { closeSEs = [], secondsLeft = 1000, packages = [], partitions = [], requirements }: OfferOptions = {},
): AgentOffer => {
  const asked = requirements === undefined ? undefined : parseExpression(requirements);
  const ad = agentAd({ ...testNode, closeSEs, cores: freeCores }, { packages, partitions, requirements: asked });
  return {
    agentId,
    freeCores,
    ad: setMoving(ad, { freeCores, ttlSeconds: secondsLeft }),
    freeMemoryBytes: 2e9,
    freeDiskBytes: 1e9,
    secondsLeft,
  };
};
const queueOf = (jobs: readonly WaitingJob[]): WaitingQueue => {
  const queue = new WaitingQueue(surroundings);
  for (const one of jobs) queue.add(one);
  return queue;
};
interface MatchOptions {
  readonly cores?: [string, number][];
  readonly priorityOf?: (user: string, cores: number) => number;
  /** Agents that are gone when their job is to be carried out. */
  readonly gone?: string[];
}
const match = (
  jobs: readonly WaitingJob[],
  offers: AgentOffer[],
  { cores = [], priorityOf = (_, used) => computedPriority(EVERYBODYS, used), gone = [] }: MatchOptions = {},
): string[] => {
  const queue = queueOf(jobs);
  const round = matchRound({ queue, offers, coresOf: new Map(cores), priorityOf, surroundings });
  const given: string[] = [];
  for (let step = round.next(); step.done !== true; ) {
    const assignment = step.value;
    const isGood = assignment !== undefined && !gone.includes(assignment.agentId);
    if (isGood) {
      queue.delete(assignment.jobId);
      given.push(`${assignment.jobId}:${assignment.agentId}`);
    }
    step = round.next(isGood);
  }
  return given;
};

describe('proxy-server: the matchmaker', () => {
  it('gives the older job first, the dearer one before, and never more cores than there are', () => {
    expect(match([job(1), job(2), job(3, 'Price = 2;')], [offer('a', 2)])).to.deep.equal(['3:a', '1:a']);
    expect(match([job(1, 'CPUCores = 3;'), job(2)], [offer('a', 2)])).to.deep.equal(['2:a']);
    expect(match([job(1, 'MemorySize = "3GB";'), job(2, 'MemorySize = "1GB";')], [offer('a', 2)])).to.deep.equal([
      '2:a',
    ]);
  });

  it('shares fairly: of equal users the one with the fewest cores in use is next', () => {
    const jobs = [job(1), job(2), job(3), job(4, '', 'bob'), job(5, '', 'bob')];
    expect(match(jobs, [offer('a', 4)])).to.deep.equal(['1:a', '4:a', '2:a', '5:a']);
    expect(match(jobs, [offer('a', 2)], { cores: [['alice', 5]] })).to.deep.equal(['4:a', '5:a']);
  });

  it('puts a user of higher priority before, and gives nothing to one whose quota is used up', () => {
    const jobs = [job(1), job(2), job(3, '', 'bob'), job(4, '', 'bob')];
    const weighted = (user: string, used: number): number =>
      computedPriority({ ...EVERYBODYS, priority: user === 'bob' ? 3 : 1 }, used);
    expect(match(jobs, [offer('a', 3)], { priorityOf: weighted })).to.deep.equal(['3:a', '4:a', '1:a']);
    const spent = (user: string): number => (user === 'alice' ? 0 : 1);
    expect(match(jobs, [offer('a', 4)], { priorityOf: spent })).to.deep.equal(['3:a', '4:a']);
  });

  it('asks Requirements and Rank of each agent, and the agents theirs of each job', () => {
    const near = 'Requirements = member(other.CloseSE, "A::B::C");';
    const close = offer('b', 1, { closeSEs: ['A::B::C'] });
    expect(match([job(1, near)], [offer('a', 5), close])).to.deep.equal(['1:b']);
    expect(match([job(1, near)], [offer('a', 5)])).to.deep.equal([]);
    expect(match([job(1, 'Rank = -other.FreeCores;')], [offer('a', 5), offer('b', 1)])).to.deep.equal(['1:b']);
    expect(match([job(1)], [offer('a', 1), offer('b', 5)])).to.deep.equal(['1:b']);
    const choosy = offer('c', 2, { requirements: 'other.User == "bob" && other.CPUCores <= 1' });
    expect(match([job(1), job(2, '', 'bob'), job(3, 'CPUCores = 2;', 'bob')], [choosy])).to.deep.equal(['2:c']);
  });

  it('finds packages with and without their version, and partitions', () => {
    const rich = offer('a', 9, { packages: ['VO_ALICE@ROOT::v6-32'], partitions: ['analysis'] });
    const asks = [
      job(1, 'Packages = "VO_ALICE@ROOT";'),
      job(2, 'Packages = {"VO_ALICE@ROOT::v6-32"};'),
      job(3, 'Packages = {"VO_ALICE@ROOT::v5-34"};'),
      job(4, 'Requirements = member(other.GridPartitions, "analysis");'),
      job(5, 'Requirements = member(other.GridPartitions, "pro");'),
    ];
    expect(match(asks, [rich])).to.deep.equal(['1:a', '2:a', '4:a']);
  });

  it('does not start what cannot end before the slot does', () => {
    expect(match([job(1, 'TTL = 2000;')], [offer('a', 1)])).to.deep.equal([]);
    expect(match([job(1, 'TTL = 2000; ProxyTTL = 1;')], [offer('a', 1)])).to.deep.equal(['1:a']);
  });

  it('tells jobs apart whose Requirements speak of themselves, and asks once for those that want the same', () => {
    const asks = (least: number): string => `Least = ${least}; Requirements = other.FreeCores >= Least;`;
    expect(match([job(1, asks(9)), job(2, asks(1))], [offer('a', 2)])).to.deep.equal(['2:a']);
    const kinds = (jdl: string): number =>
      queueOf(
        Array.from({ length: 9 }, (_, i) => job(i + 1, `${jdl} Arguments = "${i}"; InputData = "LF:/a/${i}";`)),
      ).lines().length;
    expect(kinds('Requirements = other.TTL > TTL;')).to.equal(1);
    expect(kinds('Requirements = size(self.Arguments) > 0;')).to.equal(9);
    expect(kinds('Requirements = eval("other.TTL > 1");')).to.equal(9);
  });

  it('leaves an agent that went away out of the round', () => {
    expect(match([job(1), job(2)], [offer('a', 2), offer('b', 1)], { gone: ['a'] })).to.deep.equal(['1:b']);
  });

  it('matches 10,000 jobs to 1,000 agents in steps between which others go on', () => {
    const jobs = Array.from({ length: 10_000 }, (_, i) => job(i + 1, 'Requirements = other.CE != "NOWHERE";'));
    const queue = queueOf(jobs);
    const offers = Array.from({ length: 1000 }, (_, i) => offer(`a${i}`, 8));
    const priorityOf = (): number => 1;
    const round = matchRound({ queue, offers, coresOf: new Map(), priorityOf, surroundings });
    let steps = 0;
    const perAgent = new Map<string, number>();
    for (let step = round.next(); step.done !== true; steps++) {
      if (step.value !== undefined) {
        queue.delete(step.value.jobId);
        perAgent.set(step.value.agentId, (perAgent.get(step.value.agentId) ?? 0) + 1);
      }
      step = round.next(true);
    }
    expect([...new Set(perAgent.values())]).to.deep.equal([8]);
    expect([perAgent.size, queue.size]).to.deep.equal([1000, 2000]);
    expect(steps).to.be.above(8000);
  });
});
