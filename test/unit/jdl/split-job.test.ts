/** A master job to sub-jobs, in all modes. */
import { expect } from 'chai';
import {
  expandOutputPatterns,
  parseJdl,
  parseJobDescription,
  SplitError,
  type SplitFile,
  type SplitOptions,
  type SubJob,
  splitJob,
  stringOf,
  stringsOf,
} from '../../../jdl/index.js';

const split = (text: string, files: readonly SplitFile[] = [], options: SplitOptions = {}): SubJob[] => {
  const { description, problems } = parseJobDescription(parseJdl(`Executable = "x";\n${text}`).ad);
  if (description === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
  return splitJob(description, files, options);
};
const file = (lfn: string, elements: string[] = [], nbytes = 10): SplitFile => ({ lfn, elements, nbytes });
const groups = (jobs: readonly SubJob[]): string[][] => jobs.map(({ files }) => files.map(({ lfn }) => lfn));

const FILES = ['/d/1/a.root', '/d/1/b.root', '/d/2/a.root', '/e/3/a.root'].map((lfn) => file(lfn));

describe('jdl: split', () => {
  it('production: one sub-job a number, with its number in the patterns', () => {
    const jobs = split(
      'Split = "production:5-7"; Arguments = "--event #alien_split#"; OutputDir = "/o/#alien_counter_03i#";',
    );
    expect(jobs.map(({ ad }) => [stringOf(ad, 'Arguments'), stringOf(ad, 'OutputDir')])).to.deep.equal([
      ['--event 5', '/o/001'],
      ['--event 6', '/o/002'],
      ['--event 7', '/o/003'],
    ]);
    expect(jobs[0]!.ad.has('Split')).to.equal(false);
  });
  it('by a thousand, and each JDL parses to the ad that it was made from', () => {
    const jobs = split('Split = "production:1-1000"; Output = {"a@disk=2", "o_#alien_counter#.root"}; TTL = "60";');
    expect(jobs).to.have.length(1000);
    const again = parseJdl(jobs[999]!.jdl, { dialect: 'classad' }).ad;
    expect(stringsOf(again, 'Output')).to.deep.equal(['a@disk=2', 'o_1000.root']);
  });
  it('file, directory, parentdirectory, event', () => {
    expect(groups(split('Split = "file";', FILES))).to.have.length(4);
    expect(groups(split('Split = "directory";', FILES))).to.deep.equal([
      ['/d/1/a.root', '/d/1/b.root'],
      ['/d/2/a.root'],
      ['/e/3/a.root'],
    ]);
    expect(groups(split('Split = "parentdirectory";', FILES))).to.deep.equal([
      ['/d/1/a.root', '/d/1/b.root', '/d/2/a.root'],
      ['/e/3/a.root'],
    ]);
    expect(split('Split = "event";', FILES).map(({ group }) => group)).to.deep.equal(['1', '2', '3']);
  });
  it('cuts groups at the largest number and size', () => {
    expect(
      groups(split('Split = "entries"; SplitMaxInputFileNumber = 3;', FILES)).map((group) => group.length),
    ).to.deep.equal([3, 1]);
    expect(
      groups(split('Split = "directaccess"; SplitMaxInputFileSize = "25";', FILES)).map((group) => group.length),
    ).to.deep.equal([2, 2]);
  });
  it('se: groups files with the same copies, asks for a place near them, and joins what is too small', () => {
    const files = [...'abcde']
      .map((name) => file(`/${name}`, ['A::A::SE']))
      .concat(file('/f', ['A::A::SE', 'B::B::SE']), file('/g', ['C::C::SE']));
    const jobs = split('Split = "se"; SplitMaxInputFileNumber = 10; Requirements = other.TTL > 100;', files);
    expect(groups(jobs)).to.deep.equal([['/a', '/b', '/c', '/d', '/e', '/f'], ['/g']]);
    expect(jobs[0]!.jdl).to.contain('Requirements = (other.TTL > 100) && (member(other.CloseSE,"A::A::SE"));');
    expect(jobs[0]!.jdl).to.contain('OrigRequirements = other.TTL > 100;');
    expect(stringsOf(jobs[1]!.ad, 'InputData')).to.deep.equal(['LF:/g']);
  });
  it('se_advanced: sub-jobs with places and without files; ce: one for each computing element', () => {
    const files = ['/a', '/b', '/c'].map((lfn) => file(lfn, ['A::A::SE']));
    const jobs = split('Split = "se_advanced"; SplitMaxInputFileNumber = 2;', files);
    expect(jobs.map(({ files: given, group }) => [given.length, group])).to.deep.equal([
      [0, 'A::A::SE0'],
      [0, 'A::A::SE1'],
    ]);
    expect(jobs[0]!.jdl).to.contain('FileBroker = 1;');
    const perElement = split('Split = "ce";', [], { computingElements: ['A::A::CE', 'B::B::CE'] });
    expect(perElement[1]!.jdl).to.contain('Requirements = other.CE == "B::B::CE";');
  });
  it('af leaves out files without a copy', () => {
    expect(groups(split('Split = "af";', [file('/a', ['A::A::SE']), file('/b')]))).to.deep.equal([['/a']]);
  });
  it('userdefined: each definition over the master', () => {
    const jobs = split(`Split = "userdefined"; TTL = 60; SplitDefinitions = {"Arguments = \\"one\\";", "[TTL = 90]"};`);
    expect(jobs.map(({ jdl }) => jdl)).to.deep.equal([
      '[\n  Executable = "x";\n  TTL = 60;\n  Arguments = "one";\n]\n',
      '[\n  Executable = "x";\n  TTL = 90;\n]\n',
    ]);
  });
  it('makes a sub-job for each of several SplitArguments', () => {
    const jobs = split('Split = "production:1-2"; Arguments = "a"; SplitArguments = {"x", "y"};');
    expect(jobs.map(({ ad }) => stringOf(ad, 'Arguments'))).to.deep.equal(['a x', 'a y', 'a x', 'a y']);
  });
  it('says why it cannot', () => {
    expect(() => split('')).to.throw(SplitError, 'The job has no Split');
    expect(() => split('Split = "file";')).to.throw(SplitError, 'needs input data');
    expect(() => split('Split = "ce";')).to.throw(SplitError, 'none is open');
  });
});

describe('jdl: #alien…# patterns', () => {
  const context = { files: ['/a/b/c.root', '/a/d/e.root'], counter: 7, group: 'g' };
  const TABLE = [
    ['#alienfulldir#', '/a/b/c.root'],
    ['#alienlastfulldir#', '/a/d/e.root'],
    ['#alienallfulldir#', '/a/b/c.root,/a/d/e.root'],
    ['#aliendir#/#alienfirstdirdir#', 'b/a'],
    ['#alienfilename#', 'c.root'],
    ['#alienlastfilename/.root/_out.root/#', 'e_out.root'],
    ['#alienallfilename#', 'c.root,e.root'],
    ['#alien_counter#-#alien_counter_03i#-#alien_counter_%04d#', '7-007-0007'],
    ['#alien_split#', 'g'],
    ['#alienwhat# # #alien#', '#alienwhat# # #alien#'],
  ] as const;
  for (const [text, expected] of TABLE)
    it(`${text} is ${expected}`, () => {
      expect(expandOutputPatterns(text, context)).to.equal(expected);
    });
});
