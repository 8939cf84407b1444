import { expect } from 'chai';
import { type JobDescription, parseJdl, parseJobDescription } from '../../../../jdl/index.js';
import { planMerging } from '../../../../proxy-server/jobs/merge-plan.js';

const described = (jdl: string): JobDescription =>
  parseJobDescription(parseJdl(`Executable = "x"; Split = "file"; ${jdl}`).ad).description!;
const source = {
  ...{ masterId: 7, user: 'alice', home: '/home/alice' },
  outputs: ['/out/1/a.root', '/out/1/b.log', '/out/2/a.root', '/out/2/a1root', '/out/2/c+.txt'],
};

describe('proxy-server: what is to be merged', () => {
  it('is what outputs are called, and the merging job is told AliEn’s six words', () => {
    const job = described('Merge = {"a.root:/m.jdl:all.root", "?.*:/m.jdl:rest"}; OutputDir = "/out/#alien_counter#";');
    const { works, missing } = planMerging(job, source);
    expect(works.map(({ files }) => files)).to.deep.equal([
      ['/out/1/a.root', '/out/2/a.root'],
      ['/out/1/a.root', '/out/1/b.log', '/out/2/a.root'],
    ]);
    expect(works[0]!.args).to.deep.equal(['7', 'a.root', 'all.root', 'alice', '/out', '/out']);
    expect(missing).to.deep.equal([]);
  });

  it('goes to MergeOutputDir, else to the part of OutputDir that all share, else to a directory of the master', () => {
    const target = (jdl: string): string =>
      planMerging(described(`Merge = {"a.root:/m.jdl:r"}; ${jdl}`), source).works[0]!.outputDir;
    expect(target('MergeOutputDir = "~/sum/"; OutputDir = "/x";')).to.equal('/home/alice/sum');
    expect(target('OutputDir = "runs/#alienfirstdir#/x";')).to.equal('/home/alice/runs');
    expect(target('')).to.equal('/home/alice/alien-job-7');
  });

  it('says what there is none of, and makes collections of several names', () => {
    const job = described('Merge = {"none*:/m.jdl:r"}; MergeCollections = {"*.log,c+.txt:~/sets/logs", "x:/y"};');
    const { collections, missing } = planMerging(job, source);
    expect(collections[0]).to.deep.equal({
      collection: '/home/alice/sets/logs',
      files: ['/out/1/b.log', '/out/2/c+.txt'],
    });
    expect(missing).to.deep.equal([
      'None of its sub-jobs has registered an output named none*.',
      'None of its sub-jobs has registered an output named x.',
    ]);
  });
});
