/** Outputs of batch jobs on real storage elements, registered in a real catalog. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { ProofGrid } from '../../catalog/grid/proof-grid.js';
import { makeCa, makeCertificate } from '../../client/set-up/small-ca.js';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { openSource } from '../../storage/open-source.js';
import { run } from '../support/cluster.js';
import { JobBench } from '../support/job-bench.js';
import { TestProxy } from '../support/proxy-server.js';
import { skipBecause } from '../support/summary-reporter.js';
import { WebStore } from '../support/web-store.js';
import { XrootdCluster, xrootdMissing } from '../support/xrootd.js';

describe('proxy: outputs of batch jobs', () => {
  let proxy: TestProxy;
  let jobs: JobBench;
  let alice: ProofGrid;
  let admin: ProofGrid;
  let disk: (name: string) => string;
  beforeEach(async () => {
    proxy = new TestProxy('sites: [{ name: S, type: local, min: 2, cores: 1 }]\n', {
      catalog: 'embedded',
    });
    await proxy.start();
    jobs = new JobBench(proxy);
    const { catalog } = await proxy.info();
    alice = new ProofGrid(catalog!, { user: 'alice' });
    admin = new ProofGrid(catalog!);
    disk = (name) => join(proxy.folder, 'disks', name);
  });
  afterEach(async () => {
    await Promise.all([alice?.close(), admin?.close()]);
    await proxy?.stop();
  });

  const element = async (name: string, prefix: string, more: object = {}): Promise<void> => {
    await admin.http.tell('/v1/elements', { name, prefix, ...more });
  };
  const localElement = async (name: string, more: object = {}): Promise<void> => {
    mkdirSync(disk(name), { recursive: true });
    await element(name, `file://${disk(name)}/`, more);
  };
  const read = async (urls: readonly string[]): Promise<string> => {
    const source = await openSource(urls);
    const text = (await source.read(0, source.size)).toString('utf8');
    await source.close();
    return text;
  };

  it('go to the nearest storage elements and are registered for their user, archives with their members', async () => {
    await localElement('T::FAR::A');
    await localElement('T::S::NEAR');
    await localElement('T::S::TAPE', { tags: ['tape'] });
    await localElement('T::S::OFF', { status: 'down' });
    const program = jobs.script('work.sh', 'echo one > a.txt; echo two > b.log; echo three > c.root; echo said');
    const id = await jobs.submit(
      `Executable = "${program}"; OutputFile = {"a.txt@disk=1"};
       OutputArchive = {"log_archive.zip:stdout,*.log,c.root@disk:2"};`,
    );
    await jobs.ends(id, 'DONE');
    const folder = `/home/alice/alien-job-${id}`;
    const [text, archive, log, root] = await alice.lookup(
      ['a.txt', 'log_archive.zip', 'b.log', 'c.root'].map((name) => `${folder}/${name}`),
    );
    expect(text!.replicas.map(({ se }) => se)).to.deep.equal(['T::S::NEAR']);
    expect(text).to.include({ size: 4, checksum: 'adler32:03de014d' });
    expect(await read([text!.replicas[0]!.url])).to.equal('one\n');
    expect(archive!.replicas.map(({ se }) => se).toSorted()).to.deep.equal(['T::FAR::A', 'T::S::NEAR']);
    const zip = fileURLToPath(archive!.replicas[0]!.url);
    const listed = execFileSync('python3', [
      '-c',
      'import sys, zipfile; print(*zipfile.ZipFile(sys.argv[1]).namelist())',
      zip,
    ]);
    expect(listed.toString().trim().split(' ').toSorted()).to.deep.equal(['b.log', 'c.root', 'stdout']);
    expect(readFileSync(zip).includes('three\n'), 'ROOT files are stored as they are').to.equal(true);
    expect(log).to.include({ size: 4 });
    expect(root!.replicas.map(({ url }) => url.replace(/\?.*/, ''))).to.deep.equal(
      archive!.replicas.map(({ url }) => url),
    );
    const [entry] = (await alice.ls(folder)).filter(({ path }) => path.endsWith('/a.txt'));
    expect(entry).to.include({ owner: 'alice', type: 'file' });
    expect((await alice.ls(folder)).find(({ path }) => path.endsWith('/c.root'))).to.include({ type: 'link' });
    expect(await jobs.file(id, 'stdout')).to.equal('said\n');
    expect(await jobs.files(id)).to.deep.equal(['stderr', 'stdout']);
    expect(await jobs.trace(id)).to.include(`5 files registered in ${folder}`);
    for (const name of ['T::S::TAPE', 'T::S::OFF']) expect(readdirSync(disk(name))).to.deep.equal([]);
  });

  it('that went into an archive are read and analysed as members of it', async () => {
    await localElement('T::S::A');
    const dimuon = join(proxy.folder, 'dimuon.root');
    await writeDimuonFile(dimuon, { seed: 3, run: 1, firstEvent: 0, events: 5_000 });
    const program = jobs.script('work.sh', `cp ${dimuon} m.root; for i in 1 2 3 4 5 6 7 8 9; do echo many lines; done`);
    const id = await jobs.submit(`Executable = "${program}"; OutputArchive = {"all.zip:m.root,stdout@disk=1"};`);
    await jobs.ends(id, 'DONE');
    const folder = `/home/alice/alien-job-${id}`;
    const [said] = await alice.lookup([`${folder}/stdout`]);
    expect(await read(said!.replicas.map(({ url }) => url))).to.equal('many lines\n'.repeat(9));
    const { catalog } = await proxy.info();
    const env = { PROOF_CONFIG: join(proxy.folder, 'client.yaml') };
    writeFileSync(env.PROOF_CONFIG, `catalog: "${catalog}"\n`);
    const draw = async (...words: string[]): Promise<unknown> => {
      const { status, stdout, stderr } = await run(['draw', '--local', '--quiet', '--json', '-', ...words], { env });
      expect(status, stderr).to.equal(0);
      return (JSON.parse(stdout) as { outputs: unknown }).outputs;
    };
    const what = ['mu1_pt>>h(20,0,100)', '--tree', 'events'];
    const direct = await draw(dimuon, ...what);
    expect(JSON.stringify(direct)).to.match(/5000/);
    expect(await draw(`lfn:${folder}/m.root`, ...what)).to.deep.equal(direct);
  });

  it('go where their OutputDir and their elements say, and not where they must not', async () => {
    for (const name of ['T::S::A', 'T::S::B', 'T::X::C']) await localElement(name);
    const program = jobs.script('work.sh', 'echo "$1" > out.txt');
    const master = await jobs.submit(
      `Executable = "${program}"; Arguments = "#alien_counter#"; Split = "production:1-3";
       OutputDir = "~/runs/#alien_counter_03i#"; OutputFile = {"out.txt@disk=1,T::X::C,!T::S::A"};`,
    );
    await jobs.ends(master, 'DONE');
    for (const n of [1, 2, 3]) {
      const [file] = await alice.lookup([`/home/alice/runs/00${n}/out.txt`]);
      expect(file!.replicas.map(({ se }) => se).toSorted()).to.deep.equal(['T::S::B', 'T::X::C']);
      expect(await read(file!.replicas.map(({ url }) => url))).to.equal(`${n}\n`);
    }
    const again = await jobs.submit(
      `Executable = "${program}"; OutputDir = "/home/alice/runs/001"; OutputFile = {"out.txt@disk=1"};`,
    );
    expect((await jobs.ends(again, 'ERROR_SV')).why).to.match(/001\/out.txt is in the catalog already/);
    expect((await jobs.trace(again)).join('\n')).to.match(/without a name in the catalog, on storage: \S+\/out.txt/);
  });

  it('with too few copies are DONE_WARN, with none ERROR_SV, and the reasons are told', async () => {
    await localElement('T::S::GOOD');
    writeFileSync(join(proxy.folder, 'no-directory'), '');
    await element('T::S::BROKEN', `file://${join(proxy.folder, 'no-directory')}/`);
    const program = jobs.script('work.sh', 'echo x > out.txt');
    const few = await jobs.submit(`Executable = "${program}"; OutputFile = {"out.txt@disk=2"};`);
    expect((await jobs.ends(few, 'DONE_WARN')).why).to.match(/out.txt has 1 of 2 copies: T::S::BROKEN: .*no-directory/);
    expect((await alice.lookup([`/home/alice/alien-job-${few}/out.txt`]))[0]!.replicas).to.have.length(1);
    const none = await jobs.submit(`Executable = "${program}"; OutputFile = {"out.txt@T::S::BROKEN,disk=0"};`);
    expect((await jobs.ends(none, 'ERROR_SV')).why).to.match(/out.txt could not be stored: T::S::BROKEN/);
  });

  it('of a payload that fails are those of OutputErrorE, in the recycle folder', async () => {
    await localElement('T::S::A');
    const program = jobs.script('work.sh', 'echo x > out.txt; echo why > reason.log; exit 5');
    const id = await jobs.submit(
      `Executable = "${program}"; OutputFile = {"out.txt"}; OutputErrorE = {"errors.zip:*.log,stderr"};`,
    );
    await jobs.ends(id, 'ERROR_E');
    const folder = `/home/alice/recycle/alien-job-${id}`;
    expect((await alice.ls(folder)).map(({ path }) => path.split('/').at(-1))).to.deep.equal([
      'errors.zip',
      'reason.log',
      'stderr',
    ]);
    await proxy.until(
      () => readdirSync(proxy.stateDir, { recursive: true }).map(String),
      (left) => !left.some((name) => /job-\d+\.\d+$/.test(name)),
    );
  });

  it('are written by root:// and http:// to a real XRootD server', async function () {
    const missing = xrootdMissing();
    if (missing !== undefined) skipBecause(this, missing);
    const server = await XrootdCluster.start();
    try {
      await element('T::S::XRD', `${server.rootUrl}/store`);
      await element('T::S::WEB', `${server.httpUrl}/web`);
      const program = jobs.script('work.sh', 'head -c 3000000 /dev/zero > big.dat; : > empty.dat');
      const id = await jobs.submit(`Executable = "${program}"; OutputFile = {"*.dat@disk=2"};`);
      await jobs.ends(id, 'DONE');
      const [big] = await alice.lookup([`/home/alice/alien-job-${id}/big.dat`]);
      expect(big!.replicas.map(({ url }) => url.split(':')[0]).toSorted()).to.deep.equal(['http', 'root']);
      for (const { url } of big!.replicas) expect((await read([url])).length).to.equal(3_000_000);
      const zipped = await jobs.submit(`Executable = "${program}"; OutputArchive = {"a.zip:*.dat,stdout@disk=2"};`);
      await jobs.ends(zipped, 'DONE');
      const [inside] = await alice.lookup([`/home/alice/alien-job-${zipped}/big.dat`]);
      expect(inside!.replicas).to.have.length(2);
      for (const { url } of inside!.replicas) expect((await read([url])).length).to.equal(3_000_000);
    } finally {
      await server.stop();
    }
  });

  it('are written to an https element with the agent’s authorities and token, which the payload does not see', async () => {
    await proxy.stop();
    proxy = new TestProxy('sites: [{ name: S, type: local, min: 1, cores: 1 }]\n', {
      catalog: 'embedded',
    });
    const ca = await makeCa(proxy.folder, 'test');
    const server = await makeCertificate(proxy.folder, ca, { name: 'web', subject: 'web', hosts: ['localhost'] });
    const [cert, key] = [server.cert, server.key].map((file) => readFileSync(file, 'utf8')) as [string, string];
    const web = await WebStore.start({ tls: { cert, key }, token: 'let-me-in' });
    const authorities = join(proxy.folder, 'authorities');
    mkdirSync(authorities);
    copyFileSync(ca.cert, join(authorities, 'test.pem'));
    try {
      await proxy.start({ X509_CERT_DIR: authorities, BEARER_TOKEN: 'let-me-in' });
      const { catalog } = await proxy.info();
      await Promise.all([alice.close(), admin.close()]);
      [alice, admin] = [new ProofGrid(catalog!, { user: 'alice' }), new ProofGrid(catalog!)];
      await element('T::S::WEB', `${web.url}/store/`);
      jobs = new JobBench(proxy);
      const id = await jobs.submit(
        `Executable = "${jobs.script('work.sh', 'head -c 3000000 /dev/zero > big.dat; echo t > s.txt; env')}";
         OutputFile = {"*.dat@disk=1", "s.txt@disk=1"};`,
      );
      await jobs.ends(id, 'DONE');
      expect(await jobs.file(id, 'stdout')).to.not.contain('let-me-in');
      const [big, small] = await alice.lookup(
        ['big.dat', 's.txt'].map((name) => `/home/alice/alien-job-${id}/${name}`),
      );
      expect(big).to.include({ size: 3_000_000 });
      const path = new URL(small!.replicas[0]!.url).pathname;
      expect(path).to.match(/^\/store\/alice\/1\.1-[0-9a-f]+\/s\.txt$/);
      expect(web.files.get(path)!.toString()).to.equal('t\n');
      // Another job reads it from there.
      const again = await jobs.submit(
        `Executable = "/bin/cat"; Arguments = "s.txt"; InputFile = {"LF:${small!.lfn}"};`,
      );
      await jobs.ends(again, 'DONE');
      expect(await jobs.file(again, 'stdout')).to.equal('t\n');
    } finally {
      await web.stop();
    }
  });

  it('stay with the ProxyServer where the catalog knows no storage element', async () => {
    const program = jobs.script('work.sh', 'echo x > out.txt; echo y > b.log');
    const id = await jobs.submit(
      `Executable = "${program}"; OutputFile = {"out.txt"}; OutputArchive = {"l.zip:*.log"};`,
    );
    await jobs.ends(id, 'DONE');
    expect(await jobs.files(id)).to.deep.equal(['b.log', 'out.txt', 'stderr', 'stdout']);
    expect(await jobs.file(id, 'out.txt')).to.equal('x\n');
    expect(existsSync(join(proxy.folder, 'disks'))).to.equal(false);
  });
});
