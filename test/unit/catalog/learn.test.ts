/** What queries teach the catalog: facts that nobody knew, and nothing that other people's queries would follow unasked. */
import { expect } from 'chai';
import { lookup } from '../../../catalog/operations/reading.js';
import { MemoryCatalog, OWNER, STRANGER } from '../../support/catalog-stores.js';

class Learner extends MemoryCatalog {
  learn(lfn: string, tree: string, entries: number, isOnlyTree: boolean, caller = OWNER): number {
    return this.write('learn', { facts: [{ lfn, tree, entries, isOnlyTree }] }, caller).learnt;
  }
  known(lfn: string): string {
    const [file] = lookup(this.stores, OWNER, [lfn]);
    return `${file?.tree}:${file?.entries}`;
  }
}

describe('catalog: what queries teach it', () => {
  it('is the entries of the only tree, also from those who may only read', () => {
    const catalog = new Learner().files('/d/x');
    expect(catalog.learn('/d/x', 'events', 7, true, STRANGER)).to.equal(1);
    expect(catalog.known('/d/x')).to.equal('events:7');
  });

  it('is never which of several trees is meant', () => {
    const catalog = new Learner().files('/d/x');
    expect(catalog.learn('/d/x', 'b', 25, false)).to.equal(0);
    expect(catalog.known('/d/x')).to.equal('null:null');
    catalog.write('register', { files: [{ lfn: '/d/x', tree: 'a', replicas: [] }] });
    expect(catalog.learn('/d/x', 'b', 25, false)).to.equal(0);
    expect(catalog.learn('/d/x', 'a', 10, false)).to.equal(1);
    expect(catalog.known('/d/x')).to.equal('a:10');
  });

  it('never replaces what is known', () => {
    const catalog = new Learner().files('/d/x');
    catalog.learn('/d/x', 'events', 7, true);
    expect(catalog.learn('/d/x', 'events', 8, true)).to.equal(0);
    expect(catalog.learn('/d/x', 'runs', 1, true)).to.equal(0);
    expect(catalog.known('/d/x')).to.equal('events:7');
  });

  it('does not fail for all where one file was removed meanwhile or may not be read', () => {
    const catalog = new Learner().files('/d/x', '/d/secret');
    catalog.write('chmod', { path: '/d/secret', mode: 0o600, recursive: false });
    const fact = (lfn: string) => ({ lfn, tree: 'events', entries: 7, isOnlyTree: true });
    const facts = ['/d/gone', '/d/secret', '/d/x'].map(fact);
    expect(catalog.write('learn', { facts }, STRANGER)).to.deep.equal({ learnt: 1 });
    expect(catalog.known('/d/x')).to.equal('events:7');
    expect(catalog.known('/d/secret')).to.equal('null:null');
  });
});
