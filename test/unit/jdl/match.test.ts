/** The match of two ads, and why there is none. */
import { expect } from 'chai';
import {
  ERROR,
  explainMatch,
  MatchPair,
  matchAds,
  parseAd,
  parseExpression,
  UNDEFINED,
  type Value,
} from '../../../jdl/index.js';

const JOB =
  '[Owner = "ana"; TTL = 3600; Requirements = other.TTL > TTL && member("x86", other.Arch); Rank = other.Mips]';
const AGENT = '[TTL = 7200; Arch = {"x86"}; Mips = 12; Requirements = other.Owner != "eve"; Rank = 1]';

function inLeft(expr: string, left: string, right: string): Value {
  const pair = new MatchPair(parseAd(left), parseAd(right));
  return pair.evaluateInLeft(parseExpression(expr));
}

describe('jdl: match', () => {
  it('asks both Requirements and gives both ranks', () => {
    expect(matchAds(parseAd(JOB), parseAd(AGENT))).to.deep.equal({
      symmetricMatch: true,
      leftMatchesRight: true,
      rightMatchesLeft: true,
      leftRank: 12n,
      rightRank: 1n,
    });
  });
  it('does not match where Requirements are missing, undefined or error', () => {
    for (const requirements of [
      '',
      'Requirements = other.Nothing > 1',
      'Requirements = error',
      'Requirements = "yes"',
    ]) {
      const { symmetricMatch, rightMatchesLeft } = matchAds(parseAd(`[${requirements}]`), parseAd(AGENT));
      expect([symmetricMatch, rightMatchesLeft]).to.deep.equal([false, false]);
    }
  });
  it('looks names up in the own ad only; other, target, my and self say whose', () => {
    expect(inLeft('x', '[]', '[x = 1]')).to.equal(UNDEFINED);
    expect(inLeft('other.x + target.x', '[]', '[x = 1]')).to.equal(2n);
    expect(inLeft('my.x + self.x', '[x = 3]', '[x = 1]')).to.equal(6n);
    expect(inLeft('other.y', '[x = 3]', '[x = 1; y = other.x]')).to.equal(3n);
    expect(inLeft('other.y', '[x = 3]', '[x = 1; y = x]')).to.equal(1n);
    expect(inLeft('b.y', '[x = 3; b = [x = 4; y = my.x]]', '[]')).to.equal(3n);
    expect(inLeft('other.x.y', '[]', '[x = 1]')).to.equal(ERROR);
  });
  it('matches an ad with itself', () => {
    const ad = parseAd('[Name = "a"; Requirements = other.Name == my.Name]');
    expect(matchAds(ad, ad).symmetricMatch).to.equal(true);
  });
  it('explains: which clause fails on how many agents', () => {
    const agents = ['[TTL = 7200; Arch = {"x86"}]', '[TTL = 60; Arch = {"x86"}]', '[TTL = 7200]', '[TTL = 60]'].map(
      (text) => parseAd(text.replace(']', '; Requirements = true]')),
    );
    expect(explainMatch(parseAd(JOB), agents)).to.deep.equal({
      agents: 4,
      matching: 1,
      refusedByAgents: 0,
      clauses: [
        { clause: 'other.TTL > TTL', failsOn: 2, undefinedOn: 0, onlyObstacleOn: 1 },
        { clause: 'member("x86",other.Arch)', failsOn: 2, undefinedOn: 2, onlyObstacleOn: 1 },
      ],
    });
  });
  it('explains: one without Requirements takes whatever comes, and one that refuses is counted', () => {
    const agents = ['[TTL = 7200]', '[Requirements = other.User == "bob"]'].map((text) => parseAd(text));
    const report = explainMatch(parseAd('[User = "eve"]'), agents);
    expect(report).to.deep.equal({ agents: 2, matching: 1, refusedByAgents: 1, clauses: [] });
  });
});
