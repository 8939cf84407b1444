import { expect } from 'chai';
import { pathOf } from '../../../catalog/operations/paths.js';
import { BadTagError, tagsOf } from '../../../catalog/operations/tags.js';
import { parseQuery, QuerySyntaxError } from '../../../catalog/search/query-language.js';
import { planCondition } from '../../../catalog/search/query-plan.js';
import { runQuery } from '../../../catalog/search/query-run.js';
import { MemoryCatalog, OWNER, STRANGER } from '../../support/catalog-stores.js';

describe('catalog: queries', () => {
  const catalog = new MemoryCatalog().files(
    '/alice/data/1/AliESDs.root',
    '/alice/data/1/AOD.root',
    '/alice/data/2/AliESDs.root',
    '/alice/data/3/deep/er/AliESDs.root',
    '/alice/sim/9/AliESDs.root',
    "/alice/data/2/it's 100%.root",
  );
  catalog.write('defineTags', { path: '/alice', tags: { run: 'int', type: 'string', good: 'bool', taken: 'time' } });
  catalog.write('setTags', {
    items: [
      { path: '/alice/data', values: { type: 'ESD', good: true } },
      { path: '/alice/data/1', values: { run: 119000, taken: '2009-11-23' } },
      { path: '/alice/data/2', values: { run: '119500' } },
      { path: '/alice/data/3', values: { run: 120000, good: 'false' } },
      { path: '/alice/data/1/AOD.root', values: { type: 'AOD' } },
      { path: '/alice/sim/9', values: { run: 119001, type: 'MC' } },
    ],
  });
  const find = (query: string): string[] =>
    [...runQuery({ stores: catalog.stores, caller: OWNER }, { query })].map((entry) => pathOf(entry).slice(7));

  it('select by tags that are inherited downwards, nearest first', () => {
    expect(find("/alice/data?run>=119000 and run<120000 and type='ESD'")).to.deep.equal([
      'data/1/AliESDs.root',
      'data/2/AliESDs.root',
      "data/2/it's 100%.root",
    ]);
    expect(find("/alice?type='AOD'")).to.deep.equal(['data/1/AOD.root']);
    expect(find('/alice?run=119001 or run=120000')).to.deep.equal([
      'data/3/deep/er/AliESDs.root',
      'sim/9/AliESDs.root',
    ]);
    expect(find('/alice/data/3/deep?run=120000')).to.deep.equal(['data/3/deep/er/AliESDs.root']);
    expect(find('/alice?good=false')).to.deep.equal(['data/3/deep/er/AliESDs.root']);
    expect(find('/alice?taken<2010-01-01 and not type=AOD')).to.deep.equal(['data/1/AliESDs.root']);
    expect(find('/alice?not has good')).to.deep.equal(['sim/9/AliESDs.root']);
    expect(find("/alice?type like 'E%'").length).to.equal(4);
    expect(find('/alice/*/9?run in (119001, 5)')).to.deep.equal(['sim/9/AliESDs.root']);
  });

  it('select by fields, wildcards and regular expressions', () => {
    expect(find("/alice/data?name='*.root' and run>=119500").length).to.equal(3);
    expect(find("/alice?name = 'it''s 100%.root'")).to.deep.equal(["data/2/it's 100%.root"]);
    expect(find("/alice?path ~ 'data/[12]/Ali'").length).to.equal(2);
    expect(find("/alice?name like '%100\\%.root'").length).to.equal(1);
    expect(find('/alice?owner=bob')).to.deep.equal([]);
    expect(find('/alice?size > 1GB')).to.deep.equal([]);
  });

  it('find one name among all below in the order of whole paths', () => {
    const own = new MemoryCatalog().files('/r/b', '/r/a/b', '/r/b0/b', '/r/b!/b', '/r/c/b', '/r/c/d/b', '/r/c/a');
    const found = [
      ...runQuery({ stores: own.stores, caller: OWNER }, { query: "/r?name='b' and size!=1 or name='b'" }),
    ];
    const named = [...runQuery({ stores: own.stores, caller: OWNER }, { query: "/r?kind=file and name='b'" })];
    const paths = ['/r/a/b', '/r/b', '/r/b!/b', '/r/b0/b', '/r/c/b', '/r/c/d/b'];
    expect(named.map(pathOf)).to.deep.equal(paths);
    expect(found.map(pathOf)).to.deep.equal(paths);
    expect(
      [...runQuery({ stores: own.stores, caller: OWNER }, { query: "/r?name='c'", directories: true })].map(pathOf),
    ).to.deep.equal(['/r/c']);
  });

  it('use one index range for a lower and an upper bound', () => {
    const plan = planCondition(parseQuery("/x?run>=119000 and run<120000 and name='*'").condition!);
    expect(plan[0]).to.deep.include({ name: 'run', kind: 'number', low: 119000, high: 120000 });
    expect(planCondition(parseQuery('/x?not run=1').condition!)).to.deep.equal([]);
    expect(planCondition(parseQuery('/x?run=1 or size=2').condition!)).to.deep.equal([]);
  });

  it('say where they do not parse and what was expected', () => {
    for (const [query, position, expected] of [
      ['x', 1, 'base'],
      ['/a?run>', 8, 'a value'],
      ['/a?run 5', 8, 'operator'],
      ["/a?run='x", 8, 'closing quote'],
      ['/a?(run=1', 10, '")"'],
      ['/a?run=1 run=2', 10, '"and", "or"'],
      ['/a?and', 7, 'operator'],
      [`/a?${'('.repeat(200)}`, 104, 'nested'],
    ] as const)
      expect(() => parseQuery(query), query)
        .to.throw(QuerySyntaxError)
        .with.property('message')
        .that.includes(`character ${position}:`)
        .and.includes(expected);
  });

  it('refuse to compare what is neither a field nor a tag of anybody, and name the nearest field', () => {
    expect(() => find('/alice?entires>1000'))
      .to.throw('"entires" is neither')
      .with.property('message')
      .that.includes('Did you mean entries?');
    expect(find('/alice?has entires')).to.deep.equal([]);
  });

  it('name the nearest tag of a directory that the caller may read', () => {
    expect(() => find('/alice?rum>3'))
      .to.throw('"rum" is neither')
      .with.property('message')
      .that.includes('mean run?');
    const own = new MemoryCatalog().files('/open/x', '/closed/y');
    own.write('defineTags', { path: '/closed', tags: { secret: 'int' } });
    own.write('chmod', { path: '/closed', mode: 0o700, recursive: false });
    const ask = (caller: typeof OWNER) => [...runQuery({ stores: own.stores, caller }, { query: '/open?secrets>3' })];
    expect(() => ask(OWNER)).to.throw('Did you mean secret?');
    expect(() => ask(STRANGER)).to.throw(/defines\.$/);
  });

  it('refuse to compare with a value that the type cannot have', () => {
    for (const [query, sentence] of [
      ['run=abc', 'run is a whole number (int): "abc" is none.'],
      ['not run<abc', 'run is a whole number (int): "abc" is none.'],
      ['type=ESD or run in (1, 2.5)', 'run is a whole number (int): 2.5 is none.'],
      ['run>2009-11-23', 'run is a whole number (int)'],
      ['run=true', 'run is a whole number (int): true is none.'],
      ['good=maybe', 'good is true or false (bool): "maybe" is none.'],
      ['good=7', 'good is true or false (bool): 7 is none.'],
      ['taken>yesterday', 'taken is a time as 2009-11-23T10:00 (time): "yesterday" is none.'],
      ['size>big', 'size is a whole number (int): "big" is none.'],
      ["created<''", 'created is a time'],
    ] as const)
      expect(() => find(`/alice?${query}`), query).to.throw(BadTagError, sentence);
    expect(find('/alice?run<119000.5').length).to.equal(2);
    expect(find("/alice?run='119001' and type>5")).to.deep.equal(['sim/9/AliESDs.root']);
    expect(find('/alice?run~^1195').length).to.equal(2);
    expect(find("/alice?good='false'")).to.deep.equal(['data/3/deep/er/AliESDs.root']);
    const mixed = new MemoryCatalog().files('/a/x', '/b/y');
    mixed.write('setTags', {
      items: [
        { path: '/a/x', values: { period: 5 } },
        { path: '/b/y', values: { period: '5a' } },
      ],
    });
    const ask = (query: string): string[] =>
      [...runQuery({ stores: mixed.stores, caller: OWNER }, { query })].map(pathOf);
    expect(ask("/?period='5a'")).to.deep.equal(['/b/y']);
    expect(ask('/?period=5')).to.deep.equal(['/a/x']);
  });

  it('hold values to the types of their tags', () => {
    const set = (values: Record<string, string | number>): unknown =>
      catalog.write('setTags', { items: [{ path: '/alice/data', values }] });
    expect(() => set({ run: 'abc' })).to.throw('run is defined as int');
    expect(() => set({ size: 1 })).to.throw('another name');
    expect(() => set({ 'a b': 1 })).to.throw('no name of a tag');
    expect(tagsOf(catalog.stores, OWNER, '/alice/data/1').tags).to.deep.include({
      name: 'type',
      type: 'string',
      value: 'ESD',
      from: '/alice/data',
    });
  });
});
