/** Packages from directories and tar files of this computer. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { packPath } from '../../../client/packages/pack-directory.js';
import { sha256Of, unpackPackage } from '../../../protocol/package-archive.js';

describe('packing a package', () => {
  let folder: string;
  const at = (...names: string[]): string => join(folder, ...names);
  const tar = (...words: string[]): void => {
    const { status, stderr } = spawnSync('tar', words, { cwd: folder, encoding: 'utf8' });
    expect(status, stderr).to.equal(0);
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-pack-test-'));
    mkdirSync(at('tools', 'PROOF-INF'), { recursive: true });
    writeFileSync(at('tools', 'a.js'), 'export default 1');
    writeFileSync(at('tools', 'PROOF-INF', 'BUILD.sh'), 'true');
    chmodSync(at('tools', 'PROOF-INF', 'BUILD.sh'), 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('gives the same bytes for a directory, its .par and its .tar, whatever the times', () => {
    const sum = sha256Of(packPath(at('tools')));
    tar('-czf', 'tools.par', 'tools');
    tar('-cf', 'tools.tar', 'tools');
    utimesSync(at('tools', 'a.js'), 1, 1);
    for (const path of ['tools', 'tools/', 'tools.par', 'tools.tar'])
      expect(sha256Of(packPath(at(path)))).to.equal(sum);
  });
  it('turns a link inside of it into its file, and refuses one that leads out, to nothing, or round', async () => {
    symlinkSync('a.js', at('tools', 'b.js'));
    const { files } = await unpackPackage(packPath(at('tools')));
    expect(files.map(({ path }) => path)).to.deep.equal(['PROOF-INF/BUILD.sh', 'a.js', 'b.js']);
    for (const target of ['/etc/passwd', '../tools.par', 'nothing', '.']) {
      writeFileSync(at('tools.par'), '');
      symlinkSync(target, at('tools', 'bad'));
      expect(() => packPath(at('tools')), target).to.throw(/bad/);
      rmSync(at('tools', 'bad'));
    }
  });
  it('refuses a pipe, and a file of another kind', () => {
    spawnSync('mkfifo', [at('tools', 'pipe')]);
    expect(() => packPath(at('tools'))).to.throw(/pipe is neither a file/);
    writeFileSync(at('x.zip'), '');
    expect(() => packPath(at('x.zip'))).to.throw(/\.par/);
    expect(() => packPath(at('none'))).to.throw(/There is no/);
  });
  it('opens no tar file so that anything is written outside: names that lead out, links, two directories', () => {
    writeFileSync(at('evil'), 'evil');
    tar('-czPf', 'out.par', '--transform=s,evil,../evil-came-out,', 'evil');
    expect(() => packPath(at('out.par'))).to.throw(/out\.par/);
    expect(existsSync(join(tmpdir(), 'evil-came-out'))).to.equal(false);
    symlinkSync(folder, at('tools', 'way'));
    tar('-cf', 'link.tar', 'tools/way');
    rmSync(at('tools', 'way'));
    mkdirSync(at('tools', 'way'));
    writeFileSync(at('tools', 'way', 'written'), '');
    tar('-rf', 'link.tar', 'tools/way/written');
    expect(() => packPath(at('link.tar'))).to.throw();
    expect(existsSync(at('written'))).to.equal(false);
    tar('-czf', 'two.par', 'tools', 'evil');
    expect(() => packPath(at('two.par'))).to.throw(/one directory/);
  });
});
