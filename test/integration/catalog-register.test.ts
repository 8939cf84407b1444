/** `proof register` of files and directories as people have them: with links, pipes, odd names, wrong sizes. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { TestCatalog } from '../support/catalog.js';

describe('catalog: registration of what lies on this computer', () => {
  const catalog = new TestCatalog();
  const folder = join(catalog.folder, 'data');
  const good = join(folder, 'a b#%.root');
  before(async () => {
    await catalog.start();
    mkdirSync(join(folder, 'sub'), { recursive: true });
    await writeDimuonFile(good, { seed: 1, firstEvent: 0, events: 100, run: 1 });
  });
  after(() => catalog.stop());

  it('a scan goes round in no circle, tells what it leaves out and what cannot be opened, and registers the rest', async () => {
    symlinkSync('..', join(folder, 'sub', 'loop'));
    symlinkSync('nowhere', join(folder, 'dangling.root'));
    symlinkSync(good, join(folder, 'sub', 'linked.root'));
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0x2e, 0x72])]), 'x');
    writeFileSync(join(folder, 'line\nbreak.root'), 'x');
    writeFileSync(join(folder, 'text.root'), 'no ROOT file');
    expect(spawnSync('mkfifo', [join(folder, 'pipe')]).status).to.equal(0);
    const done = await catalog.proof('register', '/scan', '--scan', folder, '--inspect');
    expect([done.status, done.stdout]).to.deep.equal([3, '3 registered, 0 updated, 0 unchanged, 1 failed\n']);
    for (const words of [
      /dangling\.root is left out: it is a link to nothing\.\n/,
      /\ufffd\.r is left out: its name is no UTF-8\.\n/,
      /pipe is left out: it is a pipe, a socket or a device\.\n/,
      /sub\/loop is left out: it is a link to a directory that it lies in\.\n/,
      /\/scan\/text\.root: .*text\.root is no ROOT file/,
      /\/scan\/line.break\.root is no name for the catalog: it has control characters\. \[CATALOG_BAD_NAME\]\n/,
    ])
      expect(done.stderr).to.match(words);
    const grid = catalog.grid();
    const files = await grid.query('/scan', '*');
    expect(files.map(({ lfn, entries }) => [lfn, entries])).to.deep.equal([
      ['/scan/a b#%.root', 100],
      ['/scan/sub/linked.root', 100],
      ['/scan/text.root', null],
    ]);
    await grid.close();
    const drawn = await catalog.proof('draw', '--local', '--quiet', 'lfn:/scan/a b#%.root#events', 'mu1_pt');
    expect([drawn.status, drawn.stderr]).to.deep.equal([0, '']);
    const unnamed = await catalog.proof('draw', '--local', '--quiet', 'lfn:/scan/a b#%.root', 'mu1_pt');
    expect(unnamed.status).to.equal(1);
    expect(unnamed.stderr).to.match(/no \/scan\/a b\. .* put another # behind it\. \[CATALOG_NOTHING_MATCHES\]\n$/);
    expect((await catalog.proof('draw', '--local', '--quiet', 'lfn:/scan/a b#%.root#', 'mu1_pt')).status).to.equal(0);
  });

  it('a file is what the command line says of it, or it is refused', async () => {
    for (const [words, sentence] of [
      [['/one', folder], `${folder} is a directory. --scan ${folder} registers the files in it.`],
      [
        ['/one', good, join(folder, 'text.root')],
        /has \d+ bytes, and .*text\.root has 12 bytes: they are no copies of one file\.$/,
      ],
      [['/one', good, '--size', '5'], /a b#%\.root has \d+ bytes, not 5\.$/],
      [
        ['/one', `file://${encodeURI(folder)}/a%20b%23%25.root`, '--inspect', '--size', '5'],
        /\/one has \d+ bytes, not 5\.$/,
      ],
      [['--list', good, '--inspect'], /^--inspect goes with LFN URL\.\.\. and --scan/],
    ] as const) {
      const done = await catalog.proof('register', ...words);
      expect([done.status, done.stdout], done.stderr).to.deep.equal([2, '']);
      const said = done.stderr.replace(/^proof: (.*)\n$/, '$1');
      if (typeof sentence === 'string') expect(said).to.equal(sentence);
      else expect(said).to.match(sentence);
    }
    const url = await catalog.proof('register', '/one', 'file:///a%zz');
    expect(url.status).to.equal(1);
    expect(url.stderr).not.to.contain('INTERNAL');
    expect((await catalog.proof('stat', '/one')).status).to.equal(1);
  });

  it('a list that cannot be read is said, a mark of its encoding is no part of it', async () => {
    for (const words of [
      ['register', '--list'],
      ['catalog', 'import'],
    ]) {
      const gone = await catalog.proof(...words, 'gone.jsonl');
      expect(gone.status).to.equal(2);
      expect(gone.stderr).to.match(/^proof: Cannot read the (list|export) .*gone\.jsonl: there is no such file\.\n$/);
      const directory = await catalog.proof(...words, folder);
      expect(directory.status).to.equal(2);
      expect(directory.stderr).to.match(/data: it is a directory\.\n$/);
    }
    writeFileSync(join(folder, 'marked.csv'), '\ufefflfn,url\r\n/marked,root://se//x\r\n');
    const done = await catalog.proof('register', '--list', join(folder, 'marked.csv'));
    expect([done.stdout, done.stderr]).to.deep.equal(['1 registered, 0 updated, 0 unchanged\n', '']);
    const backup = await catalog.proof('catalog', 'backup', join(folder, 'nowhere', 'b.db'));
    expect([backup.status, backup.stderr]).to.deep.equal([
      1,
      `proof: ${folder}/nowhere/b.db is no file for a backup: that is in a directory of the catalog's machine. [CATALOG_BAD_VALUE]\n`,
    ]);
  });

  it('a file that --inspect cannot open, or that lacks the tree, is registered and said: status 3', async () => {
    const gone = await catalog.proof('register', '/gone', 'file:///nowhere/x.root', '--inspect');
    expect([gone.status, gone.stdout]).to.deep.equal([3, '']);
    expect(gone.stderr).to.match(/^proof: \/gone: There is no file \/nowhere\/x\.root/);
    const tree = await catalog.proof('register', '/tree', good, '--inspect', '--tree', 'nope');
    expect([tree.status, tree.stderr]).to.deep.equal([3, 'proof: /tree has no tree nope, but the trees events.\n']);
    expect((await catalog.proof('stat', '/gone')).status).to.equal(0);
  });
});
