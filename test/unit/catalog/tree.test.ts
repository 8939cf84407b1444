import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { listPage, lookup, stat, whereis } from '../../../catalog/operations/reading.js';
import { purgeSlice } from '../../../catalog/operations/removal.js';
import { setFiles } from '../../../catalog/operations/sets.js';
import { runQuery } from '../../../catalog/search/query-run.js';
import { openDatabase } from '../../../catalog/store/database.js';
import { MIGRATIONS } from '../../../catalog/store/migrations.js';
import { Stores } from '../../../catalog/store/stores.js';
import { checkDatabase } from '../../../catalog/store/upkeep.js';
import { MemoryCatalog, NOW_MS, OWNER, STRANGER } from '../../support/catalog-stores.js';

const OWNED = { owner: 'alice', group: 'physics' };
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

  it('says the same of what is and of what is not in a directory that one may not enter', () => {
    const catalog = new MemoryCatalog().files('/b/secret/deep/x', '/b/y');
    catalog.write('chmod', { path: '/b', mode: 0o700, recursive: false });
    const names = ['/b/secret', '/b/secret/deep/x', '/b/y', '/b/none', '/b/none/z', '/b/y/z', '/b/secret/none'];
    for (const path of names)
      for (const ask of [
        () => stat(catalog.stores, STRANGER, path),
        () => catalog.write('mkdir', { path: `${path}/new`, parents: false }, STRANGER),
      ])
        expect(ask, path).to.throw('bob may not enter /b.');
  });

  it('tells how a directory is made whose own place is not there yet', () => {
    const catalog = new MemoryCatalog().files('/a/x');
    expect(() => catalog.write('mkdir', { path: '/b/c', parents: false })).to.throw(
      'The catalog has no /b. With -p (parents) it is made as well.',
    );
    expect(catalog.write('mkdir', { path: '/b/c', parents: true })).to.deep.equal({ created: 2 });
    catalog.write('chmod', { path: '/b', mode: 0o700, recursive: false });
    expect(() => catalog.write('mkdir', { path: '/b/no/c', parents: false }, STRANGER)).to.throw('may not enter /b');
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

  it('keeps the URLs of all below a directory that gets another name, whether they end in the logical name or not', () => {
    const catalog = new MemoryCatalog();
    const register = (lfn: string, ...urls: string[]): unknown =>
      catalog.write('register', { files: [{ lfn, replicas: urls.map((url) => ({ url })) }] });
    const urls = (lfn: string): string[] => whereis(catalog.stores, OWNER, lfn).replicas.map(({ url }) => url);
    const both = ['https://b:80/store/1/x', 'root://a//p/q/r/s/t/x'];
    register('/p/q/r/s/t/x', ...both);
    register('/p/q/y', 'file:///p/q/y', 'root://a//p/q/y', 'root://a//p/q/y');
    catalog.write('mv', { from: '/p/q', to: '/p/new' });
    register('/p/new/r/z', 'root://a//p/new/r/z');
    register('/p/new/r/old', 'root://a//p/q/r/old');
    catalog.write('mv', { from: '/p', to: '/again' });
    expect(urls('/again/new/r/s/t/x')).to.deep.equal(both);
    expect(urls('/again/new/y')).to.deep.equal(['file:///p/q/y', 'root://a//p/q/y']);
    expect(urls('/again/new/r/z')).to.deep.equal(['root://a//p/new/r/z']);
    expect(urls('/again/new/r/old')).to.deep.equal(['root://a//p/q/r/old']);
    catalog.write('mv', { from: '/again/new/r/s/t/x', to: '/x' });
    expect(urls('/x')).to.deep.equal(both);
    const found = lookup(catalog.stores, OWNER, ['/again/new/r/z', '/x', '/again/new/r/none', '/none/1/2/3/4/5']);
    expect(found.map((file) => file?.replicas.map(({ url }) => url))).to.deep.equal([
      ['root://a//p/new/r/z'],
      both,
      undefined,
      undefined,
    ]);
    for (const url of both) catalog.write('changeReplica', { lfn: '/x', url, to: 'bad' });
    catalog.write('changeReplica', { lfn: '/x', url: both[0]!, to: 'removed' });
    expect(whereis(catalog.stores, OWNER, '/x').replicas.map(({ url, status }) => [url, status])).to.deep.equal([
      [both[1], 'bad'],
    ]);
    expect(register('/x', both[1]!)).to.include({ unchanged: 1 });
    expect(register('/x', both[0]!)).to.include({ updated: 1 });
    expect(urls('/x').sort()).to.deep.equal(both);
  });

  it('looks up many names at any depth, and shows nobody what is behind a closed directory', () => {
    const lfns = Array.from(
      { length: 40 },
      (_, i) => `/a/b/${Array.from({ length: i % 8 }, (_, k) => `d${k}`).join('/')}/f${i}`,
    );
    const catalog = new MemoryCatalog().files(...lfns.map((lfn) => lfn.replace('//', '/')));
    const seen = (caller: typeof OWNER): number =>
      lookup(catalog.stores, caller, lfns).filter((file) => file !== null).length;
    expect([seen(OWNER), seen(STRANGER)]).to.deep.equal([40, 40]);
    catalog.write('chmod', { path: '/a/b/d0/d1', mode: 0o750, recursive: false });
    expect([seen(OWNER), seen(STRANGER)]).to.deep.equal([40, 10]);
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

  it('brings a file of the first version to the present schema with all that is in it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'proof-migrate-'));
    const path = join(folder, 'catalog.db');
    const old = new Database(path);
    old.exec(MIGRATIONS[0]!);
    old.exec(`PRAGMA application_id = 0x50476354; PRAGMA user_version = 1;
      INSERT INTO setting VALUES ('identity', '01234567');
      INSERT INTO word VALUES (1, 'alice'), (2, 'physics'), (3, 'events');
      INSERT INTO directory VALUES (1, NULL, '/', 1, 2, 493, 5, NULL), (2, 1, 'datasets/', 1, 2, 1023, 5, NULL),
        (3, NULL, 'removed/', 1, 2, 0, 5, NULL), (7, 1, 'a/', 1, 2, 493, 5, 6), (8, 7, 'b/', 1, 2, 493, 5, NULL);
      INSERT INTO file VALUES (4, 8, 'none', 0, 10, NULL, NULL, 1, 2, 420, 5, NULL, NULL, NULL),
        (5, 8, 'three', 0, 11, x'011a2b3c4d', NULL, 1, 2, 420, 5, 9, 99, 3), (6, 2, 'set', 1, NULL, NULL, NULL, 1, 2, 420, 5, NULL, NULL, NULL);
      INSERT INTO storage_element VALUES (1, 'A::B::C', 'B', NULL, 'up', '[]');
      INSERT INTO url_part VALUES (1, 0, 'root://se/'), (2, 1, 'x/');
      INSERT INTO replica VALUES (5, 1, 'q', NULL, 1), (5, 2, '', 1, 0), (5, 2, 'r', NULL, 0);
      INSERT INTO tag VALUES (7, 'run', 'int');
      INSERT INTO tag_value (name, value, dir) VALUES ('run', 5, 7);
      INSERT INTO collection_version VALUES (1, 6, 1, NULL, 'any', '', 5, 6);
      INSERT INTO collection_member VALUES (1, 0, 5, NULL, NULL, NULL, NULL, NULL);`);
    old.close();
    const stores = new Stores(openDatabase(path, { owner: 'alice', group: 'physics' }, NOW_MS));
    expect(lookup(stores, OWNER, ['/a/b/none', '/a/b/three'])).to.deep.equal([
      { lfn: '/a/b/none', size: 10, checksum: null, entries: null, tree: null, replicas: [] },
      {
        lfn: '/a/b/three',
        size: 11,
        checksum: 'adler32:1a2b3c4d',
        entries: 99,
        tree: 'events',
        replicas: [
          { url: 'root://se/x/r', se: null, site: null },
          { url: 'root://se/x/three', se: 'A::B::C', site: 'B' },
        ],
      },
    ]);
    expect(whereis(stores, OWNER, '/a/b/three').replicas[2]).to.include({ url: 'root://se/q', status: 'bad' });
    expect(setFiles(stores, OWNER, 'set').files[0]!.lfn).to.equal('/a/b/three');
    const found = [...runQuery({ stores, caller: OWNER }, { query: "/?run=5 and name='three'" })];
    expect(found.map(({ file }) => file?.id)).to.deep.equal([5]);
    stores.write(() =>
      stores.directories.insert(stores.directories.resolve('/a')!, 'new', { ...OWNED, mode: 0o755 }, NOW_MS),
    );
    expect(stores.directories.resolve('/a/new')!.id).to.equal(9);
    expect(checkDatabase(path)).to.deep.equal({ isSound: true, problems: [] });
    stores.db.close();
    rmSync(folder, { recursive: true });
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
