/** What a confined process sees, as words; and the same words tried on this node. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { bubblewrapWords, type View } from '../../../isolation/bubblewrap-words.js';
import { type Launcher, prepareLauncher } from '../../../isolation/launcher.js';
import { secretPlaces, secretsBeside, withItsFolder } from '../../../isolation/secret-places.js';
import { skipBecause } from '../../support/summary-reporter.js';

const view: View = {
  scratch: '/s/w1',
  network: 'full',
  tunnel: '/s/tunnel',
  hidden: [],
  shown: [],
  mounted: [],
  isFinal: true,
  isDetached: false,
};
const text = (more: Partial<View>): string => bubblewrapWords({ ...view, ...more }).join(' ');

describe('job-agent: words of isolation', () => {
  it('hide directories and files, and show what must be seen below them, in this order', () => {
    const words = text({
      hidden: [
        { path: '/home/u/.ssh', kind: 'directory' },
        { path: '/s', kind: 'directory' },
        { path: '/s/below', kind: 'directory' },
        { path: '/etc/key', kind: 'file' },
      ],
      shown: ['/s/installation', '/usr/bin/node'],
    });
    expect(words).to.contain('--ro-bind / / --dev /dev --proc /proc');
    expect(words).to.contain(
      '--ro-bind /dev/null /etc/key --tmpfs /home/u/.ssh --tmpfs /s --ro-bind /s/installation /s/installation --bind /s/w1 /s/w1',
    );
    expect(words).to.contain('--remount-ro /home/u/.ssh --remount-ro /s --chdir /s/w1 --');
    expect(words).not.to.contain('/s/below');
    expect(words).not.to.contain('/usr/bin/node'); // it is seen anyway
  });

  it('take the network away only where the site says so, and leave a private /tmp to write in', () => {
    expect(text({})).not.to.contain('--unshare-net');
    expect(text({ network: 'none' }))
      .to.contain('--unshare-net')
      .and.to.contain('--ro-bind /s/tunnel /dev/proof-tunnel');
    expect(text({})).not.to.contain('tunnel');
    expect(text({ hidden: [{ path: '/tmp', kind: 'directory' }] })).not.to.contain('--remount-ro');
  });

  it('let one live on without who started it, where that is wished, with directories under other names', () => {
    const mounted = [{ from: '/state/sessions/s1', to: '/dev/proof-session' }];
    const words = text({ isDetached: true, scratch: null, mounted });
    expect(words).not.to.contain('--die-with-parent');
    expect(words).to.contain('--bind /state/sessions/s1 /dev/proof-session').and.to.contain('--chdir / --');
    expect(text({})).to.contain('--die-with-parent');
  });

  it('hide the directory of a key whole where it is one of keys, and nowhere else', () => {
    expect(withItsFolder('/etc/proof/keys/server.key')).to.deep.equal([
      '/etc/proof/keys/server.key',
      '/etc/proof/keys',
    ]);
    expect(withItsFolder('/etc/pki/private/host.pem')).to.include('/etc/pki/private');
    expect(withItsFolder('/etc/grid-security/hostkey.pem')).to.deep.equal(['/etc/grid-security/hostkey.pem']);
  });

  it('know the usual places of credentials', () => {
    expect(secretPlaces('/home/u')).to.include.members(['/home/u/.ssh', '/home/u/.globus', '/tmp/x509up_*', '/run']);
    expect(secretPlaces('/').some((path) => path.startsWith('/.'))).to.equal(false);
  });
});

describe('job-agent: an isolated process', () => {
  let folder: string;
  let scratch: string;
  let launcher: Launcher;
  before(async function () {
    folder = mkdtempSync(join(tmpdir(), 'proof-isolation-'));
    scratch = join(folder, 'w1');
    mkdirSync(scratch);
    mkdirSync(join(folder, 'w2'));
    writeFileSync(join(folder, 'w2', 'data'), 'of another worker');
    writeFileSync(join(folder, 'token'), 'secret');
    writeFileSync(join(folder, 'ca.pem'), 'authority');
    launcher = await prepareLauncher(
      { isolation: 'preferred', network: 'none', hidePaths: [folder] },
      process.env,
      folder,
    );
    if (launcher.facts.by === 'nothing') skipBecause(this, launcher.facts.why ?? '');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  const inside = (script: string): string => {
    const [file, ...words] = launcher.words(['/bin/sh', '-c', `{ ${script}; } 2>&1; true`], {
      scratch,
      shown: [join(folder, 'ca.pem')],
    });
    return execFileSync(file!, words, { encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: scratch } }).trim();
  };

  it('writes in its scratch directory and nowhere else', () => {
    expect(inside('pwd; echo mine >note')).to.equal(scratch);
    expect(readFileSync(join(scratch, 'note'), 'utf8')).to.equal('mine\n');
    for (const place of ['/etc', '/usr', folder, process.cwd()])
      expect(inside(`echo x >${place}/proof-was-here`), place).to.match(/Read-only file system|Permission denied/);
  });

  it('sees what is shown, and neither what is hidden nor the scratch of others', () => {
    expect(inside(`cat ${folder}/ca.pem`)).to.equal('authority');
    expect(inside(`cat ${folder}/token`)).to.contain('No such file');
    expect(inside(`ls ${folder}`)).to.equal('ca.pem\nw1');
    expect(inside('ls /run/munge /run/dbus')).to.contain('No such file');
  });

  it('does not see what is to be hidden from now on, and those before could', () => {
    const other = mkdtempSync(join(tmpdir(), 'beside-'));
    try {
      for (const name of ['ca.key', 'ca.pem', 'host.key.pem', 'hostkey.pem', 'a.token', 'proxy.yaml'])
        writeFileSync(join(other, name), name);
      mkdirSync(join(other, 'tokens'));
      writeFileSync(join(other, 'tokens', 'here'), 'kept');
      expect(inside(`cat ${other}/ca.key ${other}/tokens/here`)).to.equal('ca.keykept');
      const beside = secretsBeside(join(other, 'proxy.yaml'));
      expect(launcher.hide(beside), 'the first time').to.equal(true);
      expect(launcher.hide(beside), 'a second time').to.equal(false);
      expect(launcher.hide(['/nowhere/at-all/*.key'])).to.equal(false);
      for (const name of ['ca.key', 'host.key.pem', 'hostkey.pem', 'a.token', 'tokens/here'])
        expect(inside(`cat ${other}/${name}`), name).to.match(/Permission denied|No such file/);
      expect(inside(`cat ${other}/ca.pem ${other}/proxy.yaml`)).to.equal('ca.pemproxy.yaml');
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it('does not see what is renamed into the place of a hidden key, or comes later, in a directory of keys while it runs', async () => {
    const other = mkdtempSync(join(tmpdir(), 'apart-'));
    try {
      mkdirSync(join(other, 'keys'));
      writeFileSync(join(other, 'keys', 'server.key'), 'former');
      launcher.hide(secretsBeside(join(other, 'proxy.yaml')));
      const script = `echo ready; read go; cat ${other}/keys/*; cat ${other}/keys/server.key; ls ${other} ${other}/keys`;
      const [file, ...words] = launcher.words(['/bin/sh', '-c', `{ ${script}; } 2>&1`], { scratch });
      const child = spawn(file!, words, { stdio: ['pipe', 'pipe', 'inherit'], env: { PATH: process.env['PATH'] } });
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      while (!said.startsWith('ready')) await once(child.stdout, 'data');
      writeFileSync(join(other, 'keys', 'new'), 'renewed');
      renameSync(join(other, 'keys', 'new'), join(other, 'keys', 'server.key'));
      writeFileSync(join(other, 'keys', 'another.token'), 'renewed');
      writeFileSync(join(other, 'data'), 'seen');
      child.stdin.end('go\n');
      await once(child, 'close');
      expect(said).not.to.match(/former|renewed|another/);
      expect(said).to.contain('data\nkeys\n');
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it('sees no process but its own, and has neither capabilities nor core dumps', () => {
    expect(inside(`cat /proc/${process.pid}/environ`)).to.contain('No such file');
    expect(inside(`kill -0 ${process.pid}`)).to.match(/No such process/i);
    expect(inside('grep CapEff /proc/self/status')).to.match(/0{16}$/);
    expect(inside('ulimit -c; ulimit -n')).to.equal('0\n4096');
  });

  it('reaches no network where the site gives none', () => {
    expect(inside('cat /proc/net/route')).to.equal(inside('head -1 /proc/net/route'));
    expect(inside('grep -v lo: /proc/net/dev | tail -n +3')).to.equal('');
  });
});
