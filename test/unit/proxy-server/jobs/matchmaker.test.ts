import { expect } from 'chai';
import { parseAd } from '../../../../jdl/index.js';
import { agentAd } from '../../../../proxy-server/jobs/agent-ad.js';
import { type AgentOffer, matchJobs, type WaitingJob } from '../../../../proxy-server/jobs/matchmaker.js';
import { testNode } from '../../../support/nodes.js';

const surroundings = { now: () => 0, zoneOffset: () => 0, random: () => 0 };
const job = (jobId: number, more: Partial<WaitingJob> = {}, ad = '[]'): WaitingJob => ({
  jobId,
  user: 'alice',
  price: 1,
  ad: parseAd(ad),
  cores: 1,
  ttlSeconds: 100,
  memoryBytes: 0,
  diskBytes: 0,
  runsToEndOfSlot: false,
  ...more,
});
const offer = (agentId: string, freeCores: number, closeSEs: string[] = [], secondsLeft = 1000): AgentOffer => ({
  agentId,
  freeCores,
  ad: agentAd({ ...testNode, closeSEs, cores: freeCores }, { freeCores, nowMs: 0 }),
  freeMemoryBytes: 2e9,
  freeDiskBytes: 1e9,
  secondsLeft,
});
const match = (jobs: WaitingJob[], offers: AgentOffer[], cores: [string, number][] = []): string[] =>
  matchJobs(jobs, offers, { coresOf: new Map(cores), surroundings }).map(({ jobId, agentId }) => `${jobId}:${agentId}`);

describe('proxy-server: the matchmaker', () => {
  it('gives the older job first, the dearer one before, and never more cores than there are', () => {
    expect(match([job(1), job(2), job(3, { price: 2 })], [offer('a', 2)])).to.deep.equal(['3:a', '1:a']);
    expect(match([job(1, { cores: 3 }), job(2)], [offer('a', 2)])).to.deep.equal(['2:a']);
  });

  it('shares fairly: the user with the fewest cores in use is next', () => {
    const jobs = [job(1), job(2), job(3), job(4, { user: 'bob' }), job(5, { user: 'bob' })];
    expect(match(jobs, [offer('a', 4)])).to.deep.equal(['1:a', '4:a', '2:a', '5:a']);
    expect(match(jobs, [offer('a', 2)], [['alice', 5]])).to.deep.equal(['4:a', '5:a']);
  });

  it('asks Requirements and Rank of each agent', () => {
    const near = '[Requirements = member(other.CloseSE, "A::B::C")]';
    expect(match([job(1, {}, near)], [offer('a', 5), offer('b', 1, ['A::B::C'])])).to.deep.equal(['1:b']);
    expect(match([job(1, {}, near)], [offer('a', 5)])).to.deep.equal([]);
    expect(match([job(1, {}, '[Rank = -other.FreeCores]')], [offer('a', 5), offer('b', 1)])).to.deep.equal(['1:b']);
    expect(match([job(1)], [offer('a', 1), offer('b', 5)])).to.deep.equal(['1:b']);
  });

  it('does not start what cannot end before the slot does', () => {
    expect(match([job(1, { ttlSeconds: 2000 })], [offer('a', 1)])).to.deep.equal([]);
    expect(match([job(1, { ttlSeconds: 2000, runsToEndOfSlot: true })], [offer('a', 1)])).to.deep.equal(['1:a']);
  });

  it('tells jobs apart whose Requirements speak of themselves', () => {
    const asks = (least: number): string => `[Least = ${least}; Requirements = other.FreeCores >= Least]`;
    expect(match([job(1, {}, asks(9)), job(2, {}, asks(1))], [offer('a', 2)])).to.deep.equal(['2:a']);
  });

  it('matches 10,000 waiting jobs of one kind against 1,000 agents', () => {
    const jobs = Array.from({ length: 10_000 }, (_, i) => job(i + 1, {}, '[Requirements = other.CE == "NOWHERE"]'));
    const offers = Array.from({ length: 1000 }, (_, i) => offer(`a${i}`, 1));
    expect(match(jobs, offers)).to.deep.equal([]);
  });
});
