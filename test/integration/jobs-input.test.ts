/** Input of jobs through the catalog, and what users see of masters, with the proof command. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { z } from 'zod';
import { type JobInfo, jobInfo } from '../../protocol/job-messages.js';
import { type Cluster, type Ran, startCluster } from '../support/cluster.js';

describe('jobs and the catalog', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster({
      pilots: 0,
      site: '{ name: A, type: local, min: 1, max: 1, cores: 1, packages: ["VO_T@ROOT::v6"], closeSEs: ["T::A::SE"] }',
      proxyConfig: 'homes: /users/{user}\nquotas: { default: { maxUnfinished: 50 } }\n',
    });
    const file = (name: string, text: string): string => {
      writeFileSync(join(cluster.folder, name), text);
      return pathToFileURL(join(cluster.folder, name)).href;
    };
    const xml = [1, 2]
      .map(
        (i) =>
          `<event name="${i}"><file name="f${i}" lfn="/data/f${i}.txt" turl="alien:///data/f${i}.txt" evlist="${i}"/></event>`,
      )
      .join('');
    const files = [
      ...[1, 2, 3].map((i) => ({ lfn: `/data/f${i}.txt`, url: file(`f${i}.txt`, `content ${i}\n`) })),
      {
        lfn: '/data/list.xml',
        url: file('list.xml', `<?xml version="1.0"?><alien><collection name="c">${xml}</collection></alien>`),
      },
      { lfn: '/bin/show.sh', url: file('show.sh', '#!/bin/sh\necho "$@"; cat "$1"; cat f*.txt 2>/dev/null; exit 0\n') },
    ];
    const list = join(cluster.folder, 'files.jsonl');
    const replicas = files.map(({ lfn, url }) => JSON.stringify({ lfn, replicas: [{ url, se: 'T::A::SE' }] }));
    writeFileSync(list, `${replicas.join('\n')}\n`);
    expect((await cluster.proof('register', '--list', list)).status).to.equal(0);
    const made = await cluster.proof('datasets', 'create', 'some', 'lfn:/data/f*.txt');
    expect(made.status, made.stderr).to.equal(0);
  });
  after(async () => cluster?.stop());

  const submitted = async (jdl: string): Promise<Ran> => {
    const file = join(cluster.folder, 'job.jdl');
    writeFileSync(file, jdl);
    return cluster.proof('submit', file);
  };
  /** @returns the number of the job, when it is over */
  const done = async (jdl: string): Promise<number> => {
    const { stdout, stderr } = await submitted(jdl);
    const jobId = Number(/^(\d+)/.exec(stdout)?.[1]);
    expect(jobId, stderr).to.be.above(0);
    const { stdout: trace } = await cluster.proof('trace', String(jobId), '--follow');
    expect(trace).to.contain('DONE:');
    return jobId;
  };
  const stdoutOf = async (jobId: number): Promise<string> =>
    (await cluster.proof('spy', String(jobId), 'stdout')).stdout;
  const partsOf = async (jobId: number): Promise<JobInfo[]> =>
    z.array(jobInfo).parse(JSON.parse((await cluster.proof('ps', '-m', String(jobId), '--json')).stdout));

  it('splits a collection file, and gives each sub-job its list as XML and its file', async () => {
    const master = await done(
      `Executable = "show.sh"; Arguments = "wn.xml #alienfilename#"; InputDataCollection = "LF:/data/list.xml"; Split = "file";
       InputDataList = "wn.xml"; InputDataListFormat = "xml-single"; Packages = "VO_T@ROOT";`,
    );
    const parts = await partsOf(master);
    expect(parts.map(({ state, site }) => [state, site])).to.deep.equal([
      ['DONE', 'A'],
      ['DONE', 'A'],
    ]);
    const second = await stdoutOf(parts[1]!.jobId);
    expect(second).to.match(/^wn.xml f2.txt\n<\?xml[\s\S]*<event name="1">\s*<file name="f2.txt" lfn="\/data\/f2.txt"/);
    expect(second).to.match(/<\/alien>\ncontent 2\n$/);
  });

  it('takes a data set of the catalog, and keeps of a collection what is of this job', async () => {
    const job = await done(
      `Executable = "show.sh"; Arguments = "wn.xml"; InputDataCollection = "LF:/datasets/some,nodownload"; Split = "directory";
       InputDataList = "wn.xml"; InputDataListFormat = "merge:/data/list.xml";`,
    );
    const [part] = await partsOf(job);
    const text = await stdoutOf(part!.jobId);
    expect(text).to.match(/evlist="1"[\s\S]*evlist="2"/);
    expect(text).to.not.contain('content');
  });

  it('splits by a storage element, asks for a place near it, and shows master and sub-jobs as AliEn did', async () => {
    const master = await done(
      'Executable = "show.sh"; Arguments = "#alienfilename#"; InputData = {"LF:/data/f*.txt[1-2]"}; Split = "se";',
    );
    const [part] = await partsOf(master);
    const { stdout: jdl } = await cluster.proof('ps', '-jdl', String(part!.jobId));
    expect(jdl).to.contain('member(other.CloseSE,"T::A::SE")');
    const { stdout: shown } = await cluster.proof('ps', '-s', '-id', String(master), '-x');
    expect(shown.split('\n')[0]).to.match(/^owner +id +priority +state +cpu s +memory +cost +runtime +name$/);
    expect(shown).to.match(new RegExp(` ${master} .* D .*\\n.* -${part!.jobId} .* D .* 00:00:\\d\\d  show.sh\\n$`));
    const { stdout: counted } = await cluster.proof('masterjob', String(master), '-printsite', '-printid');
    expect(counted).to.equal(`${master} DONE, 1 sub-jobs\n       1 DONE (A 1): ${part!.jobId}\n`);
    const { stdout: quota } = await cluster.proof('quota', '--json');
    expect(JSON.parse(quota)[0]).to.include({ unfinished: 0, maxUnfinished: 50 });
  });

  it('says what is missing, and how many are too many', async () => {
    const missing = await submitted('Executable = "~/bin/mine.sh";');
    expect(missing.stderr).to.match(/\/users\/[^/]+\/bin\/mine.sh is not in the catalog.*PROXY_JOB_INPUT/);
    const none = await submitted('Executable = "show.sh"; InputDataCollection = "LF:/data/none";');
    expect(none.stderr).to.match(/There is no collection \/data\/none/);
    const many = await cluster.proof('submit', 'Executable = "show.sh"; Split = "production:1-$1";', '1000');
    expect(many.stderr).to.match(/1000 more would be over the quota of 50.*PROXY_JOB_QUOTA/);
    expect(many.status).to.not.equal(0);
  });

  it('chooses sub-jobs to kill, and says why one waits', async () => {
    const { stdout } = await submitted(
      'Executable = "show.sh"; Split = "production:1-3"; Requirements = other.Site == "NOWHERE";',
    );
    const master = Number(/^(\d+)/.exec(stdout)![1]);
    const why = await cluster.proof('jdl', 'match', String(master + 1));
    expect(why.stdout).to.match(/matches 0 of \d agents\n {2}fails on \d .*Site == "NOWHERE".*\n$/);
    const good = await submitted('Executable = "show.sh"; Requirements = other.Site == "A";');
    const runs = await cluster.proof('jdl', 'match', String(Number(good.stdout)), '--json');
    expect(JSON.parse(runs.stdout)).to.include({ agents: 1, matching: 1, refusedByAgents: 0 });
    expect(runs.status).to.equal(0);
    const killed = await cluster.proof('masterjob', String(master), '-id', String(master + 2), 'kill');
    expect(killed.stdout, killed.stderr).to.equal(`${master}: kill, 1 jobs\n`);
    const { stdout: counted } = await cluster.proof('masterjob', String(master), '--json');
    expect(JSON.parse(counted)).to.deep.include({ jobId: master, state: 'SPLIT', subJobs: 3 });
    const again = await cluster.proof('masterjob', String(master), '-status', 'KILLED', 'resubmit');
    expect(again.stdout, again.stderr).to.equal(`${master}: resubmit, 1 jobs\n`);
    expect((await cluster.proof('kill', String(master))).stdout).to.equal(`${master}: killed (4 jobs)\n`);
    const back = await cluster.proof('resubmit', String(master + 1), String(master + 3), '--json');
    expect(JSON.parse(back.stdout)).to.deep.equal([
      { jobId: master + 1, jobs: 1 },
      { jobId: master + 3, jobs: 1 },
    ]);
  });
});
