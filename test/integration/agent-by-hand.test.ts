/** Agents that somebody starts by hand: a first try that goes wrong says so at once, and one that goes in order is out of the lists at once. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { COMMAND, run } from '../support/cluster.js';
import { TestProxy } from '../support/proxy-server.js';

describe('proof agent, by hand', () => {
  let proxy: TestProxy;
  afterEach(() => proxy.stop());
  const folder = (name: string): string => {
    const path = join(proxy.folder, name);
    mkdirSync(path, { recursive: true });
    return path;
  };

  it('ends at once with a sentence where no ProxyServer listens', async () => {
    proxy = await new TestProxy('').start();
    await proxy.end();
    const agent = await run(['agent', '--server', proxy.url, '--site', 'CLUSTER', '--scratch', folder('scratch')]);
    expect(agent.status).to.equal(10);
    expect(agent.stderr).to.contain(`this node is not fit: The ProxyServer ${proxy.url} cannot be reached`);
  });

  it('is refused once, and does not dial again', async () => {
    proxy = await new TestProxy('', { auth: 'token' }).start();
    const token = join(proxy.folder, 'wrong');
    writeFileSync(token, 'nonsense', { mode: 0o600 });
    const agent = await run([
      ...['agent', '--server', proxy.url, '--site', 'CLUSTER', '--token-file', token],
      ...['--scratch', folder('scratch')],
    ]);
    expect(agent.status).to.equal(11);
    expect(agent.stderr.match(/refused by the ProxyServer/g)).to.have.length(1);
  });

  it('is out of the lists when it has drained, though its state directory would let it come back', async () => {
    proxy = await new TestProxy('heartbeatMs: 5000\n').start();
    const agent = spawn(
      process.execPath,
      [
        ...[COMMAND, 'agent', '--server', proxy.url, '--site', 'CLUSTER'],
        ...['--scratch', folder('scratch'), '--state-dir', folder('state-of-agent')],
      ],
      { stdio: 'ignore', env: { ...process.env, PROOF_RETURN_WITHIN_S: '3600' } },
    );
    const ended = once(agent, 'exit');
    await proxy.warm(1);
    const pilotId = (await proxy.pilots())[0]!.pilotId;
    const host = ['--host', proxy.url.slice('http://'.length)];
    expect((await run(['pilots', 'drain', pilotId, ...host])).status).to.equal(0);
    expect((await ended)[0]).to.equal(0);
    await proxy.until(
      () => proxy.pilots(),
      (pilots) => pilots.length === 0,
    );
  });
});
