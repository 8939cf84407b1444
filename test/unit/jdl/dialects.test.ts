/** The dialects that users write: what each allows beyond the language, and where each reports its errors. */
import { expect } from 'chai';
import {
  JdlArgumentError,
  JdlDialectError,
  JdlParseError,
  parseJdl,
  printExpression,
  stringOf,
  stringsOf,
} from '../../../jdl/index.js';

const attribute = (text: string, name: string, args: string[] = []): string =>
  printExpression(parseJdl(text, { args }).ad.get(name)!);

describe('jdl: AliEn dialect', () => {
  it('takes attributes without brackets, CRLF, comment lines, and no last semicolon', () => {
    const { ad, warnings } = parseJdl('# a job\r\nExecutable = "/bin/date";\r\n  # more\r\nTTL = "7200"');
    expect([ad.size, stringOf(ad, 'executable'), stringOf(ad, 'ttl'), warnings]).to.deep.equal([
      2,
      '/bin/date',
      '7200',
      [],
    ]);
  });
  it('takes # elsewhere as text, and // inside strings', () => {
    expect(attribute('OutputDir = "/a//b/#alien_counter_03i#";', 'OutputDir')).to.equal('"/a//b/#alien_counter_03i#"');
  });
  it('takes comment lines between the items of a list, missing commas, and bare words', () => {
    const text = 'Output = {"a@disk=2"\n# not this\n"b" stdout@disk=1,\n stderr};';
    expect(stringsOf(parseJdl(text).ad, 'Output')).to.deep.equal(['a@disk=2', 'b', 'stdout@disk=1', 'stderr']);
  });
  it('joins adjacent strings outside lists', () => {
    expect(attribute('Arguments = "a " "b";', 'Arguments')).to.equal('"a b"');
  });
  it('puts arguments in once and does not expand them again', () => {
    expect(
      attribute('Arguments = "$2 $1 $10";', 'Arguments', ['$2', 'b', '3', '4', '5', '6', '7', '8', '9', 'ten']),
    ).to.equal('"b $2 ten"');
  });
  it('says where an argument is missing', () => {
    expect(() => parseJdl('A = 1;\nB = "$2";', { args: ['x'] })).to.throw(
      JdlArgumentError,
      /Line 2, column 6.*\$2.*only 1 was/,
    );
  });
  it('warns of an attribute given twice; the last counts', () => {
    const { ad, warnings } = parseJdl('Split = "file";\nsplit = "se";');
    expect([stringOf(ad, 'Split'), warnings.map(({ message }) => message)]).to.deep.equal([
      'se',
      ['split is given twice; the last one counts.'],
    ]);
  });
  it('reports errors in the lines of the user, behind arguments and comments', () => {
    expect(() => parseJdl('# c\nA = "$1" ; B = );', { args: ['a long argument'] })).to.throw(
      JdlParseError,
      'Line 2, column 16: found ")", expected a value, a name, "(", "{" or "[".',
    );
  });
});

describe('jdl: other dialects', () => {
  it('gLite has brackets and comments; DIRAC may leave the brackets out', () => {
    const text = '// a job\n# and more\n[ Executable = "x"; /* y */ StdOutput = "o"; ]';
    expect(parseJdl(text, { dialect: 'glite' }).ad.size).to.equal(2);
    expect(parseJdl('JobName = "x";', { dialect: 'dirac' }).ad.size).to.equal(1);
    expect(() => parseJdl('JobName = "x";', { dialect: 'glite' })).to.throw(JdlParseError);
  });
  it('refuses an HTCondor submit file by name', () => {
    const text = 'universe = vanilla\nexecutable = /bin/sleep\narguments = 10\nqueue 3\n';
    expect(() => parseJdl(text)).to.throw(JdlDialectError, 'HTCondor submit file');
  });
});
