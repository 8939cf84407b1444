/** A payload's own token: with it the payload asks catalog and ProxyServer as its user; it is void when the run has ended, however it ended. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { PilotInfo } from '../../protocol/api.js';
import type { JobInfo } from '../../protocol/job-messages.js';
import { COMMAND, type Ran, run } from '../support/cluster.js';
import { TestProxy } from '../support/proxy-server.js';

const SITE = 'sites: [{ name: S, type: local, min: 1, cores: 2, drainBeforeEndS: 0 }]\n';

describe('tokens of payloads', () => {
  let proxy: TestProxy;
  let ada: string;
  let root: string;
  /** What payloads have printed: none of it may stand anywhere else. */
  const seen: string[] = [];
  const as = (token: string, ...words: string[]): Promise<Ran> =>
    run([...words, '--host', proxy.url], { env: { PROOF_TOKEN: token, XDG_CONFIG_HOME: proxy.folder } });
  const ask = (token: string, path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${proxy.url}/v1${path}`, { ...init, headers: { authorization: `Bearer ${token}` } });

  before(async () => {
    proxy = await new TestProxy(SITE, { auth: 'token', catalog: 'embedded' }).start();
    const made = (user: string, role: string): Promise<Ran> =>
      run(['token', 'create', '--user', user, '--role', role, '--state-dir', proxy.stateDir]);
    ada = (await made('ada', 'user')).stdout.trim();
    root = (await made('root', 'admin')).stdout.trim();
  });
  after(() => proxy?.stop());

  /** @returns number of the job */
  const submit = async (script: string): Promise<number> => {
    const file = join(proxy.folder, `script-${Math.random().toString(36).slice(2)}.sh`);
    writeFileSync(file, script);
    const jdl = `Executable = "/bin/sh"; Arguments = "${file}"; TTL = 600;`;
    const answer = await fetch(`${proxy.url}/v1/jobs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ada}`, 'content-type': 'application/json' },
      body: JSON.stringify({ jdl }),
    });
    return ((await answer.json()) as { jobId: number }).jobId;
  };
  const state = async (jobId: number): Promise<string> =>
    ((await (await ask(ada, `/jobs/${jobId}`)).json()) as JobInfo).state;
  const printed = async (jobId: number, name = 'stdout'): Promise<string> => {
    const answer = await ask(ada, `/jobs/${jobId}/file?name=${name}`);
    return answer.ok ? answer.text() : '';
  };
  const tokenOf = async (jobId: number): Promise<string> => {
    const text = await proxy.until(
      () => printed(jobId),
      (out) => /^TOKEN \S+\n/m.test(out),
    );
    const token = /^TOKEN (\S+)\n/m.exec(text)![1]!;
    seen.push(token);
    return token;
  };
  const isRefused = async (token: string): Promise<void> => {
    await proxy.until(
      () => ask(token, '/whoami'),
      ({ status }) => status === 401,
    );
    await proxy.until(
      () => as(token, 'ls', '/'),
      ({ status, stderr }) => status === 1 && stderr.includes('revoked'),
    );
  };
  const tell = 'echo "TOKEN $(cat "$(dirname "$PROOF_CONFIG")/token")"\n';

  it('let it use catalog and ProxyServer as its user, from a file that nobody else reads, and end with it', async () => {
    const jobId = await submit(
      `${tell}ls -l "$(dirname "$PROOF_CONFIG")"
       for words in whoami "ls /" "login"; do "${process.execPath}" "${COMMAND}" $words 2>&1; echo "status $?"; done
       tr '\\0' '\\n' <"/proc/$$/environ"
       echo x >"$(dirname "$PROOF_CONFIG")/token" || echo "not writable"\n`,
    );
    const token = await tokenOf(jobId);
    await proxy.until(
      () => state(jobId),
      (now) => now === 'DONE',
    );
    const out = await printed(jobId);
    expect(out).to.match(/^ada \(user\) until /m);
    expect(out.match(/^status 0$/gm), out).to.have.length(2);
    expect(out).to.match(/^-rw------- .* token$/m);
    expect(out.match(/^.*PROOF_.*=.*$/gm)!.join('\n')).not.to.contain(token);
    const [pilot] = (await (await ask(root, '/pilots')).json()) as PilotInfo[];
    if (pilot?.isolation?.by === 'bubblewrap') expect(out).to.contain('not writable');
    await isRefused(token);
    const listed = (await (await ask(ada, '/tokens')).json()) as { note: string; tokenId: string }[];
    expect(listed.map(({ note }) => note)).to.include(`job ${jobId}, run 1`);
  });

  it('are void when their job is killed or lost, and give no other token', async () => {
    const [killed, lost] = [await submit(`${tell}sleep 600\n`), await submit(`${tell}sleep 600\n`)];
    const tokens = [await tokenOf(killed), await tokenOf(lost)];
    for (const token of tokens) {
      expect(await (await ask(token, '/whoami')).json()).to.deep.include({ user: 'ada', role: 'user' });
      const more = await ask(token, '/login', { method: 'POST' });
      expect([more.status, await more.text()]).to.satisfy(
        ([s, text]: [number, string]) => s === 403 && text.includes('ends with its job'),
      );
    }
    expect((await ask(ada, `/jobs/${killed}`, { method: 'DELETE' })).status).to.equal(200);
    expect((await ask(tokens[0]!, '/whoami')).status, 'at once').to.equal(401);
    await isRefused(tokens[0]!);
    expect((await ask(tokens[1]!, '/whoami')).status).to.equal(200);
    const [pilot] = (await (await ask(root, '/pilots')).json()) as PilotInfo[];
    process.kill(Number(pilot!.batchId!.split('.')[0]), 'SIGKILL');
    await isRefused(tokens[1]!);
    const again = await proxy.until(
      () => tokenOf(lost).catch(() => tokens[1]!),
      (token) => token !== tokens[1],
    );
    expect((await ask(again, '/whoami')).status, 'the next run has its own').to.equal(200);
    expect((await ask(ada, `/jobs/${lost}`, { method: 'DELETE' })).status).to.equal(200);
    await isRefused(again);
  });

  it('of a run that ends is void after a crash that comes before the batch of ends is written', async () => {
    const list = join(proxy.stateDir, 'key.json.revoked.json');
    const written = (): string => readFileSync(list, 'utf8');
    /** The answer comes with the end of the run in the state file, and before the batch: the crash has to come in a second. */
    const crashed = async (): Promise<string> => {
      for (;;) {
        const jobId = await submit(`${tell}sleep 600\n`);
        const given = await tokenOf(jobId);
        expect((await as(given, 'whoami')).status).to.equal(0);
        const before = written();
        expect((await ask(ada, `/jobs/${jobId}`, { method: 'DELETE' })).status).to.equal(200);
        await proxy.kill();
        const isInTime = written() === before;
        await proxy.start();
        if (isInTime) return given;
      }
    };
    const token = await crashed();
    const started = (await ask(token, '/whoami')).status;
    expect(started, 'from the first request on').to.equal(401);
    await isRefused(token);
  });

  it('stand in no log', () => {
    const logs = ['proxy-server.log', 'masters.log'].map((name) => {
      try {
        return readFileSync(join(proxy.stateDir, 'log', name), 'utf8');
      } catch {
        return ''; // no master has said anything
      }
    });
    expect(logs.join('')).to.contain('agent registered');
    for (const token of seen) expect(logs.join('')).not.to.contain(token.split('.')[2]);
  });
});
