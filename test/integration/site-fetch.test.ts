/** Pilots on nodes that share no directory with the ProxyServer: the payload is fetched, checked, and the log comes back. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { PilotInfo } from '../../protocol/api.js';
import { TestProxy } from '../support/proxy-server.js';
import { StandInSlurm } from '../support/stand-in-slurm.js';
import { skipBecause } from '../support/summary-reporter.js';

describe('a pilot that fetches its payload', () => {
  let slurm: StandInSlurm;
  let proxy: TestProxy;
  before(function () {
    const missing = ['curl', 'wget'].filter((name) => !existsSync(`/usr/bin/${name}`));
    if (missing.length > 0) skipBecause(this, `not installed: ${missing.join(', ')}`);
  });
  beforeEach(() => {
    slurm = new StandInSlurm();
    for (const name of ['curl', 'wget'])
      writeFileSync(join(slurm.folder, name), spy(name, slurm.folder), { mode: 0o755 });
  });
  afterEach(async () => {
    await proxy.stop();
    slurm.remove();
  });
  const words = (): string => readFileSync(join(slurm.folder, 'words'), 'utf8');
  /** Nodes have what the machine has, but for these. */
  const without = (...names: string[]): void => {
    const bin = join(slurm.folder, 'bin');
    mkdirSync(bin);
    for (const directory of ['/usr/bin', '/usr/sbin'])
      for (const name of readdirSync(directory))
        if (!names.includes(name) && !existsSync(join(bin, name))) symlinkSync(join(directory, name), join(bin, name));
    for (const name of names) rmSync(join(slurm.folder, name));
    slurm.systemPath = `:${bin}`;
  };
  const scriptName = (): string => readdirSync(join(slurm.folder, 'jobs')).find((name) => name.endsWith('.sh'))!;
  const start = (more = ''): Promise<TestProxy> => {
    const environment = `environment: { PATH: "${slurm.path}" }`;
    proxy = new TestProxy(
      `sites: [{ name: FAR, type: slurm, min: 1, max: 1, payload: fetch, backOffS: 300, scratch: ${scratch()}, ${environment} ${more} }]\nfactoryTickS: 1\n`,
    );
    mkdirSync(scratch());
    return proxy.start();
  };
  const scratch = (): string => join(slurm.folder, 'scratch');
  const outputOf = async ({ pilotId }: PilotInfo): Promise<string> =>
    ((await (await fetch(`${proxy.url}/v1/pilots/${pilotId}/output`)).json()) as { output: string }).output;
  const gone = async (): Promise<PilotInfo> => {
    const all = await proxy.until(
      () => proxy.pilots(),
      (now) => now.some(({ state }) => state === 'gone'),
    );
    return all.find(({ state }) => state === 'gone')!;
  };

  it('registers from it, tells its secret in no command line, and brings its log when it ends', async () => {
    await start();
    const [worker] = await proxy.warm(1);
    const program = readFileSync(`/proc/${worker!.pid}/cmdline`, 'utf8');
    expect(program).not.to.contain('/usr/bin/node');
    const [pilot] = await proxy.pilots();
    await fetch(`${proxy.url}/v1/pilots/${pilot!.pilotId}`, { method: 'DELETE' });
    const text = await proxy.until(
      () => outputOf(pilot!),
      (said) => said.includes('ending'),
    );
    expect(text).to.contain('registered');
    const secret = /"secret":"([^"]+)"/.exec(readFileSync(join(slurm.folder, 'jobs', scriptName()), 'utf8'))![1]!;
    expect(words()).to.contain('curl ').and.not.to.contain(secret);
    const path = /\/v1\/pilot\/payload\?sha256=[0-9a-f]{64}/.exec(words())![0];
    const asks = (url: string, password: string) =>
      fetch(url, { headers: { authorization: `Pilot ${pilot!.pilotId}:${password}` } });
    expect((await asks(`${proxy.url}${path}`, `${secret}x`)).status).to.equal(401);
    const unknown = await asks(`${proxy.url}${path.replace(/[0-9a-f]{64}/, '0'.repeat(64))}`, secret);
    expect(unknown.status).to.equal(404);
    expect(await unknown.text()).to.contain('PROXY_NO_SUCH_PAYLOAD');
  });
  it('does the same with wget where the node has no curl', async () => {
    without('curl');
    await start();
    await proxy.warm(1);
    const [pilot] = await proxy.pilots();
    await fetch(`${proxy.url}/v1/pilots/${pilot!.pilotId}`, { method: 'DELETE' });
    await proxy.until(
      () => outputOf(pilot!),
      (said) => said.includes('registered') && said.includes('ending'),
    );
    const secret = /"secret":"([^"]+)"/.exec(readFileSync(join(slurm.folder, 'jobs', scriptName()), 'utf8'))![1]!;
    expect(words())
      .to.match(/^wget .*\/v1\/pilot\/payload/m)
      .and.to.match(/^wget .*\/v1\/pilot\/log/m);
    expect(words()).not.to.contain(secret).and.not.to.contain('curl');
  });
  it('says that a node has neither', async () => {
    without('curl', 'wget');
    await start();
    expect((await gone()).why).to.contain(
      'never registered: payload: exit status 15: the node has neither curl nor wget',
    );
    const log = readdirSync(join(slurm.folder, 'jobs')).find((name) => name.endsWith('.log'))!;
    expect(readFileSync(join(slurm.folder, 'jobs', log), 'utf8')).to.match(
      /^pilot: neither curl nor wget on \S+, to fetch the payload with: install one, or set payload: true for this site$/m,
    );
    expect(readdirSync(scratch())).to.deep.equal([]);
  });
  it('fetches once more what was broken off', async () => {
    writeFileSync(join(slurm.folder, 'cut'), '');
    await start();
    await proxy.warm(1);
    expect(words().match(/\/v1\/pilot\/payload/g)).to.have.length(2);
  });
  it('says that nothing came where the ProxyServer cannot be reached', async () => {
    for (const name of ['curl', 'wget'])
      writeFileSync(join(slurm.folder, name), '#!/bin/sh\necho no route >&2; exit 7\n', { mode: 0o755 });
    await start();
    expect((await gone()).why).to.contain(
      'never registered: no connection: exit status 12: nothing comes from the ProxyServer',
    );
    const log = readdirSync(join(slurm.folder, 'jobs')).find((name) => name.endsWith('.log'))!;
    expect(readFileSync(join(slurm.folder, 'jobs', log), 'utf8')).to.contain(
      `no route\npilot: cannot fetch the payload from ${proxy.url}\n`,
    );
  });
  it('that comes damaged does not run it, says so, and is examined', async () => {
    writeFileSync(join(slurm.folder, 'break'), '');
    await start();
    const pilot = await gone();
    expect(pilot.why).to.contain('never registered: payload: ').and.to.contain('the payload came damaged');
    expect(await outputOf(pilot)).to.contain('the payload came damaged');
    rmSync(join(slurm.folder, 'break'));
    await proxy.until(
      () => readdirSync(scratch()),
      (left) => left.length === 0,
    );
  });
});

/**
 * Writes down what a program is told, word by word; spoils what it brings while there is a file "break", breaks off in the middle once where there is a
 * file "cut".
 */
const spy = (program: string, folder: string): string => `#!/bin/sh
echo ${program} "$@" >>${folder}/words
if [ -e ${folder}/cut ]; then rm ${folder}/cut; /usr/bin/${program} "$@" | head -c 5000000; exit 56; fi
/usr/bin/${program} "$@"
status=$?
[ -e ${folder}/break ] && echo x
exit $status
`;
