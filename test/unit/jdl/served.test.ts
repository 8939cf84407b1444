/** Every attribute of a job description: what is done with it is said in one table, and that table is true. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  ALIEN_ATTRIBUTES,
  notServed,
  parseJdl,
  parseJobDescription,
  SERVICE,
  shortcomings,
} from '../../../jdl/index.js';

const EXAMPLE_JDLS = join(import.meta.dirname, '../../../../test/data/jdl');
const DOCS = join(import.meta.dirname, '../../../../docs/jobs.md');

/** A value that each attribute takes. */
const EXAMPLES: Readonly<Record<string, string>> = {
  lfn: '"/bin/true"',
  text: '"a b"',
  files: '{"LF:/a/b"}',
  outputs: '{"a.zip:b,c@disk=2"}',
  count: '3',
  seconds: '60',
  size: '"2GB"',
  number: '2',
  boolean: 'true',
  threshold: '"10%"',
  wait: '"2h"',
  expression: 'other.TTL > 1',
  definitions: '{[Arguments = "1"]}',
  carried: '1',
  system: '1',
};
const OWN_EXAMPLES: Readonly<Record<string, string>> = {
  Packages: '{"VO_ALICE@ROOT::v6"}',
  ResubmitType: '{"system"}',
  Merge: '{"a:/b.jdl:c"}',
  MergeCollections: '{"*.root,b:/a/collection"}',
  JDLVariables: '{"TTL"}',
  Split: '"file"',
  Email: '"a@b.ch"',
  OutputDir: '"/out/#alien_counter#"',
  InputDataListFormat: '"xml-single"',
};
const describeWith = (name: string): ReturnType<typeof parseJobDescription> => {
  const value = OWN_EXAMPLES[name] ?? EXAMPLES[ALIEN_ATTRIBUTES[name]!] ?? '"x"';
  const base = name === 'Executable' ? '' : 'Executable = "/bin/date";';
  return parseJobDescription(parseJdl(`${base} ${name} = ${value};`).ad);
};

describe('jdl: what is served of a job description', () => {
  it('is said of every attribute, and of no other', () => {
    expect(Object.keys(SERVICE)).to.deep.equal(Object.keys(ALIEN_ATTRIBUTES));
  });

  it('is what happens: refused with a sentence, or taken', () => {
    for (const [name, { is, how }] of Object.entries(SERVICE)) {
      const { description, problems } = describeWith(name);
      expect(description, `${name}: ${problems.map(({ message }) => message)}`).to.not.equal(undefined);
      const reasons = notServed(description!);
      expect(reasons, name).to.deep.equal(is === 'refused' ? [`${name} is not served: ${how}.`] : []);
    }
  });

  it('is told to the submitter where it has no effect here', () => {
    const told = (name: string, hasEmailHook: boolean): string =>
      shortcomings(describeWith(name).description!, { hasEmailHook }).join();
    expect(told('Email', true)).to.equal('');
    expect(told('Email', false)).to.match(/^Email has no effect: this ProxyServer has no emailHook/);
    for (const name of ['Merge', 'MergeCollections'])
      expect(told(name, true)).to.match(/no effect: the job has no Split/);
  });

  it('takes switches that are off', () => {
    const { description } = parseJobDescription(parseJdl('Executable = "x"; Interactive = 0; FileBroker = false;').ad);
    expect(notServed(description!)).to.deep.equal([]);
  });

  it('refuses the one mode of splitting that needs a broker, with what to use instead', () => {
    const { description } = parseJobDescription(parseJdl('Executable = "x"; Split = "se_advanced";').ad);
    expect(notServed(description!).join()).to.match(/se_advanced.*not served.*use "se"/);
  });

  it('stands, as far as it is used, in the job descriptions of test/data', () => {
    const texts = readdirSync(EXAMPLE_JDLS).map((name) => readFileSync(join(EXAMPLE_JDLS, name), 'utf8'));
    const missing = Object.entries(SERVICE).filter(
      ([name, { is }]) => is === 'used' && !new RegExp(`\\b${name}\\s*=`, 'i').test(texts.join('\n')),
    );
    expect(missing).to.deep.equal([]);
  });

  it('stands in docs/jobs.md', () => {
    const rows = Object.entries(SERVICE).map(([name, { is, how }]) => `| ${name} | ${is} | ${how} |`);
    const text = readFileSync(DOCS, 'utf8');
    expect(text.split('\n').filter((line) => rows.includes(line))).to.deep.equal(rows);
  });
});
