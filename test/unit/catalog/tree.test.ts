import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { listPage, lookup, whereis } from '../../../catalog/operations/reading.js';
import { purgeSlice } from '../../../catalog/operations/removal.js';
import { openDatabase } from '../../../catalog/store/database.js';
import { MIGRATIONS } from '../../../catalog/store/migrations.js';
import { Stores } from '../../../catalog/store/stores.js';
import { MemoryCatalog, NOW_MS, OWNER, STRANGER } from '../../support/catalog-stores.js';

const names = (catalog: MemoryCatalog, path: string): string[] =>
  listPage(catalog.stores, OWNER, { path, limit: 100 }).entries.map((entry) => entry.path);

describe('catalog: the tree', () => {
  it('renames directories with all below them, and refuses to move one into itself', () => {
    const catalog = new MemoryCatalog().files('/a/b/c/x', '/a/y', '/z/t');
    catalog.write('mv', { from: '/a', to: '/z' });
    expect(names(catalog, '/z/a')).to.deep.equal(['/z/a/b', '/z/a/y']);
    expect(lookup(catalog.stores, OWNER, ['/z/a/b/c/x', '/a/y']).map((file) => file?.lfn)).to.deep.equal([
      '/z/a/b/c/x',
      undefined,
    ]);
    expect(() => catalog.write('mv', { from: '/z', to: '/z/a/b/z' })).to.throw('is below /z');
    expect(() => catalog.write('mv', { from: '/z/a', to: '/z/t' })).to.throw('exists already');
    expect(() => catalog.write('rm', { path: '/', recursive: true })).to.throw('root');
  });

  it('keeps the URLs of a file that gets another name, and back', () => {
    const catalog = new MemoryCatalog().files('/a/x.root');
    for (const [from, to] of [
      ['/a/x.root', '/a/y.root'],
      ['/a/y.root', '/a/x.root'],
    ] as const) {
      catalog.write('mv', { from, to });
      expect(whereis(catalog.stores, OWNER, to).replicas[0]!.url).to.equal('root://se//a/x.root');
    }
    catalog.write('changeReplica', { lfn: '/a/x.root', url: 'root://se//a/x.root', to: 'bad' });
    expect(lookup(catalog.stores, OWNER, ['/a/x.root'])[0]!.replicas).to.deep.equal([]);
    expect(whereis(catalog.stores, OWNER, '/a/x.root').replicas[0]!.status).to.equal('bad');
  });

  it('takes a removed directory out at once and deletes it in slices; sets keep the names as missing', () => {
    const catalog = new MemoryCatalog().files(...Array.from({ length: 50 }, (_, i) => `/d/${i % 5}/f${i}`), '/keep/x');
    catalog.write('changeSet', { name: 's', how: 'create', members: [{ lfn: '/d/1/f1' }, { lfn: '/keep/x' }] });
    expect(() => catalog.write('rm', { path: '/d', recursive: false })).to.throw('rm -r');
    expect(() => catalog.write('rm', { path: '/d', recursive: true }, STRANGER)).to.throw('may not write');
    catalog.write('rm', { path: '/d', recursive: true });
    expect(names(catalog, '/')).to.deep.equal(['/datasets', '/keep']);
    catalog.files('/d/new');
    let slices = 0;
    while (catalog.stores.write(() => purgeSlice(catalog.stores, 7))) slices++;
    expect(slices).to.be.greaterThan(5);
    const left = catalog.stores.db.prepare('SELECT count(*) AS n FROM file').get();
    expect(left).to.deep.equal({ n: 3 }); // /keep/x, /d/new, /datasets/s
    const members = catalog.stores.sets.members(1).map(({ text }) => text);
    expect(members).to.deep.equal(['/d/1/f1', null]);
  });

  it('puts the closest replica first, and leaves out what cannot be read', () => {
    const catalog = new MemoryCatalog();
    const admin = { ...OWNER, isAdmin: true };
    for (const name of ['VO::CERN::A', 'VO::GSI::B', 'VO::BARI::C', 'VO::LNL::D'])
      catalog.write('putElement', { name, prefix: `root://${name.at(-1)!.toLowerCase()}/` }, admin);
    catalog.write('setDistance', { from: 'BARI', to: 'GSI', value: 5 }, admin);
    catalog.write('setDistance', { from: 'CERN', to: 'BARI', value: 2 }, admin);
    catalog.write('putElement', { name: 'VO::LNL::D', status: 'down' }, admin);
    const replicas = ['a', 'b', 'c', 'd'].map((host) => ({ url: `root://${host}//f` }));
    catalog.write('register', { files: [{ lfn: '/f', replicas }] });
    const order = (site?: string) => lookup(catalog.stores, OWNER, ['/f'], site)[0]!.replicas.map((r) => r.site);
    expect(order('BARI')).to.deep.equal(['BARI', 'CERN', 'GSI']);
    expect(order('GSI')).to.deep.equal(['GSI', 'BARI', 'CERN']);
    expect(order()).to.deep.equal(['CERN', 'GSI', 'BARI']);
  });

  it('says what is nearest to a name that is not there', () => {
    const catalog = new MemoryCatalog().files('/alice/data/LHC09d/x');
    expect(() => names(catalog, '/alice/data/LHC09c')).to.throw('Did you mean /alice/data/LHC09d?');
    expect(() => names(catalog, '/alice/nothing/like/it')).to.throw('nearest existing directory is /alice.');
  });
});

describe('catalog: its database', () => {
  it('keeps nothing of a call that finds the disk full, and works on when there is room', () => {
    const catalog = new MemoryCatalog().files('/a/x');
    const { db } = catalog.stores;
    const pages = db.pragma('page_count', { simple: true }) as number;
    db.pragma(`max_page_count = ${pages + 2}`);
    const many = Array.from({ length: 5000 }, (_, i) => `/a/file-${i}`);
    expect(() => catalog.files(...many))
      .to.throw('disk')
      .with.property('code', 'CATALOG_DISK_FULL');
    expect(names(catalog, '/a')).to.deep.equal(['/a/x']);
    db.pragma('max_page_count = 1000000');
    expect(names(catalog.files(...many), '/a').length).to.equal(100);
  });

  it('brings an older file to the present schema', () => {
    const folder = mkdtempSync(join(tmpdir(), 'proof-migrate-'));
    const path = join(folder, 'catalog.db');
    const root = { owner: 'alice', group: 'physics' };
    openDatabase(path, root, NOW_MS).close();
    const later = [...MIGRATIONS, 'ALTER TABLE bulk ADD COLUMN note TEXT;'];
    const stores = new Stores(openDatabase(path, root, NOW_MS, later));
    expect(stores.db.pragma('user_version', { simple: true })).to.equal(later.length);
    expect(stores.directories.resolve('/datasets')!.owner).to.equal('alice');
    stores.db.close();
    expect(() => openDatabase(path, root, NOW_MS)).to.throw('newer catalog');
    rmSync(folder, { recursive: true });
  });
});
