/** What batch systems, nodes and credentials do wrong: each has a state, a sentence and an end to what is done about it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { PilotInfo } from '../../protocol/api.js';
import { run } from '../support/cluster.js';
import { TestProxy } from '../support/proxy-server.js';
import { StandInSlurm } from '../support/stand-in-slurm.js';
import { skipBecause } from '../support/summary-reporter.js';

const AGENT = join(import.meta.dirname, '../../job-agent/main.js');
/** A command that says nothing for so long is given up; those that answer are given time. */
const HANGS_S = 5;

describe('a site in trouble', () => {
  let slurm: StandInSlurm;
  let proxy: TestProxy;
  beforeEach(() => {
    slurm = new StandInSlurm();
  });
  afterEach(async () => {
    await proxy?.stop();
    slurm.remove();
  });

  const start = async (more: Readonly<Record<string, string | number>> = {}, others = ''): Promise<void> => {
    const environment = { PATH: slurm.path };
    const farm = { name: 'FARM', type: 'slurm', min: 1, max: 2, backOffS: 300, environment, ...more };
    proxy = new TestProxy(`sites: [${JSON.stringify(farm)}${others}]\nfactoryTickS: 1\n`);
    await proxy.start();
  };
  const decision = async (): Promise<string> => (await proxy.sites()).find(({ name }) => name === 'FARM')!.lastDecision;
  const says = (text: string): Promise<string> => proxy.until(decision, (now) => now.includes(text));
  const gone = (): Promise<PilotInfo[]> =>
    proxy.until(
      async () => (await proxy.pilots()).filter(({ state }) => state === 'gone'),
      (all) => all.length > 0,
    );
  /** Counts how often a command ran. */
  const counted = (lines: string): string => `echo x >>"$jobs/calls"\n${lines}`;
  const calls = (): number => {
    const file = join(slurm.folder, 'jobs', 'calls');
    return existsSync(file) ? readFileSync(file, 'utf8').length / 2 : 0;
  };
  /** The server answers, and does not try again before its pause is over. */
  const isPaused = async (): Promise<void> => {
    const before = calls();
    const last = await decision();
    await proxy.until(decision, (text) => text !== last); // the next tick has looked
    expect(calls()).to.equal(before);
    expect(await decision()).to.contain('paused until');
  };

  for (const [what, lines, sentence] of [
    ['hangs', 'sleep 60', `sbatch did not answer within ${HANGS_S} s`],
    ['prints garbage', 'echo "%&/(§ 0x7f"; exit 0', 'sbatch answered what no Slurm says: %&/(§ 0x7f'],
    [
      'speaks another language',
      'echo "Stapelauftrag 17 übermittelt"; exit 0',
      'no Slurm says: Stapelauftrag 17 übermittelt',
    ],
    [
      'refuses',
      'echo "sbatch: error: invalid partition specified: nix" >&2; exit 1',
      'invalid partition specified: nix',
    ],
    [
      'has a quota that is reached',
      'echo "sbatch: error: AssocMaxSubmitJobLimit" >&2; exit 1',
      'ended with status 1: sbatch: error: AssocMaxSubmitJobLimit',
    ],
  ] as const)
    it(`whose queue ${what} is left in peace for a while, and tells why`, async () => {
      slurm.behave('sbatch', counted(lines));
      await start(what === 'hangs' ? { commandTimeoutS: HANGS_S } : {});
      const [pilot] = await gone();
      expect(pilot!.why).to.contain(sentence);
      await says(sentence);
      expect(calls()).to.equal(1);
      await isPaused();
    });

  it('whose commands are not there is told so, and what to do', async () => {
    slurm.lose('sbatch');
    slurm.systemPath = ''; // a real one may be there
    await start();
    expect((await gone())[0]!.why).to.contain('there is no command sbatch here: install it, or extend PATH');
    await isPaused();
    expect((await run(['sites', 'explain', 'FARM', '--host', proxy.url])).stdout).to.contain('no command sbatch here');
  });

  it('whose listing fails keeps its agents, and is seen again when it is well', async () => {
    await start({ commandTimeoutS: HANGS_S });
    const [worker] = await proxy.warm(1);
    slurm.behave('squeue', 'sleep 60');
    await says(`the look failed: Site FARM: squeue did not answer within ${HANGS_S} s`);
    slurm.behave('squeue', 'echo "???"; exit 0');
    await says('squeue answered what no Slurm says: ???');
    slurm.behave('squeue', '');
    await says('enough');
    expect((await proxy.warm(1))[0]!.workerId).to.equal(worker!.workerId);
  });

  it('that holds a pilot back says so at the pilot; it is cancelled in the end and counts as a failure', async () => {
    const held = `while read -r id; do echo "$id|PENDING|0|JobHeldAdmin|"; done <"$jobs/ids"; exit 0`;
    slurm.behave('squeue', `[ -e "$jobs/ids" ] || exit 0; case "$*" in *Comment*) exit 0 ;; esac; ${held}`);
    slurm.behave('sbatch', 'cat >/dev/null; sleep 60 >/dev/null 2>&1 & echo $! | tee -a "$jobs/ids"; exit 0');
    slurm.behave('scancel', 'shift; kill "$@"; exit 0');
    await start({ giveUpHeldS: 5 });
    await proxy.until(
      () => proxy.pilots(),
      (all) => all.some(({ state, why }) => state !== 'gone' && why === 'held: PENDING: JobHeldAdmin'),
    );
    await says('1 held: PENDING: JobHeldAdmin');
    expect((await gone())[0]!.why).to.equal('held for 5 s: PENDING: JobHeldAdmin');
    await says('paused until');
  });

  it('that accepts and never starts is bounded by its queue, says since when, and others are asked', async () => {
    const queued = `while read -r id; do echo "$id|PENDING|0|Priority|"; done <"$jobs/ids"; exit 0`;
    slurm.behave('squeue', `[ -e "$jobs/ids" ] || exit 0; case "$*" in *Comment*) exit 0 ;; esac; ${queued}`);
    slurm.behave('sbatch', counted('cat >/dev/null; sleep 60 >/dev/null 2>&1 & echo $! | tee -a "$jobs/ids"; exit 0'));
    slurm.behave('scancel', 'shift; kill "$@"; exit 0');
    await start({ maxQueued: 1, staleQueueS: 1 }, ', { name: OTHER, type: local, max: 2 }');
    await says('the oldest queued for');
    const asked = await run(['request', '--workers', '1', '--wait', '--host', proxy.url]);
    expect(asked.status, asked.stderr).to.equal(0);
    expect((await proxy.workers()).map(({ node }) => node.site)).to.deep.equal(['OTHER']);
    expect(calls()).to.equal(1);
  });

  it('whose node has no room on its disk holds that slot, tells why, and gets one probe at a time', async () => {
    const unfit = { minDiskBytes: 9e15, holdUnfitS: 600 };
    await start({ ...unfit, min: 2, max: 4, maxPerCycle: 1, backOffS: 1, maxBackOffS: 1 });
    const pilots = await proxy.until(
      async () => (await proxy.pilots()).sort((one, other) => one.submittedAt - other.submittedAt),
      (all) => all.length === 4 && all.every(({ state }) => state === 'draining'),
    );
    const why = /has \d+ bytes free, 9000000000000000 are needed/;
    for (const pilot of pilots) expect(pilot.why).to.match(why);
    await says('4 draining; target 2 (min 2, max 4; no more cores wanted): submit 0 of 2 missing, limited by max 4');
    expect(await decision())
      .to.match(/unfit node \S+: /)
      .and.to.match(why);
    expect((await proxy.pilots()).map(({ state }) => state)).to.deep.equal(Array(4).fill('draining'));
    // Two are the floor; each further one was a probe, sent when no other was on its way.
    for (const [place, probe] of pilots.entries())
      if (place >= 2)
        for (const before of pilots.slice(0, place)) expect(probe.submittedAt).to.be.at.least(before.registeredAt!);
  });

  it('whose credentials have expired is not asked with them', async function () {
    const folder = mkdtempSync(join(tmpdir(), 'proof-expired-'));
    try {
      const openssl = (words: string) => spawnSync('openssl', words.split(' '), { cwd: folder }).status;
      if (openssl('req -new -newkey rsa:2048 -nodes -keyout key.pem -out csr.pem -subj /CN=old') !== 0)
        skipBecause(this, 'openssl is not installed');
      expect(openssl('x509 -req -in csr.pem -signkey key.pem -days -1 -out cert.pem')).to.equal(0);
      const { port } = await deadPort();
      const ce = `{ name: CE, type: arc, min: 1, backOffS: 300, url: "https://127.0.0.1:${port}/arex", certificate: ${folder}/cert.pem, key: ${folder}/key.pem }`;
      proxy = new TestProxy(`sites: [${ce}]\nfactoryTickS: 1\n`);
      await proxy.start();
      // Whether its pilots still run cannot be asked: none is submitted before that is known.
      const [site] = await proxy.until(
        async () => (await (await fetch(`${proxy.url}/v1/sites`)).json()) as { lastDecision: string | null }[],
        ([ce]) => ce?.lastDecision?.includes('expired') === true,
      );
      expect(site!.lastDecision).to.match(/the certificate .*cert\.pem expired on .*\. Renew it\./);
      expect(await proxy.pilots()).to.deep.equal([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('a node with a wrong clock', () => {
  it('is not fit, and says by how much', async () => {
    const server = createServer((_request, response) => {
      response.sendDate = false;
      response.setHeader('date', new Date(Date.now() - 3_600_000).toUTCString());
      response.end('{}');
    });
    const folder = mkdtempSync(join(tmpdir(), 'proof-clock-'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const words = [AGENT, '--server', `http://127.0.0.1:${port}`, '--site', 'S', '--scratch', folder];
    const agent = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] });
    try {
      let said = '';
      for await (const part of agent.stderr) {
        said += String(part);
        if (said.includes('is not fit')) break;
      }
      expect(said).to.match(
        /this node is not fit: The clock is 3[56]\d\d s off the ProxyServer's; at most 60 s are allowed/,
      );
    } finally {
      const ended = once(agent, 'exit');
      if (agent.exitCode === null) {
        agent.kill('SIGTERM');
        await ended;
      }
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** A port on which nobody listens. */
async function deadPort(): Promise<AddressInfo> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return address;
}
