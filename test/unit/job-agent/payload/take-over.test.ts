/** What an agent does with the payloads of the one before it, and how their time is counted on. */
import { expect } from 'chai';
import { RunTime, spareMs } from '../../../../job-agent/payload/run-time.js';
import { takeOver } from '../../../../job-agent/payload/take-over.js';

const END = {
  outcome: 'done' as const,
  why: '',
  exitCode: 0,
  cpuSeconds: 1,
  wallSeconds: 1,
  suspendedSeconds: 0,
  files: [],
  stored: [],
};
const ENDING = { outcome: 'failed' as const, why: 'exit status 1' };

describe('job-agent: payloads that are found', () => {
  const of = (phase: Parameters<typeof takeOver>[0]['phase'], more: object = {}) => ({
    ...{ phase, programs: 0, ending: null, end: null },
    ...more,
  });

  it('begin where nothing of them ran', () => {
    expect(takeOver(of('waiting'), false)).to.equal('begin');
    expect(takeOver(of('started'), false)).to.equal('begin');
  });
  it('are followed where a program runs or has told its end, a kill under way or not', () => {
    for (const phase of ['started', 'running', 'suspended'] as const)
      expect(takeOver(of(phase, { programs: 1 }), true)).to.equal('follow');
    expect(takeOver(of('running', { programs: 2, ending: ENDING }), true)).to.equal('follow');
  });
  it('are dropped where how a program ended will never be known: it may not run a second time as the same run', () => {
    for (const phase of ['started', 'running', 'suspended'] as const)
      expect(takeOver(of(phase, { programs: 1 }), false)).to.equal('drop');
    expect(takeOver(of('saving'), false)).to.equal('drop');
    expect(takeOver(of('ended'), false)).to.equal('drop');
  });
  it('are saved once more where that was under way, and told once more where it was done', () => {
    expect(takeOver(of('saving', { programs: 1, ending: ENDING }), true)).to.equal('save');
    expect(takeOver(of('ended', { programs: 1, ending: ENDING, end: END }), false)).to.equal('tell');
  });
});

describe('job-agent: the time of a payload', () => {
  it('does not count suspensions, those that an earlier agent saw included', () => {
    const time = new RunTime({ startedAt: null, suspendedAt: null, suspendedMs: 0 });
    expect(time.seconds(5_000)).to.equal(0);
    time.start(1_000);
    time.suspend(4_000);
    time.suspend(5_000);
    expect(time.seconds(9_000)).to.equal(3);
    const { startedAt, suspendedAt, suspendedMs } = time;
    const next = new RunTime({ startedAt, suspendedAt, suspendedMs });
    next.start(8_000);
    next.continue(10_000);
    next.continue(11_000);
    expect(next.suspendedMs).to.equal(6_000);
    expect(next.seconds(12_000)).to.equal(5);
  });
  it('leaves a payload what the slot has beyond its TTL and the time of saving', () => {
    expect(spareMs({ slotEnd: null, nowMs: 0, toRunS: 1e9 })).to.equal(Number.POSITIVE_INFINITY);
    expect(spareMs({ slotEnd: 200_000, nowMs: 50_000, toRunS: 60 })).to.equal(30_000);
    expect(spareMs({ slotEnd: 200_000, nowMs: 50_000, toRunS: 600 })).to.equal(0);
  });
});
