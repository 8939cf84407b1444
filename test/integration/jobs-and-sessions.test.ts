/** Two hundred jobs near their data on two sites, interactive queries meanwhile, agents killed in the middle. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { z } from 'zod';
import { pilotInfo } from '../../protocol/api.js';
import { type JobInfo, type JobSelection, jobInfo } from '../../protocol/job-messages.js';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { SlotWatch } from '../support/slot-watch.js';

const JOBS = 200;
const SITES = ['A', 'B'] as const;
/** Of each slot. */
const CORES = 1;
const SLOTS_A_SITE = 2;

const SELECTOR = `
import { Selector } from 'proof-grid';
export default class Heavy extends Selector {
  override branches = ['mu1_pt', 'mu2_pt', 'event'];
  pt = this.h1('pt', 'pt;p_{T} [GeV]', 50, 0, 100);
  sum = this.h1('sum', 'sum', 50, 0, 200);
  seen = this.counter('seen');
  override process(entry: number): void {
    const c = this.columns;
    let x = c.mu1_pt.at(entry);
    for (let i = 0; i < 300; i++) x = Math.sqrt(x * x + 1e-9);
    this.pt.fill(x);
    this.sum.fill(x + c.mu2_pt.at(entry), 0.1);
    this.seen.add(1);
  }
}
`;
/** Only what the shell does itself: one process that runs a payload. Its line is appended in one write. Two of them wait until their agents were killed. */
const HELD = ['f50.txt', 'f51.txt'];
const PAYLOAD = `#!/bin/sh
i=0
while [ $i -lt 60000 ]; do i=$((i+1)); done
case $1 in ${HELD.join('|')}) read -r go < "$2.$1" ;; esac
read -r line < "$1"
echo "$line" > out.txt
echo "$ALIEN_PROC_ID $line" >> "$2"
`;

describe('jobs and sessions in the same slots', function () {
  this.timeout(1_500_000);
  let cluster: Cluster;
  before(async () => {
    const site = (name: string): string =>
      `{ name: ${name}, type: local, min: ${SLOTS_A_SITE}, max: ${SLOTS_A_SITE}, cores: ${CORES}, isolation: never, closeSEs: ["T::${name}::SE"] }`;
    cluster = await startCluster({
      pilots: 0,
      site: `${site('A')}\n  - ${site('B')}`,
      proxyConfig: 'factoryTickS: 1\n',
    });
  });
  after(async () => cluster?.stop());

  const ask = async <T>(schema: z.ZodType<T>, path: string): Promise<T> =>
    schema.parse(await (await fetch(`${cluster.url}/v1${path}`)).json());
  const select = (selection: Partial<JobSelection>): Promise<JobInfo[]> =>
    ask(z.array(jobInfo), `/jobs?select=${encodeURIComponent(JSON.stringify({ ...selection, everyones: true }))}`);

  /** Half of the files lie at each storage element. */
  const registerInput = async (): Promise<void> => {
    const folder = join(cluster.folder, 'data');
    mkdirSync(folder);
    const lines = Array.from({ length: JOBS }, (_, i) => {
      const file = join(folder, `f${i}.txt`);
      writeFileSync(file, `content ${i}\n`);
      const replica = { url: pathToFileURL(file).href, se: `T::${SITES[i % 2]}::SE` };
      return JSON.stringify({ lfn: `/data/f${i}.txt`, replicas: [replica] });
    });
    const program = join(cluster.folder, 'work.sh');
    writeFileSync(program, PAYLOAD);
    chmodSync(program, 0o755);
    lines.push(JSON.stringify({ lfn: '/bin/work.sh', url: pathToFileURL(program).href }));
    const list = join(cluster.folder, 'files.jsonl');
    writeFileSync(list, `${lines.join('\n')}\n`);
    const answer = await cluster.proof('register', '--list', list);
    expect(answer.status, answer.stderr).to.equal(0);
  };

  const submit = async (ledger: string): Promise<void> => {
    const jdl = join(cluster.folder, 'many.jdl');
    writeFileSync(
      jdl,
      `Executable = "work.sh"; Arguments = "#alienfilename# ${ledger}"; InputData = {"LF:/data/*.txt"};
       Split = "se"; SplitMaxInputFileNumber = 1; OutputFile = {"out.txt"}; TTL = 600; MasterResubmitThreshold = 0;`,
    );
    const answer = await cluster.proof('submit', jdl);
    expect(answer.stdout, answer.stderr).to.equal(`1 (${JOBS} sub-jobs)\n`);
  };

  /** The job whose input is this file, when it runs. */
  const runningWith = async (name: string): Promise<JobInfo> => {
    for (const { jobId } of await select({ masters: [1] })) {
      const { jdl } = await ask(z.object({ jdl: z.string() }), `/jobs/${jobId}`);
      if (jdl.includes(`/data/${name}`)) return becomes(jobId, ({ state }) => state === 'RUNNING');
    }
    throw new Error(`no job has ${name}`);
  };
  const becomes = async (jobId: number, isSo: (job: JobInfo) => boolean): Promise<JobInfo> => {
    for (;;) {
      const [job] = await select({ jobs: [jobId] });
      if (isSo(job!)) return job!;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  /** Kills the agent at whose slot a job runs, and waits until the job runs elsewhere. */
  const loseAgentOf = async ({ jobId, agentId, run }: JobInfo): Promise<void> => {
    const pilot = (await ask(z.array(pilotInfo), '/pilots')).find((one) => one.agentId === agentId);
    process.kill(Number(pilot!.batchId!.split('.')[0]), 'SIGKILL');
    await becomes(jobId, (job) => job.run > run && job.state === 'RUNNING');
  };

  it('end DONE exactly once, with exact queries, and never more running than a slot has cores', async () => {
    const ledger = join(cluster.folder, 'ledger');
    const data = join(cluster.folder, 'd.root');
    const selector = join(cluster.folder, 'heavy.ts');
    await registerInput();
    await writeDimuonFile(data, { seed: 5, firstEvent: 0, events: 100_000, run: 1 });
    writeFileSync(selector, SELECTOR);
    const query = async (...where: string[]): Promise<string> => {
      const { stdout, stderr, status } = await cluster.proof('run', selector, data, ...where, '--json', '-', '--quiet');
      expect(status, stderr).to.equal(0);
      return JSON.stringify((JSON.parse(stdout) as { outputs: unknown }).outputs);
    };
    const expected = await query('--local');
    await cluster.warm(SITES.length * SLOTS_A_SITE);
    const watch = new SlotWatch(cluster.url, CORES);

    for (const name of HELD) execFileSync('mkfifo', [`${ledger}.${name}`]);
    await submit(ledger);
    const answers: string[] = [];
    let areOver = false;
    const querying = (async () => {
      while (!areOver) answers.push(await query('--workers', '2'));
    })();
    await Promise.all(HELD.map(async (name) => loseAgentOf(await runningWith(name))));
    const atLoss = (await select({ masters: [1], states: ['DONE'] })).length;
    await Promise.all(HELD.map((name) => writeFile(`${ledger}.${name}`, 'go\n')));
    await becomes(1, ({ endedAt }) => endedAt !== null);
    areOver = true;
    await querying;
    await watch.stop();

    expect((await select({ jobs: [1] }))[0]?.state).to.equal('DONE');
    const jobs = await select({ masters: [1] });
    expect([...new Set(jobs.map(({ state }) => state))], jobs.map(({ why }) => why).join()).to.deep.equal(['DONE']);
    expect(jobs).to.have.length(JOBS);
    expect(jobs.filter(({ run }) => run > 1).length).to.be.at.least(HELD.length);
    expect(atLoss, 'agents were killed in the middle').to.be.within(1, JOBS - HELD.length);

    // Each ran where its file is, and its one output is that file's.
    const outputs = await Promise.all(jobs.map((job) => outputOf(cluster.url, job.jobId)));
    const fileOf = outputs.map((text) => Number(/^content (\d+)\n$/.exec(text)?.[1]));
    expect(fileOf.toSorted((a, b) => a - b)).to.deep.equal(Array.from({ length: JOBS }, (_, i) => i));
    expect(jobs.map(({ site }) => site)).to.deep.equal(fileOf.map((i) => SITES[i % 2]));
    const written = readFileSync(ledger, 'utf8').trim().split('\n');
    expect(new Set(written).size).to.equal(JOBS);

    expect(answers).to.not.have.length(0);
    for (const answer of answers) expect(answer).to.equal(expected);
    expect(watch.suspensions, 'a session took the cores of a payload').to.be.above(0);
    expect(watch.crowds).to.deep.equal([]);
    expect([...watch.most.values()].every((n) => n <= CORES)).to.equal(true);
  });
});

async function outputOf(url: string, jobId: number): Promise<string> {
  const answer = await fetch(`${url}/v1/jobs/${jobId}/file?name=out.txt`);
  return answer.text();
}
