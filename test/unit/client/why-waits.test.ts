import { expect } from 'chai';
import { type JobMatch, waitingSentence } from '../../../client/jobs/why-waits.js';

const match = (more: Partial<JobMatch>): JobMatch => ({
  ...{ agents: 3, matching: 0, refusedByAgents: 0, heldBack: null, clauses: [] },
  ...more,
});
const clause = (text: string, failsOn: number): JobMatch['clauses'][number] => ({
  ...{ clause: text, failsOn, undefinedOn: 0, onlyObstacleOn: failsOn },
});

describe('client: why a job waits', () => {
  it('is what no agent has, or that others go first, or what its owner may', () => {
    const place = clause('other.Site == "NOWHERE"', 3);
    const cores = clause('other.FreeCores >= 64', 3);
    expect(waitingSentence(match({ clauses: [place, clause('other.TTL >= 5', 1)] }))).to.equal(
      'on none of 3 agents: other.Site == "NOWHERE"',
    );
    expect(waitingSentence(match({ clauses: [place, cores] }))).to.contain('"NOWHERE" and other.FreeCores >= 64');
    expect(waitingSentence(match({ clauses: [clause('a', 2), clause('b', 1)] }))).to.equal(
      'each of 3 agents lacks something that it asks for',
    );
    expect(waitingSentence(match({ refusedByAgents: 3 }))).to.contain('none of 3 agents wants it');
    expect(waitingSentence(match({ matching: 2 }))).to.equal('2 of 3 agents fit; others go first');
    expect(waitingSentence(match({ agents: 0 }))).to.equal('no agent is here');
    expect(waitingSentence(match({ heldBack: 'maxCpuCost is used up', matching: 3 }))).to.equal(
      'maxCpuCost is used up',
    );
  });
});
