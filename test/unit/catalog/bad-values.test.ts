import { expect } from 'chai';
import { BadValueError } from '../../../catalog/errors.js';
import { csvReader, readJsonLine } from '../../../catalog/operations/new-file.js';
import { runQuery } from '../../../catalog/search/query-run.js';
import { MemoryCatalog, OWNER } from '../../support/catalog-stores.js';

describe('catalog: values that are none', () => {
  const catalog = new MemoryCatalog().files('/a/x');
  const register = (facts: object): unknown =>
    catalog.write('register', { files: [{ lfn: '/a/y', ...facts }] as never });

  it('are called what they were meant for, not names', () => {
    const csv = csvReader('lfn,size,entries');
    for (const [call, sentence] of [
      [() => readJsonLine('{bad'), '{bad is no line of JSON: a file is {"lfn"'],
      [() => readJsonLine('[1]'), '[1] is no file of a list: a file is {"lfn"'],
      [() => readJsonLine('{"size": 1}'), '{"size":1} is no file of a list: it has no lfn.'],
      [() => readJsonLine('{"lfn": "/a", "size": -1}'), '-1 is no size: that is a whole number from 0 on.'],
      [() => readJsonLine('{"lfn": "/a", "checksum": 5}'), '5 is no checksum: that is a text.'],
      [() => readJsonLine('{"lfn": "/a", "urls": 5}'), '5 is no list of replicas'],
      [() => csv('/a,big,1'), 'big is no size: '],
      [() => csv('/a,1,many'), 'many is no number of entries: '],
      [() => csv('/a'), '/a is no line of this list: it has 1 columns, the header 3.'],
      [() => csvReader('lfn,sise'), 'sise is no column of a list: known are lfn, '],
      [() => [...query("/a?name ~ '('")], '( is no regular expression: missing closing ).'],
      [() => [...query("/a?name ~ 'a\\y'")], 'a\\y is no regular expression: invalid escape sequence: `\\y`.'],
    ] as const)
      expect(call, sentence).to.throw(BadValueError, sentence);
  });

  it('are refused at registration in the same words', () => {
    const failed = (facts: object): string =>
      (register(facts) as { failed: { message: string; code: string }[] }).failed.map((one) => one.message).join();
    expect(failed({ checksum: 'foo', replicas: [] })).to.contain('foo is no checksum: that is ALGORITHM:HEXADECIMAL');
    expect(failed({ guid: 'foo', replicas: [] })).to.contain('foo is no GUID');
    expect(failed({ replicas: [{ url: 'foo://' }] })).to.contain('foo:// is no URL of a replica');
    expect(failed({ replicas: [{ url: 'root://a//b', se: 'x' }] })).to.contain('x is no name of a storage element');
  });

  const query = (text: string) => runQuery({ stores: catalog.stores, caller: OWNER }, { query: text });
});
