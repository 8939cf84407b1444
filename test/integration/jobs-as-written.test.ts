/** The JDLs of test/data/jdl, submitted as their users would: the pilot of the slide, and a skim in every way of splitting files. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { z } from 'zod';
import { type JobInfo, jobInfo } from '../../protocol/job-messages.js';
import { type Cluster, startCluster } from '../support/cluster.js';

const FOLDER = join(import.meta.dirname, '../../../test/data/jdl');

describe('jobs as their users write them', () => {
  let cluster: Cluster;
  before(async () => {
    const packages = '["VO_ALICE@ROOT::v5-23-04", "VO_ALICE@APISCONFIG::V2.4"]';
    const site = (name: string): string =>
      `{ name: ${name}, type: local, min: 1, max: 1, cores: 2, ttlS: 172800, packages: ${packages}, closeSEs: ["T::${name}::SE"] }`;
    cluster = await startCluster({
      pilots: 0,
      site: `${site('A')}\n  - ${site('B')}`,
      proxyConfig: 'homes: /users/{user}\n',
    });
    const entry = (lfn: string, text: string, se = 'T::A::SE'): string => {
      const file = join(cluster.folder, lfn.replaceAll('/', '_'));
      writeFileSync(file, text);
      return JSON.stringify({ lfn, size: text.length, replicas: [{ url: pathToFileURL(file).href, se }] });
    };
    const user = await userName();
    const home = `/users/${user}`;
    const listed = [1, 2, 3].map(
      (n) => `<event name="${n}"><file name="f" lfn="/caf/f${n}.root" turl="alien:///caf/f${n}.root"/></event>`,
    );
    const show = '#!/bin/sh\necho "$ALIEN_USER"; ls; cat xpd.cf\n';
    const skim =
      '#!/bin/sh\n{ echo "$1"; cat cuts.txt; cat events.txt */events.txt 2>/dev/null; } > part.skim; cat input.list\n';
    const merge = '#!/bin/sh\ncat part.skim */part.skim 2>/dev/null | grep -c "event of" > "$1"\n';
    const lines = [
      entry(`${home}/bin/qLitePROOF.sh`, show),
      entry(`${home}/proofAgent/xpd.cf`, 'xpd.port 1093\n'),
      entry(`${home}/proofAgent/proofagent.cfg.xml`, '<agent/>\n'),
      entry(
        `${home}/proofAgent/9a4_200k`,
        `<?xml version="1.0"?><alien><collection name="9a4">${listed.join('')}</collection></alien>`,
      ),
      ...[1, 2, 3].map((n) => entry(`/caf/f${n}.root`, 'x', n === 3 ? 'T::B::SE' : 'T::A::SE')),
      entry(`${home}/bin/skim.sh`, skim),
      entry(`${home}/bin/merge.sh`, merge),
      entry(`${home}/skim/cuts.txt`, 'pt>1\n'),
      entry(
        `${home}/skim/merge.jdl`,
        'Executable = "merge.sh"; Arguments = "$3"; OutputFile = {"$3@disk=1"}; JobTag = {"comment:merges $2 of $1"};',
      ),
      entry('/data/calibration.txt', 'calibration\n'),
      ...[1, 2, 3, 4].map((n) =>
        entry(`/data/run${n}/events.txt`, `event of run ${n}\n`, n === 2 ? 'T::B::SE' : 'T::A::SE'),
      ),
    ];
    const list = join(cluster.folder, 'files.jsonl');
    writeFileSync(list, `${lines.join('\n')}\n`);
    const registered = await cluster.proof('register', '--list', list);
    expect(registered.status, registered.stderr).to.equal(0);
    const disk = pathToFileURL(join(cluster.folder, 'disk')).href;
    const made = await cluster.proof('catalog', 'se', 'set', 'T::A::SE', '--prefix', `${disk}/`);
    expect(made.status, made.stderr).to.equal(0);
  });
  after(async () => cluster?.stop());

  const userName = async (): Promise<string> => {
    const { stdout } = await cluster.proof('whoami', '--json');
    return z.object({ user: z.string() }).parse(JSON.parse(stdout)).user;
  };
  const submitted = async (name: string, ...args: string[]): Promise<number> => {
    const { stdout, stderr } = await cluster.proof('submit', join(FOLDER, `${name}.jdl`), ...args);
    expect(stderr).to.equal('');
    return Number(/^(\d+)/.exec(stdout)?.[1]);
  };
  const done = async (jobId: number): Promise<void> => {
    const { stdout } = await cluster.proof('trace', String(jobId), '--follow');
    expect(stdout).to.contain('DONE:');
  };
  const partsOf = async (jobId: number): Promise<JobInfo[]> =>
    z.array(jobInfo).parse(JSON.parse((await cluster.proof('ps', '-m', String(jobId), '--json')).stdout));

  it('the pilot of the slide: split near its data, its files beside it, the data left where it is', async () => {
    const master = await submitted('pilot');
    await done(master);
    const parts = await partsOf(master);
    expect(parts.map(({ site, state }) => [site, state])).to.deep.equal([
      ['A', 'DONE'],
      ['B', 'DONE'],
    ]);
    const { stdout } = await cluster.proof('spy', String(parts[0]!.jobId), 'stdout');
    expect(stdout.split('\n').slice(1)).to.deep.equal([
      'proofagent.cfg.xml',
      'qLitePROOF.sh',
      'stderr',
      'stdout',
      'xpd.cf',
      'xpd.port 1093',
      '',
    ]);
    const { stdout: shown } = await cluster.proof('ps', '-s', '-id', String(master));
    expect(shown).to.match(new RegExp(` ${master} +1 +D +Pilot job to start Proof Workers\\n.* -${parts[0]!.jobId} `));
  });

  for (const mode of ['file', 'directory', 'parentdirectory', 'se', 'event', 'entries', 'af', 'directaccess'])
    it(`a skim split by ${mode}, each file in exactly one sub-job, the parts merged and a collection`, async () => {
      const master = await submitted('skim', mode);
      await done(master);
      const parts = await partsOf(master);
      expect(parts.map(({ state }) => state)).to.deep.equal(parts.map(() => 'DONE'));
      const lists = await Promise.all(
        parts.map(async ({ jobId }) => (await cluster.proof('spy', String(jobId), 'stdout')).stdout.trim().split('\n')),
      );
      expect(lists.flat().toSorted()).to.deep.equal([
        '/data/calibration.txt',
        ...[1, 2, 3].map((n) => `/data/run${n}/events.txt`),
      ]);
      expect(Math.max(...lists.map(({ length }) => length))).to.be.at.most(2);
      const merged = await cluster.proof('whereis', `/users/${await userName()}/skim/${mode}/all.skim`, '--json');
      const url = /"url": "([^"]+)"/.exec(merged.stdout)?.[1];
      expect(readFileSync(fileURLToPath(url!), 'utf8')).to.equal('3\n');
      const { stdout: shown } = await cluster.proof(
        'datasets',
        'show',
        `/users/${await userName()}/skim/${mode}/parts`,
        '--json',
      );
      expect(shown.match(/part\.skim/g)).to.have.length(parts.length);
      expect((await cluster.proof('masterjob', String(master))).stdout).to.match(/merging: \d+ DONE/);
    });
});
