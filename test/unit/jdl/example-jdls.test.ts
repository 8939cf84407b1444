/** JDLs as AliEn's users write them (test/data/jdl): what becomes of each. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  type JobDescription,
  parseJdl,
  parseJobDescription,
  printAd,
  printExpression,
  type SplitFile,
  splitJob,
  stringOf,
  stringsOf,
} from '../../../jdl/index.js';

const FOLDER = join(import.meta.dirname, '../../../../test/data/jdl');
const read = (name: string, ...args: string[]): JobDescription => {
  const parsed = parseJdl(readFileSync(join(FOLDER, `${name}.jdl`), 'utf8'), { args });
  const { description, problems, warnings } = parseJobDescription(parsed.ad);
  expect([...problems, ...warnings, ...parsed.warnings].map(({ message }) => message)).to.deep.equal([]);
  // What is printed is the same job.
  const again = parseJobDescription(parseJdl(printAd(parsed.ad), { dialect: 'classad' }).ad).description;
  expect({ ...again, ad: null, requirements: null }).to.deep.equal({ ...description, ad: null, requirements: null });
  return description!;
};
const files = (n: number, elements: string[]): SplitFile[] =>
  Array.from({ length: n }, (_, i) => ({
    lfn: `/data/${elements.join('+')}/${i}/AliESDs.root`,
    nbytes: 1e8,
    elements,
  }));

describe("jdl: AliEn's users' job descriptions", () => {
  it('the pilot of the slide, braces and all', () => {
    const pilot = read('pilot');
    expect(pilot).to.deep.include({
      executable: '~/bin/qLitePROOF.sh',
      packages: ['VO_ALICE@ROOT::v5-23-04', 'VO_ALICE@APISCONFIG::V2.4'],
      comment: ' Pilot job to start Proof Workers',
      inputFiles: [
        { lfn: '~/proofAgent/xpd.cf', isDownloaded: true },
        { lfn: '~/proofAgent/proofagent.cfg.xml', isDownloaded: true },
      ],
      inputCollections: [{ lfn: '~/proofAgent/9a4_200k', isDownloaded: false }],
      ttlSeconds: 86_400,
    });
    const jobs = splitJob(pilot, [...files(60, ['ALICE::CERN::EOS']), ...files(10, ['ALICE::GSI::SE'])]);
    expect(jobs.map((job) => job.files.length)).to.deep.equal([40, 20, 10]);
    expect(printExpression(jobs[2]!.ad.get('Requirements')!)).to.contain('member(other.CloseSE,"ALICE::GSI::SE")');
  });

  it('a train with everything', () => {
    const train = read('train', '244918', '/tmp/$1 $(id)');
    expect(train.arguments).to.deep.equal([
      '--run',
      '244918',
      '--mode',
      "'grid",
      '&',
      "local'",
      '--cut',
      'pt>0.15;eta<0.8',
      '--out',
      '/tmp/$1',
      '$(id)',
    ]);
    expect(train).to.deep.include({
      comment: 'Analysis train 7 of run 244918',
      inputCollections: [{ lfn: '/alice/cern.ch/user/t/train/run244918.xml', isDownloaded: false }],
      inputDataList: { file: 'wn.xml', format: 'xml-single' },
      cores: 8,
      memoryBytes: 16 * 2 ** 30,
      workDirectoryBytes: 20 * 2 ** 30,
      maxWaitingSeconds: 43_200,
      masterResubmitThreshold: { percent: 10 },
      resubmitTypes: ['system', 'ERROR_V'],
      maxFailed: { percent: 50 },
      maxInitFailed: { count: 20 },
      maxMissing: { percent: 5 },
      retries: 2,
      email: 'train@example.org',
    });
    expect(
      train.outputs.map(({ name, members, storage }) => [name, members.length, storage.elements, storage.excluded]),
    ).to.deep.equal([
      ['log_archive.zip', 3, [], []],
      ['root_archive.zip', 1, ['ALICE::CERN::EOS'], ['ALICE::X::SE']],
    ]);
    expect(train.variables).to.deep.equal({
      PACKAGES: 'VO_ALICE@AliPhysics::vAN-20260901-1##VO_ALICE@ROOT::v6-32-06',
      OUTPUTDIR: '/alice/cern.ch/user/t/train/out/244918/#alien_counter_03i#',
      LPMRUNNUMBER: '244918',
    });
    // Nine of one place, three of another that share it: too few, so they join.
    const jobs = splitJob(train, [...files(38, ['A::B::C']), ...files(2, ['A::B::C', 'D::E::F'])]);
    expect(jobs.map((job) => job.files.length)).to.deep.equal([40]);
    expect(stringOf(jobs[0]!.ad, 'OutputDir')).to.equal('/alice/cern.ch/user/t/train/out/244918/001');
    expect(jobs[0]!.ad.has('MasterResubmitThreshold')).to.equal(false);
    expect(printExpression(jobs[0]!.ad.get('OrigRequirements')!)).to.contain('LocalDiskSpace > 10000');
  });

  it('a production: bare words, no last semicolon, two kinds of sub-jobs a number', () => {
    const jobs = splitJob(read('production'), []);
    expect(jobs).to.have.length(100);
    expect(jobs.slice(2, 4).map(({ ad }) => [stringOf(ad, 'Arguments'), stringOf(ad, 'OutputDir')])).to.deep.equal([
      ['--event 3 --seed 00002 --energy 7000', '/alice/sim/2026/2/003'],
      ['--event 4 --seed 00002 --energy 13000', '/alice/sim/2026/2/004'],
    ]);
    expect(stringsOf(jobs[0]!.ad, 'OutputArchive')).to.deep.equal(['root.zip:*.root@disk=2']);
  });

  it('sub-jobs that say themselves what they are, carried as they are written', () => {
    const jobs = splitJob(read('userdefined'), []);
    const said = jobs.map(({ ad }) => ['Executable', 'Arguments'].map((name) => stringOf(ad, name)));
    expect(said).to.deep.equal([
      ['/bin/date', '+%s'],
      ['/bin/echo', '$(id); `date`'],
      ['/bin/date', '--utc'],
    ]);
  });
});
