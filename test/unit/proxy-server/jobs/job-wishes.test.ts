/** Jobs that wait ask for agents only where an agent would take them. */
import { expect } from 'chai';
import { parseJdl, parseJobDescription } from '../../../../jdl/index.js';
import type { NodeFacts } from '../../../../protocol/agent-messages.js';
import { agentAd, secondsLeft, setMoving } from '../../../../proxy-server/jobs/agent-ad.js';
import { wantsOf } from '../../../../proxy-server/jobs/job-wants.js';
import { jobWishes } from '../../../../proxy-server/jobs/job-wishes.js';
import type { AgentOffer } from '../../../../proxy-server/jobs/matchmaker.js';
import { WaitingQueue } from '../../../../proxy-server/jobs/waiting-queue.js';
import { testNode } from '../../../support/nodes.js';

const NOW = 1_000_000;
const surroundings = { now: () => NOW, zoneOffset: () => 0, random: () => 0 };
const offer = (site: string, more: Partial<NodeFacts> = {}): AgentOffer => {
  const node = { ...testNode, site, cores: 4, memoryBytes: 2 ** 34, diskBytes: 2 ** 34, ...more };
  const ttlSeconds = secondsLeft(node, NOW);
  return {
    agentId: site,
    ad: setMoving(agentAd(node), { freeCores: node.cores, ttlSeconds }),
    freeCores: node.cores,
    freeMemoryBytes: node.memoryBytes,
    freeDiskBytes: node.diskBytes,
    secondsLeft: ttlSeconds,
  };
};
const wishes = (jdls: string[], offers: AgentOffer[], open: AgentOffer[] = []) => {
  const queue = new WaitingQueue(surroundings);
  for (const [i, jdl] of jdls.entries()) {
    const { description } = parseJobDescription(parseJdl(`Executable = "/bin/true"; ${jdl}`).ad);
    queue.add({ jobId: i + 1, user: 'u', wants: wantsOf(description!, 'u') });
  }
  const prospects = offers.map((one) => ({ site: one.agentId, offer: one }));
  return jobWishes({ lines: queue.lines(), open }, prospects, surroundings);
};

describe('proxy-server: the wishes of jobs that wait', () => {
  it('are the cores of all that would match there, those for the same sites together', () => {
    const jobs = ['TTL = 600;', 'TTL = 600;', 'TTL = 601;', 'CPUCores = 4; TTL = 600;'];
    expect(wishes(jobs, [offer('A'), offer('B', { cores: 2 })])).to.deep.equal([
      { who: 'for 3 waiting jobs', cores: 3, tiers: [['A', 'B']], isStanding: false },
      { who: 'for 1 waiting job', cores: 4, tiers: [['A']], isStanding: false },
    ]);
  });

  it('are none where no agent would do: Requirements, memory, time', () => {
    const short = offer('A', { wallTimeEnd: NOW + 600_000 });
    const jobs = ['Requirements = other.Site == "B"; TTL = 60;', 'MemorySize = "999GB"; TTL = 60;', 'TTL = 86000;'];
    expect(wishes(jobs, [short])).to.deep.equal([]);
  });

  it('are less by what agents could take that the matchmaker has not looked at yet', () => {
    const jobs = ['CPUCores = 2; TTL = 600;', 'CPUCores = 2; TTL = 600;', 'CPUCores = 2; TTL = 600;'];
    expect(wishes(jobs, [offer('A')], [offer('new')])[0]).to.deep.include({ cores: 2 });
    expect(wishes(jobs, [offer('A')], [offer('small', { cores: 1 })])[0]).to.deep.include({ cores: 6 });
  });
});
