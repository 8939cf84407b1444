import { expect } from 'chai';
import { onceEach } from '../../../catalog/grid/once-each.js';
import type { NewMember } from '../../../catalog/operations/set-members.js';
import { setFiles, showSet } from '../../../catalog/operations/sets.js';
import { MemoryCatalog, OWNER } from '../../support/catalog-stores.js';

class Sets extends MemoryCatalog {
  create(name: string, ...members: NewMember[]): number {
    return this.write('changeSet', { name, how: 'create', members }).added;
  }

  add(name: string, ...members: NewMember[]): number {
    return this.write('changeSet', { name, how: 'add', members }).added;
  }

  /** Name, tree and entry list of what a query reads. */
  read(name: string): string[] {
    return setFiles(this.stores, OWNER, name).files.map(
      ({ lfn, tree, selected }) => `${lfn}#${tree}${selected ? `[${selected.join()}]` : ''}`,
    );
  }

  shown(name: string): string[] {
    return showSet(this.stores, OWNER, name).members.map((member) => `${member.name}#${member.tree}`);
  }
}

describe('catalog: data sets', () => {
  const x = { lfn: '/d/x' };
  const xOf = (tree: string): NewMember => ({ ...x, tree });

  it('have a file once with the tree that a verification learnt, whether it is named or not', () => {
    const sets = new Sets().files('/d/x');
    const url = { url: 'root://se//u' };
    sets.create('s', x, url);
    sets.write('recordVerified', {
      name: 's',
      found: [0, 1].map((position) => ({ position, state: 'ok', tree: 'events', entries: 5 })),
    });
    expect(sets.add('s', x, url, xOf('events'), { ...url, tree: 'events' })).to.equal(0);
    expect(sets.read('s')).to.deep.equal(['/d/x#events', 'root://se//u#events']);
    sets.write('freezeSet', { name: 's' });
    expect(sets.add('s', x, url)).to.equal(0);
    expect(showSet(sets.stores, OWNER, 's').entries).to.equal(10);
  });

  it('have a file once whose only tree is named beside it, in any order, and twice with two trees', () => {
    const sets = new Sets().files('/d/x');
    expect(sets.create('s', x)).to.equal(1);
    expect(sets.add('s', xOf('events'))).to.equal(0);
    expect(sets.shown('s')).to.deep.equal(['/d/x#events']);
    expect(sets.add('s', x, xOf('runs'))).to.equal(1);
    expect(sets.read('s')).to.deep.equal(['/d/x#events', '/d/x#runs']);
    expect(sets.create('t', x, xOf('events'), xOf('runs'), x)).to.equal(2);
    expect(sets.read('t')).to.deep.equal(['/d/x#events', '/d/x#runs']);
    expect(sets.create('u', xOf('events'), x)).to.equal(1);
  });

  it('take a file without a name of a tree for the one of the set, or else of the catalog', () => {
    const sets = new Sets().files('/d/x');
    sets.write('learn', { facts: [{ lfn: '/d/x', tree: 'events', entries: 7, isOnlyTree: true }] });
    expect(sets.create('s', x, xOf('runs'))).to.equal(2);
    expect(sets.add('s', xOf('events'))).to.equal(0);
    expect(setFiles(sets.stores, OWNER, 's').files.map(({ entries }) => entries)).to.deep.equal([7, null]);
    sets.write('changeSet', { name: 't', how: 'create', members: [x, xOf('runs'), xOf('events')], tree: 'runs' });
    expect(sets.shown('t')).to.deep.equal(['/d/x#runs', '/d/x#events']);
  });

  it('are read with each file once, nested sets included, and the entries of all its lists', () => {
    const sets = new Sets().files('/d/x', '/d/y');
    sets.create('inner', { ...x, selected: [0, 3, 9, 10] }, { lfn: '/d/y' });
    sets.create('outer', { ...x, selected: [2, 5, 7, 9] }, { set: 'inner' });
    expect(sets.read('outer')).to.deep.equal(['/d/x#null[0,5,7,10]', '/d/y#null']);
    sets.add('outer', { lfn: '/d/y', tree: 'events' });
    expect(sets.read('outer')).to.deep.equal(['/d/x#null[0,5,7,10]', '/d/y#events']);
    sets.create('forced', { set: 'inner', tree: 'runs' }, xOf('runs'));
    expect(sets.read('forced')).to.deep.equal(['/d/x#runs', '/d/y#runs']);
    expect(showSet(sets.stores, OWNER, 'forced').files).to.equal(2);
  });

  it('keep a name that was removed apart from the file that has it now', () => {
    const one = { size: null, checksum: null, entries: null, tree: null };
    const replicas = [{ url: 'root://se//x', se: null, site: null }];
    const files = [
      { lfn: '/d/x', ...one, replicas: [] },
      { lfn: '/d/x', ...one, replicas },
    ];
    expect(onceEach(files)).to.deep.equal(files);
  });

  it('cannot be made to hold themselves, with the way of the cycle in the sentence', () => {
    const sets = new Sets().files('/d/x');
    sets.create('q1', x);
    sets.create('q2', { set: 'q1' });
    sets.create('/own/q3', x, { set: 'q2' });
    expect(() => sets.add('q1', { set: '/own/q3' })).to.throw(
      '/own/q3 cannot be a member of /datasets/q1, which would hold itself: /datasets/q1 -> /own/q3 -> /datasets/q2 -> /datasets/q1.',
    );
    expect(() => sets.add('q1', { set: 'q1' })).to.throw('/datasets/q1 -> /datasets/q1.');
    expect(sets.read('/own/q3')).to.deep.equal(['/d/x#null']);
  });

  it('may take in a set that an older version of theirs was in', () => {
    const sets = new Sets().files('/d/x', '/d/y');
    sets.create('old', { lfn: '/d/y' });
    sets.create('q', { set: 'old' });
    sets.write('freezeSet', { name: 'q' });
    sets.write('changeSet', { name: 'q', how: 'replace', members: [x] });
    sets.add('old', { set: 'q' });
    expect(sets.read('old')).to.deep.equal(['/d/y#null', '/d/x#null']);
    expect(sets.read('q@1')).to.deep.equal(['/d/y#null', '/d/x#null']);
    expect(() => sets.add('q', { set: 'old' })).to.throw('q -> /datasets/old -> /datasets/q');
  });
});
