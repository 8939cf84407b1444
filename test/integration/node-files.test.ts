/** An xrootd beside each agent, and a manager at the VO-box, for real: read by workers, entered with the pool's key only, gone with the agent. */

import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { WriteRefusedError } from '../../storage/errors.js';
import { openSource } from '../../storage/open-source.js';
import { putFile } from '../../storage/put.js';
import { XrootdDaemon } from '../../storage/xrootd-daemon/daemon.js';
import { run } from '../support/cluster.js';
import { failureOf } from '../support/failure.js';
import { freePorts } from '../support/free-ports.js';
import { ManualClock } from '../support/manual-clock.js';
import { TestProxy } from '../support/proxy-server.js';
import { skipBecause } from '../support/summary-reporter.js';
import { xrootdMissing } from '../support/xrootd.js';

const ENTRIES = 5_000;

describe('proxy: an xrootd beside the agent', () => {
  let data: string;
  let proxy: TestProxy;
  before(async function () {
    const missing = xrootdMissing();
    if (missing !== undefined) skipBecause(this, missing);
    data = mkdtempSync(join(tmpdir(), 'proof-node-files-'));
    chmodSync(data, 0o755);
    mkdirSync(join(data, 'run1'));
    await writeDimuonFile(join(data, 'run1/a.root'), { seed: 1, firstEvent: 0, events: ENTRIES, run: 1 });
    chmodSync(join(data, 'run1/a.root'), 0o644);
  });
  afterEach(() => proxy?.stop());
  after(() => {
    if (data !== undefined) rmSync(data, { recursive: true, maxRetries: 20 });
  });

  const start = async (more = '', xrootd = ''): Promise<void> => {
    const site = `{ name: S, type: local, min: 1, xrootd: { directory: ${data}, lfn: /nodes ${xrootd} } }`;
    proxy = new TestProxy(`sites: [${site}]\nfactoryTickS: 1\n${more}`, { catalog: 'embedded' });
    await proxy.start();
    await proxy.warm(1);
  };
  const proof = (...words: string[]) => run([...words, '--host', proxy.url]);
  const replicas = async (): Promise<string[]> => {
    const { status, stdout } = await proof('whereis', '/nodes/run1/a.root');
    return status === 0 ? (stdout.match(/root:\/\/\S+/g) ?? []) : [];
  };
  const oneReplica = async (not = ''): Promise<string> => {
    const [url] = await proxy.until(replicas, (urls) => urls.length === 1 && urls[0] !== not);
    return url!;
  };
  const keytab = (): string => join(proxy.stateDir, 'xrootd.keytab');

  /** The first bytes, or why there are none (yet). */
  const read = async (url: string): Promise<string> => {
    try {
      const source = await openSource([url], { sssKeytab: keytab() });
      const bytes = Buffer.from(await source.read(0, 4)).toString('latin1');
      await source.close();
      return bytes;
    } catch (error) {
      return (error as Error).message;
    }
  };

  it('serves the files of its node to workers, which the catalog finds there while the agent lives', async () => {
    await start();
    const url = await oneReplica();
    expect((await proof('whereis', '/nodes/run1/a.root')).stdout).to.contain('PROOF::S::');
    const ran = await proof(
      'draw',
      'lfn:/nodes/run1/a.root',
      'mu1_pt>>h(10,0,200)',
      '--json',
      join(proxy.folder, 'out.json'),
    );
    expect(ran.status, ran.stderr).to.equal(0);
    const answer = JSON.parse(readFileSync(join(proxy.folder, 'out.json'), 'utf8'));
    expect(answer.entries).to.deep.equal({ total: ENTRIES, done: ENTRIES, failed: 0, missing: 0 });
    const [pilot] = await proxy.pilots();
    process.kill(Number(pilot!.batchId!.split('.')[0]), 'SIGKILL');
    expect(await oneReplica(url)).to.match(/^root:/); // the next agent's
    await proxy.until(
      () => read(url),
      (text) => text !== 'root',
    );
  });

  it('lets nobody read without the key of the pool, and nobody write, not even with it', async () => {
    await start();
    const url = await oneReplica();
    const stranger = await failureOf(openSource([url]));
    expect(stranger.message).to.match(/sss/);
    expect(await read(url)).to.equal('root');
    const mine = join(proxy.folder, 'mine.root');
    writeFileSync(mine, 'not yours');
    chmodSync(join(data, 'run1'), 0o777); // the file system would let it
    for (const target of [url.replace('a.root', 'new.root'), url.replace('a.root', 'new/b.root')]) {
      const refused = await failureOf(putFile(mine, target, { sssKeytab: keytab() }));
      expect(refused).to.be.instanceOf(WriteRefusedError);
    }
    expect(readdirSync(join(data, 'run1'))).to.deep.equal(['a.root']);
  });

  it('has a data server that dies started again, at the same address', async () => {
    await start();
    const url = await oneReplica();
    const [pilot] = await proxy.pilots();
    const first = serverOf(pilot!.batchId!.split('.')[0]!)!;
    process.kill(first, 'SIGKILL');
    const next = await proxy.until(
      () => serverOf(pilot!.batchId!.split('.')[0]!),
      (pid) => pid !== undefined && pid !== first,
    );
    expect(
      await proxy.until(
        () => read(url),
        (text) => text === 'root',
      ),
    ).to.equal('root');
    expect(await replicas()).to.deep.equal([url]);
    const log = await proof('pilot', 'log', pilot!.pilotId);
    expect(log.stdout).to.contain('xrootd of the data server ended: killed by SIGKILL; it is started again');
    await proxy.stop();
    await proxy.allGone([next!]);
  });

  it('subscribes to a manager that the ProxyServer runs, which knows where every file is', async () => {
    const [port, cmsdPort] = await freePorts(2);
    await start(`xrootdManager: { port: ${port}, cmsdPort: ${cmsdPort} }\n`);
    const url = `root://${hostname()}:${port}//run1/a.root`;
    expect(
      await proxy.until(
        () => read(url),
        (text) => text === 'root',
      ),
    ).to.equal('root');
  });

  it('is missed by nobody where its program is not there: the agent works, and its log tells', async () => {
    await start('', ', command: /no/such/xrootd');
    const [pilot] = await proxy.pilots();
    await proxy.until(
      async () => (await proof('pilot', 'log', pilot!.pilotId)).stdout,
      (log) => log.includes('no data server: there is no /no/such/xrootd on this node'),
    );
    expect(await replicas()).to.deep.equal([]);
  });
});

describe('storage: a data server that cannot live', () => {
  it('is started again after pauses that double, up to a minute', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'proof-dying-'));
    const program = join(folder, 'xrootd');
    writeFileSync(program, '#!/bin/sh\nexit 3\n', { mode: 0o755 });
    chmodSync(folder, 0o755);
    const clock = new ManualClock();
    const ends: string[] = [];
    let heard = (): void => {};
    const ended = (): Promise<void> =>
      new Promise((resolve) => {
        heard = resolve;
      });
    let next = ended();
    const daemon = await XrootdDaemon.start({
      ...{ role: 'server', port: 0, files: folder, keytab: '', manager: null, command: program },
      ...{ user: userInfo().username, env: { PATH: process.env['PATH'] ?? '' }, clock },
      onEnded: (name, how) => {
        ends.push(`${name}: ${how}`);
        setImmediate(() => heard()); // when the pause has begun
      },
    });
    try {
      for (const pauseS of [1, 2, 4, 8, 16, 32, 60, 60]) {
        await next;
        next = ended();
        const before = ends.length;
        clock.advance(pauseS * 1000 - 1);
        expect(clock.pending).to.equal(1); // not yet
        expect(ends).to.have.length(before);
        clock.advance(1);
      }
      await next;
      expect(ends).to.have.length(9);
      expect(new Set(ends)).to.deep.equal(new Set(['xrootd: exit status 3']));
    } finally {
      await daemon.stop();
      rmSync(folder, { recursive: true });
    }
    expect(clock.pending).to.equal(0);
  });
});

/** The xrootd that this agent runs now. */
function serverOf(agentPid: string): number | undefined {
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${entry}/cmdline`, 'latin1').split('\0');
      if (words[0]!.endsWith('xrootd') && words.some((word) => word.includes(`proof-xrootd-${agentPid}-`)))
        return Number(entry);
    } catch {
      // it ended while we looked
    }
  }
  return undefined;
}
