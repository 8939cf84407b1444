/** Pilots on nodes that share no directory with the ProxyServer: the payload is fetched, checked, and the log comes back. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { PilotInfo } from '../../protocol/api.js';
import { TestProxy } from '../support/proxy-server.js';
import { StandInSlurm } from '../support/stand-in-slurm.js';
import { skipBecause } from '../support/summary-reporter.js';

describe('a pilot that fetches its payload', function () {
  this.timeout(120_000);
  let slurm: StandInSlurm;
  let proxy: TestProxy;
  before(function () {
    if (!existsSync('/usr/bin/curl')) skipBecause(this, 'curl is not installed');
  });
  beforeEach(() => {
    slurm = new StandInSlurm();
    writeFileSync(join(slurm.folder, 'curl'), curl(slurm.folder), { mode: 0o755 });
  });
  afterEach(async () => {
    await proxy.stop();
    slurm.remove();
  });
  const scriptName = (): string => readdirSync(join(slurm.folder, 'jobs')).find((name) => name.endsWith('.sh'))!;
  const start = (more = ''): Promise<TestProxy> => {
    const environment = `environment: { PATH: "${slurm.path}" }`;
    proxy = new TestProxy(
      `sites: [{ name: FAR, type: slurm, min: 1, max: 1, payload: fetch, backOffS: 300, scratch: ${scratch()}, ${environment} ${more} }]\nheartbeatMs: 500\nfactoryTickS: 1\n`,
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
    expect(readFileSync(join(slurm.folder, 'words'), 'utf8')).not.to.contain(secret);
    const stranger = await fetch(`${proxy.url}/v1/pilot/payload`, {
      headers: { authorization: `Pilot ${pilot!.pilotId}:${secret}x` },
    });
    expect(stranger.status).to.equal(401);
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

/** Writes down what curl is told, word by word; spoils what it brings while there is a file "break". */
const curl = (folder: string): string => `#!/bin/sh
echo "$@" >>${folder}/words
/usr/bin/curl "$@"
status=$?
for word in "$@"; do
  [ "$before" = -o ] && [ -e ${folder}/break ] && echo x >>"$word"
  before=$word
done
exit $status
`;
