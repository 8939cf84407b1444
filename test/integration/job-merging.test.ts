/** Masters whose outputs are merged when their sub-jobs are over, with real agents, a real catalog and real files. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { ProofGrid } from '../../catalog/grid/proof-grid.js';
import { openSource } from '../../storage/open-source.js';
import { run } from '../support/cluster.js';
import { JobBench } from '../support/job-bench.js';
import { TestProxy } from '../support/proxy-server.js';

describe('proxy: outputs of sub-jobs', () => {
  let proxy: TestProxy;
  let jobs: JobBench;
  let alice: ProofGrid;
  beforeEach(async () => {
    proxy = new TestProxy('sites: [{ name: S, type: local, min: 2, cores: 1, isolation: never }]\n', {
      catalog: 'embedded',
    });
    await proxy.start();
    jobs = new JobBench(proxy);
    const { catalog } = await proxy.info();
    alice = new ProofGrid(catalog!, { user: 'alice' });
    const admin = new ProofGrid(catalog!);
    const disk = join(proxy.folder, 'disk');
    mkdirSync(disk);
    await admin.http.tell('/v1/elements', { name: 'T::S::A', prefix: `${pathToFileURL(disk).href}/` });
    await admin.mkdir('/jdl', { parents: true });
    await admin.http.tell('/v1/chown', { path: '/jdl', owner: 'alice', group: 'alice' });
    await admin.close();
  });
  afterEach(async () => {
    await alice?.close();
    await proxy?.stop();
  });

  /** A JDL in the catalog. */
  const stored = async (lfn: string, jdl: string): Promise<void> => {
    const file = join(proxy.folder, lfn.replaceAll('/', '_'));
    writeFileSync(file, jdl);
    await alice.register([{ lfn, replicas: [{ url: pathToFileURL(file).href }] }]);
  };
  const text = async (lfn: string): Promise<string> => {
    const [found] = await alice.lookup([lfn]);
    const source = await openSource(found!.replicas.map(({ url }) => url));
    const bytes = await source.read(0, source.size);
    await source.close();
    return bytes.toString('utf8');
  };

  it('are merged by a job of the catalog’s JDL, which fetches them all, and become a collection', async () => {
    const sums = jobs.script('sum.sh', 'cat */part.txt | sort -n > "$1"; echo "$@"');
    await stored(
      '/jdl/sum.jdl',
      `Executable = "${sums}"; Arguments = "$3 $1 $2 $4 $5 $6"; OutputFile = {"$3@disk=1"};`,
    );
    const program = jobs.script('part.sh', 'echo "$1" > part.txt; echo "$1" > "own-$1.log"; [ "$1" != 3 ]');
    const master = await jobs.submit(
      `Executable = "${program}"; Arguments = "#alien_counter#"; Split = "production:1-4"; OutputDir = "~/runs/#alien_counter#";
       OutputFile = {"part.txt@disk=1", "*.log@disk=1"}; Merge = {"part.txt:/jdl/sum.jdl:all.txt"};
       MergeCollections = {"own-*.log:~/sets/logs"}; MergeOutputDir = "~/sum";`,
    );
    await jobs.ends(master, 'DONE');
    expect(await text('/home/alice/sum/all.txt')).to.equal('1\n2\n4\n');
    const told = await jobs.trace(master);
    expect(told).to.include('MERGING: all sub-jobs have ended: 3 DONE, 1 ERROR_E');
    const merging = Number(/^DONE: merged by job (\d+)$/.exec(told.at(-1)!)?.[1]);
    expect(told).to.include(`job ${merging} merges 3 files named part.txt`);
    expect(await jobs.file(merging, 'stdout')).to.equal(
      `all.txt ${master} part.txt alice /home/alice/runs /home/alice/sum\n`,
    );
    const { files } = await alice.dataset('/home/alice/sets/logs');
    expect(files.map(({ lfn }) => lfn)).to.deep.equal([1, 2, 4].map((n) => `/home/alice/runs/${n}/own-${n}.log`));
  });

  it('that cannot be merged make their master ERROR_M with the reason, and are merged by resubmit and by masterjob merge', async () => {
    const config = join(proxy.folder, 'config.yaml');
    writeFileSync(config, `defaultHost: here\nhosts:\n  here: { url: "${proxy.url}", token: "dev:alice" }\n`);
    const proof = (...words: string[]) => run(words, { env: { PROOF_CONFIG: config } });
    const ok = join(proxy.folder, 'ok');
    const merges = jobs.script('merge.sh', `[ -e ${ok} ] && cat */x.txt > "$1"`);
    const program = jobs.script('part.sh', 'echo one > x.txt');
    const master = await jobs.submit(
      `Executable = "${program}"; Split = "production:1-2"; OutputFile = {"x.txt@disk=1"}; Merge = {"x.txt:/jdl/m.jdl:two.txt"};`,
    );
    expect((await jobs.ends(master, 'ERROR_M')).why).to.match(/There is no file \/jdl\/m.jdl in the catalog/);
    await stored('/jdl/m.jdl', `Executable = "${merges}"; Arguments = "$3"; OutputFile = {"$3@disk=1"}; Price = 2;`);
    const again = await proof('resubmit', String(master));
    expect(again.stdout, again.stderr).to.equal(`${master}: resubmitted\n`);
    const failed = await jobs.ends(master, 'ERROR_M');
    expect(failed.why).to.match(/^merging job \d+ is ERROR_E: .*exit status is 1/);
    const merging = Number(/job (\d+)/.exec(failed.why!)![1]);
    const shown = await proof('masterjob', String(master));
    expect(shown.stdout).to.match(
      new RegExp(`^${master} ERROR_M, 2 sub-jobs\\n +2 DONE\\n {2}merging: ${merging} ERROR_E: `),
    );
    writeFileSync(ok, '');
    expect((await proof('resubmit', String(master))).status).to.equal(0);
    await jobs.ends(master, 'DONE');
    expect((await jobs.job(merging)).run).to.equal(2);
    expect(await text(`/home/alice/alien-job-${master}/two.txt`)).to.equal('one\none\n');
    await alice.rm(`/home/alice/alien-job-${master}/two.txt`);
    const merged = await proof('masterjob', String(master), 'merge');
    expect(merged.stdout, merged.stderr).to.equal(`${master}: merging\n`);
    await jobs.becomes(master, ({ state }) => state === 'DONE');
    expect(await text(`/home/alice/alien-job-${master}/two.txt`)).to.equal('one\none\n');
    expect((await proof('masterjob', String(merging), 'merge')).stderr).to.match(/is no master/);
  });

  it('are no longer merged when their master is killed, and go on being merged after the ProxyServer was killed', async () => {
    const go = join(proxy.folder, 'go');
    const merges = jobs.script('merge.sh', `while [ ! -e ${go} ]; do sleep 0.1; done; cat */x.txt > "$1"`);
    await stored('/jdl/m.jdl', `Executable = "${merges}"; Arguments = "$3"; OutputFile = {"$3@disk=1"};`);
    const program = jobs.script('part.sh', 'echo one > x.txt');
    const jdl = `Executable = "${program}"; Split = "production:1-2"; OutputFile = {"x.txt@disk=1"}; Merge = {"x.txt:/jdl/m.jdl:two.txt"};`;
    const [killed, kept] = [await jobs.submit(jdl), await jobs.submit(jdl)];
    const mergingOf = async (master: number): Promise<number> => {
      const told = await proxy.until(
        () => jobs.trace(master),
        (lines) => lines.some((line) => /^job \d+ merges/.test(line)),
      );
      return Number(/job (\d+) merges/.exec(told.join('\n'))![1]);
    };
    const first = await mergingOf(killed);
    const second = await mergingOf(kept);
    await fetch(`${proxy.url}/v1/jobs/${killed}`, { method: 'DELETE', headers: { authorization: 'Bearer dev:alice' } });
    await jobs.ends(killed, 'KILLED');
    await jobs.ends(first, 'KILLED');
    await jobs.becomes(second, ({ state }) => state === 'RUNNING');
    await proxy.kill();
    writeFileSync(go, '');
    await proxy.start();
    await jobs.ends(kept, 'DONE');
    expect((await jobs.job(second)).state).to.equal('DONE');
  });
});
