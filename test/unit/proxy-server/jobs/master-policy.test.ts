import { expect } from 'chai';
import { parseJdl, parseJobDescription } from '../../../../jdl/index.js';
import type { JobState } from '../../../../protocol/job-messages.js';
import {
  decideMaster,
  type FailedPart,
  masterPolicy,
  mayActOnFailure,
} from '../../../../proxy-server/jobs/master-policy.js';

const policy = (jdl: string): ReturnType<typeof masterPolicy> =>
  masterPolicy(parseJobDescription(parseJdl(`Executable = "x"; ${jdl}`).ad).description!);
const failed = (...states: JobState[]): FailedPart[] =>
  states.map((state, i) => ({ jobId: i + 1, state, resubmissions: 0 }));

describe('proxy-server: what a master does about failures', () => {
  it('is nothing where it says nothing', () => {
    expect(mayActOnFailure(policy(''))).to.equal(false);
    expect(mayActOnFailure(policy('MasterResubmitThreshold = "10%";'))).to.equal(true);
  });

  it('is to resubmit above the threshold, in numbers or percent, what ResubmitType names', () => {
    const three = { total: 10, done: 1, failed: failed('ERROR_E', 'ERROR_V', 'EXPIRED') };
    const again = (jdl: string, parts = three): readonly number[] => decideMaster(policy(jdl), parts).resubmit;
    expect(again('MasterResubmitThreshold = 3;')).to.deep.equal([]);
    expect(again('MasterResubmitThreshold = 2;')).to.deep.equal([1, 3]);
    expect(again('MasterResubmitThreshold = "30%";')).to.deep.equal([]);
    expect(again('MasterResubmitThreshold = "29%"; ResubmitType = "all";')).to.deep.equal([1, 2, 3]);
    expect(again('MasterResubmitThreshold = 0; ResubmitType = {"ERROR_V", "EXPIRED"};')).to.deep.equal([2, 3]);
  });

  it('gives each sub-job to the queue so often at most', () => {
    const often = (resubmissions: number): FailedPart[] => [{ jobId: 1, state: 'ERROR_E', resubmissions }];
    const again = (jdl: string, resubmissions: number): readonly number[] =>
      decideMaster(policy(`MasterResubmitThreshold = 0; ${jdl}`), { total: 2, done: 0, failed: often(resubmissions) })
        .resubmit;
    expect([again('', 2), again('', 3)]).to.deep.equal([[1], []]);
    expect([again('Retries = 5;', 4), again('Retries = 5;', 5)]).to.deep.equal([[1], []]);
  });

  it('is to stop what waits when too many failed for good, or before any was DONE', () => {
    const parts = { total: 20, done: 1, failed: failed('ERROR_V', 'ERROR_V', 'ERROR_V') };
    expect(decideMaster(policy('MaxFailed = 3;'), parts).stop).to.equal(undefined);
    expect(decideMaster(policy('MaxFailed = "10%";'), parts).stop).to.match(/3 sub-jobs failed, more than MaxFailed/);
    expect(decideMaster(policy('MaxInitFailed = 2;'), parts).stop).to.equal(undefined);
    expect(decideMaster(policy('MaxInitFailed = 2;'), { ...parts, done: 0 }).stop).to.match(/MaxInitFailed/);
    const saved = decideMaster(policy('MaxFailed = 0; MasterResubmitThreshold = 0; ResubmitType = "all";'), parts);
    expect(saved).to.deep.equal({ resubmit: [1, 2, 3], stop: undefined });
  });
});
