/** TLS from end to end: agents, workers and clients trust one authority and speak https and wss to the one port. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { run } from '../support/cluster.js';
import { TestProxy } from '../support/proxy-server.js';
import { skipBecause } from '../support/summary-reporter.js';

describe('proxy: TLS', () => {
  let folder: string;
  before(function () {
    folder = mkdtempSync(join(tmpdir(), 'proof-tls-'));
    const words = 'req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost';
    const { status } = spawnSync('openssl', [...words.split(' '), '-addext', 'subjectAltName=IP:127.0.0.1'], {
      cwd: folder,
    });
    if (status !== 0) skipBecause(this, 'openssl is not installed');
  });
  after(() => rmSync(folder, { recursive: true }));

  it('says so where agents and clients are told an address that the certificate does not name', async () => {
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const tls = `tls: { cert: ${cert}, key: ${key}, ca: ${cert} }\npublicUrl: https://elsewhere.example.org:0\n`;
    const words =
      /told to come to https:\/\/elsewhere.example.org:\d+, but \S+cert.pem is for IP Address:127.0.0.1: set publicUrl/;
    const proxy = new TestProxy(`${tls}sites: []\n`);
    try {
      await proxy.start();
      const log = join(proxy.stateDir, 'log', 'proxy-server.log');
      await proxy.until(
        async () => readFileSync(log, 'utf8'),
        (text) => words.test(text),
      );
    } finally {
      await proxy.stop();
    }
    const file = join(folder, 'proxy.yaml');
    const rest = `listen: 127.0.0.1:0\nstateDir: state\nauth: token\n`;
    writeFileSync(file, `${rest}${tls}`);
    const { status, stdout, stderr } = await run(['proxy', 'check', '--config', file]);
    expect([status, stdout]).to.deep.equal([0, `${file}: good\n`]);
    expect(stderr).to.match(words);
    writeFileSync(file, `${rest}${tls.replace('elsewhere.example.org', '127.0.0.1')}`);
    expect((await run(['proxy', 'check', '--config', file])).stderr).to.equal('');
  });

  it('carries a session, from the client to the last worker', async () => {
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const proxy = new TestProxy(
      `tls: { cert: ${cert}, key: ${key}, ca: ${cert} }\nsites: [{ name: S, type: local, min: 1, cores: 2 }]\n`,
    );
    try {
      await proxy.start();
      expect(proxy.url).to.match(/^https:/);
      const config = join(folder, 'config.yaml');
      writeFileSync(config, `hosts:\n  here: { url: "${proxy.url}", ca: ${cert} }\n`);
      const workers = async (): Promise<string> => (await run(['--config', config, 'workers'])).stdout;
      await proxy.until(workers, (text) => text.split('warm').length === 3);
      const { status, stdout } = await run(['--config', config, 'open', 'here'], { input: 'workers\n' });
      expect(status).to.equal(0);
      expect(stdout).to.contain('PROOF set to parallel mode (2 workers)');
      expect(stdout.split('attached')).to.have.length(3);
      const stranger = await run(['workers', '--host', proxy.url]);
      expect([stranger.status, stranger.stderr]).to.satisfy(
        ([s, e]: [number, string]) => s === 1 && /certificate/.test(e),
      );
    } finally {
      await proxy.stop();
    }
  });
});
