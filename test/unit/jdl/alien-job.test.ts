/** The AliEn job description: every attribute typed, or refused with a sentence; unknown ones warned of. */
import { expect } from 'chai';
import {
  fileRange,
  isPattern,
  type JobDescription,
  parseJdl,
  parseJobDescription,
  parseOutputSpec,
  parseSize,
  parseSplitMode,
} from '../../../jdl/index.js';

const job = (text: string): JobDescription => {
  const { description, problems } = parseJobDescription(parseJdl(`Executable = "/bin/date";\n${text}`).ad);
  if (description === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
  return description;
};
const problems = (text: string): string[] =>
  parseJobDescription(parseJdl(`Executable = "/bin/date";\n${text}`).ad).problems.map(({ message }) => message);

describe('jdl: AliEn job description', () => {
  it('has the defaults of JAliEn', () => {
    const { ttlSeconds, price, cores, memoryBytes, workDirectoryBytes, split, outputs } = job('');
    expect({ ttlSeconds, price, cores, memoryBytes, workDirectoryBytes, split, outputs }).to.deep.equal({
      ttlSeconds: 21_600,
      price: 1,
      cores: 1,
      memoryBytes: 8 * 2 ** 30,
      workDirectoryBytes: 10 * 2 ** 30,
      split: undefined,
      outputs: [],
    });
  });
  it('takes numbers in strings, sizes with units, names in any letter case, lists of one', () => {
    const { ttlSeconds, memoryBytes, workDirectoryBytes, maxWaitingSeconds, cores } = job(
      'ttl = "7200"; MEMORYSIZE = "4GB"; Workdirectorysize = {"8000MB"}; MaxWaitingTime = "2h"; CPUCores = 8;',
    );
    expect([ttlSeconds, memoryBytes, workDirectoryBytes, maxWaitingSeconds, cores]).to.deep.equal([
      7200,
      4 * 2 ** 30,
      8000 * 2 ** 20,
      7200,
      8,
    ]);
  });
  it('carries what a shell would act on, cut at white space only', () => {
    const { arguments: args, comment } = job(
      'Arguments = "a; rm -rf / $(x) `y` \'b c\' | d > e"; JobTag = {"comment:it\'s & more"};',
    );
    expect(args).to.deep.equal(['a;', 'rm', '-rf', '/', '$(x)', '`y`', "'b", "c'", '|', 'd', '>', 'e']);
    expect(comment).to.equal("it's & more");
  });
  it('reads input files and output specifications', () => {
    const { inputData, outputs } = job(
      'InputData = {"LF:/a/b.root,nodownload", "/a/c.root"}; Output = {"log.zip:stdout,*.log@disk=1,!A::B::SE"};',
    );
    expect(inputData).to.deep.equal([
      { lfn: '/a/b.root', isDownloaded: false },
      { lfn: '/a/c.root', isDownloaded: true },
    ]);
    expect(outputs).to.deep.equal([
      {
        kind: 'archive',
        name: 'log.zip',
        members: ['stdout', '*.log'],
        storage: { copies: { disk: 1 }, elements: [], excluded: ['A::B::SE'] },
        isKeptApart: false,
      },
    ]);
  });
  it('takes a range of numbers behind a pattern: what the last * stands for', () => {
    const { pattern, accepts } = fileRange('/a/*/b+c_*.root[9-11]');
    expect(pattern).to.equal('/a/*/b+c_*.root');
    const names = ['/a/x/b+c_0009.root', '/a/x/b+c_11.root', '/a/x/b+c_12.root', '/a/x/b+c_x9.root', '/a/x/b+c_.root'];
    expect(names.filter(accepts)).to.deep.equal(names.slice(0, 2));
    const one = fileRange('/a/f1*.?xt[2,3]').accepts;
    expect(['/a/f12.txt', '/a/f103.txt', '/a/f2.txt', '/a/f14.txt'].map(one)).to.deep.equal([true, true, false, false]);
    const run = fileRange('/a/*/b.root[1-20]').accepts;
    expect(['/a/00007/b.root', '/a/21/b.root', '/a/x7/b.root'].map(run)).to.deep.equal([true, false, false]);
    expect(['/a/b[1-2]', '/a/*[1-2]', '/a/[x]', '/a/?'].map(isPattern)).to.deep.equal([false, true, false, true]);
  });
  it('gives the payload its variables, lists joined by ##', () => {
    const { variables } = job('JDLVariables = {"Packages", "Run"}; Packages = {"V@A::1", "V@B::2"}; Run = 7;');
    expect(
      parseJobDescription(parseJdl('Executable = "x"; JDLVariables = "ownName"; ownName = 1;').ad).warnings,
    ).to.deep.equal([]);
    expect(variables).to.deep.equal({ PACKAGES: 'V@A::1##V@B::2', RUN: '7' });
  });
  it('names all mistakes at once', () => {
    expect(
      problems(
        'TTL = "soon"; CPUCores = 101; Split = "sideways"; Output = {"/etc/passwd"}; Packages = {"no"}; MaxWaitingTime = "21000m"; InputFile = {"x"}; MaxFailed = "120%"; Email = {1};',
      ),
    ).to.deep.equal([
      'Packages: "no" is no package; write VO_ALICE@Name::version.',
      'Email: expected a list of strings, found an integer ({ 1 }).',
      'InputFile: "x" is not absolute; write LF:/path.',
      'Output: "/etc/passwd": /etc/passwd leads out of the job\'s directory; name files below it.',
      'TTL: "soon" is not a number.',
      'CPUCores: 101 is not a whole number from 0 to 100.',
      'MaxWaitingTime: "21000m" is not a time such as 90s, 30m or 12h, under 14 days.',
      'MaxFailed: "120%" is not a number or a percentage such as 10%.',
      'Split: "sideways" is no way to split; use production:FIRST-LAST, -COUNT, or one of file, directory, parentdirectory, se, se_advanced, event, entries, ce, userdefined, af, directaccess.',
    ]);
  });
  it('says that Executable is missing', () => {
    expect(parseJobDescription(parseJdl('TTL = 5;').ad).problems.map(({ message }) => message)).to.deep.equal([
      'Executable: is missing; name the program to run.',
    ]);
  });
  it('warns of unknown attributes with the nearest name, and of what the system sets', () => {
    const { warnings } = parseJobDescription(
      parseJdl('Executable = "x"; OutputDirr = "/a"; LPMRunNumber = 5; User = "me";').ad,
    );
    expect(warnings.map(({ message }) => message)).to.deep.equal([
      'OutputDirr is no attribute of a job. Did you mean OutputDir?',
      'User is set by the system; what the JDL says does not count.',
    ]);
  });
  it('reads sizes and ways to split', () => {
    expect(['8GB', '2.5 M', '100', '1TiB', '5B', 'x', '-1'].map((size) => parseSize(size))).to.deep.equal([
      8 * 2 ** 30,
      2.5 * 2 ** 20,
      100 * 2 ** 20,
      2 ** 40,
      5,
      undefined,
      undefined,
    ]);
    expect(['production:3-7', '-10', 'production:4', 'SE'].map(parseSplitMode)).to.deep.equal([
      { mode: 'production', first: 3, last: 7 },
      { mode: 'production', first: 1, last: 10 },
      { mode: 'production', first: 1, last: 4 },
      { mode: 'se' },
    ]);
    expect(
      [parseSplitMode('production:7-3'), parseSplitMode('production:1-999999999')].map((answer) => typeof answer),
    ).to.deep.equal(['string', 'string']);
  });
  it('takes every way of writing copies and storage elements', () => {
    const storage = (text: string) => {
      const spec = parseOutputSpec(text);
      return typeof spec === 'string' ? spec : spec.storage;
    };
    expect(storage('a')).to.deep.equal({ copies: { disk: 2 }, elements: [], excluded: [] });
    expect(storage('a@disk:3,tape=1,A::B::C')).to.deep.equal({
      copies: { disk: 3, tape: 1 },
      elements: ['A::B::C'],
      excluded: [],
    });
    expect(storage('a@!A::B::C')).to.deep.equal({ copies: { disk: 2 }, elements: [], excluded: ['A::B::C'] });
    expect(parseOutputSpec('N.root@Alice::CERN::se,noarchive')).to.include({ name: 'N.root', isKeptApart: true });
    expect(storage('a@many')).to.match(/many is neither a number of copies/);
    expect(storage('z.zip:@disk=1')).to.match(/has no members/);
  });
});
