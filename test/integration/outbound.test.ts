/** Agents and workers dial out only: through an HTTP proxy by CONNECT, from a network that has no other way. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { run } from '../support/cluster.js';
import { ConnectProxy } from '../support/connect-proxy.js';
import { NetworkNamespace, namespaceMissing } from '../support/network-namespace.js';
import { TestProxy } from '../support/proxy-server.js';
import { StandInSlurm } from '../support/stand-in-slurm.js';
import { skipBecause } from '../support/summary-reporter.js';

const NAME = 'voalice06.test:1093';

describe('proxy: the way out of a node', () => {
  let folder: string;
  let proxy: TestProxy | undefined;
  let way: ConnectProxy | undefined;
  before(function () {
    folder = mkdtempSync(join(tmpdir(), 'proof-outbound-'));
    const words = 'req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=voalice06.test';
    const names = 'subjectAltName=DNS:voalice06.test,IP:127.0.0.1';
    if (spawnSync('openssl', [...words.split(' '), '-addext', names], { cwd: folder }).status !== 0)
      skipBecause(this, 'openssl is not installed');
  });
  afterEach(async () => {
    await proxy?.stop();
    await way?.stop();
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Reached under a name that only the HTTP proxy knows. */
  const startProxy = async (sites: (port: number) => string, options = {}, catalog = 'none'): Promise<void> => {
    let known = (_place: string): void => {};
    const place = new Promise<string>((resolve) => {
      known = resolve;
    });
    way = await ConnectProxy.start((name) => (name === NAME ? place : Promise.reject(new Error(name))), options);
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    proxy = new TestProxy(
      `publicUrl: https://${NAME}\ntls: { cert: ${cert}, key: ${key}, ca: ${cert} }\nsites: [${sites(way.port)}]\n`,
      { catalog },
    );
    // Test code asks the server itself: it trusts this certificate by NODE_EXTRA_CA_CERTS only at start.
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    await proxy.start();
    const db = new Database(join(proxy.stateDir, 'proxy.db'), { readonly: true });
    const setting = db.prepare<[], { value: string }>(`SELECT value FROM setting WHERE name = 'port'`).get();
    db.close();
    proxy.url = `https://127.0.0.1:${setting?.value}`;
    known(new URL(proxy.url).host);
  };
  after(() => {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  });
  const runsSession = async (): Promise<void> => {
    const config = join(folder, 'config.yaml');
    writeFileSync(config, `hosts:\n  here: { url: "${proxy!.url}", ca: ${join(folder, 'cert.pem')} }\n`);
    const { status, stdout } = await run(['--config', config, 'open', 'here'], { input: 'workers\n' });
    expect(status).to.equal(0);
    expect(stdout).to.contain('PROOF set to parallel mode (1 workers)');
  };

  it('is a CONNECT proxy that the site names, for agent and workers, with a password, and again after it broke', async () => {
    const password = 'grid:p@ss';
    await startProxy((port) => `{ name: S, type: local, min: 1, httpsProxy: "http://grid:p%40ss@127.0.0.1:${port}" }`, {
      password,
    });
    const [worker] = await proxy!.warm(1);
    await runsSession();
    expect(new Set(way!.asked)).to.deep.equal(new Set([NAME]));
    expect(way!.asked.length).to.be.greaterThan(2); // the check of the node, the agent, a worker
    way!.cut();
    const [again] = await proxy!.warm(1);
    expect(again!.agentId).to.equal(worker!.agentId);
  });

  it('is that of a client to the catalog as well, which stands on the same port', async () => {
    await startProxy(() => '', {}, 'embedded');
    const config = join(folder, 'config.yaml');
    writeFileSync(config, `hosts:\n  far: { url: "https://${NAME}", ca: ${join(folder, 'cert.pem')} }\n`);
    const env = { https_proxy: `http://127.0.0.1:${way!.port}`, PROOF_CATALOG: '', NODE_TLS_REJECT_UNAUTHORIZED: '1' };
    const made = await run(['--config', config, 'mkdir', '-p', '/alice/far'], { env });
    expect(made.stderr).to.contain('loopback address only'); // a name that is none, under development authentication
    expect(new Set(way!.asked)).to.deep.equal(new Set([NAME]));
    expect(way!.asked.length).to.be.greaterThan(1); // where the catalog is, and the catalog
  });

  it('is told where the proxy does not let it through', async () => {
    await startProxy(
      (port) => `{ name: S, type: local, min: 1, httpsProxy: "http://127.0.0.1:${port}", holdUnfitS: 60 }`,
      {
        password: 'a:b',
      },
    );
    const [pilot] = await proxy!.until(
      () => proxy!.pilots(),
      (pilots) => pilots.length > 0,
    );
    const log = join(proxy!.stateDir, 'pilots', pilot!.pilotId, 'pilot.log');
    const text = await proxy!.until(
      () => (existsSync(log) ? readFileSync(log, 'utf8') : ''),
      (said) => said.includes('not fit'),
    );
    expect(text).to.match(
      /The HTTP proxy 127\.0\.0\.1:\d+ gives no way to voalice06\.test:1093: it answers with HTTP status 407/,
    );
  });

  it('is the only one from a network that has no other: an agent in a namespace serves a session', async function () {
    const missing = namespaceMissing();
    if (missing !== undefined) skipBecause(this, missing);
    const network = new NetworkNamespace();
    const slurm = new StandInSlurm(network.words);
    try {
      await startProxy(
        (port) =>
          `{ name: NAT, type: slurm, min: 1, httpsProxy: "http://${network.outside}:${port}", environment: { PATH: "${slurm.path}" } }`,
        { host: network.outside },
      );
      const [worker] = await proxy!.warm(1);
      expect(worker!.node.site).to.equal('NAT');
      const [first, ...rest] = [...network.words, 'curl', '-sk', '--max-time', '2', '--noproxy', '*'];
      expect(spawnSync(first!, [...rest, `${proxy!.url}/v1/info`]).status).not.to.equal(0);
      await runsSession();
      await proxy!.stop();
    } finally {
      network.remove();
      slurm.remove();
    }
  });
});
