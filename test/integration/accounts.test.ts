/** Users with tokens at a real ProxyServer and its catalog: what each sees and may do, revocation, drain and ban, and what is written down. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { AuditRecord, PilotInfo } from '../../protocol/api.js';
import { systemClock } from '../../protocol/clock.js';
import { dialOnce } from '../../protocol/dial.js';
import { toClientMessage } from '../../protocol/session-messages.js';
import { PERMISSIONS } from '../../proxy-server/authorization.js';
import { type Ran, run } from '../support/cluster.js';
import { TestProxy } from '../support/proxy-server.js';

type Pilot = Pick<PilotInfo, 'pilotId' | 'state'>;
const SITE = 'sites: [{ name: S, type: local, min: 2, cores: 1, drainBeforeEndS: 0 }]\n';

describe('accounts', () => {
  let proxy: TestProxy;
  const tokens: Record<string, string> = {};
  const file = (name: string): string => join(proxy.folder, name);
  /** `proof WORDS…` as that user. */
  const as = (user: string, ...words: string[]): Promise<Ran> =>
    run(words, { env: { PROOF_CONFIG: file(`${user}.yaml`), PROOF_TOKEN: '' } });
  const json = async <T>(user: string, ...words: string[]): Promise<T[]> =>
    JSON.parse((await as(user, ...words, '--json')).stdout);
  const ask = (user: string, path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${proxy.url}/v1${path}`, {
      ...init,
      headers: {
        authorization: `Bearer ${tokens[user]}`,
        ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
    });

  before(async () => {
    proxy = await new TestProxy(SITE, { auth: 'token', catalog: 'embedded' }).start();
    for (const [user, role] of [
      ['ada', 'user'],
      ['bob', 'user'],
      ['olga', 'operator'],
      ['root', 'admin'],
    ] as const) {
      const made = await run(['token', 'create', '--user', user, '--role', role, '--state-dir', proxy.stateDir]);
      tokens[user] = made.stdout.trim();
      writeFileSync(file(`${user}.token`), made.stdout, { mode: 0o600 });
      writeFileSync(file(`${user}.yaml`), `hosts:\n  here: { url: "${proxy.url}", tokenFile: ${user}.token }\n`);
    }
    await proxy.until(
      () => json<{ phase: string }>('root', 'workers'),
      (workers) => workers.filter(({ phase }) => phase === 'warm').length === 2,
    );
  });
  after(() => proxy?.stop());

  it('nobody without a token gets more than the name of the server', async () => {
    expect((await fetch(`${proxy.url}/v1/info`)).status).to.equal(200);
    for (const path of ['/sessions', '/queries', '/jobs', '/pilots', '/workers', '/tokens', '/audit', '/whoami'])
      expect((await fetch(`${proxy.url}/v1${path}`)).status, path).to.equal(401);
    const { stdout: who } = await as('ada', 'whoami');
    expect(who).to.match(/^ada \(user\) until /);
    const { expiresAt } = JSON.parse((await as('ada', 'whoami', '--json')).stdout) as { expiresAt: number };
    expect(who).to.contain(new Date(expiresAt).toISOString());
  });

  it("a user's sessions and jobs do not exist for another user; operators see and end them, and do not get in", async () => {
    const opened = await ask('ada', '/sessions', { method: 'POST' });
    const { sessionId } = (await opened.json()) as { sessionId: string };
    const seen = async (user: string): Promise<number> =>
      ((await (await ask(user, '/sessions')).json()) as unknown[]).length;
    expect([await seen('ada'), await seen('bob'), await seen('olga')]).to.deep.equal([1, 0, 1]);
    const workers = await json<{ user: string | null }>('bob', 'workers');
    expect(workers.map(({ user }) => user)).to.deep.equal([null, null]);
    const attach = (user: string): Promise<string> =>
      dialOnce({
        ...{ url: `${proxy.url.replace('http', 'ws')}/v1/session/${sessionId}`, clock: systemClock },
        headers: { authorization: `Bearer ${tokens[user]}` },
        ...{ schema: toClientMessage, onMessage: () => {}, onClosed: () => {} },
      }).then(
        (link) => {
          link.close('seen');
          return 'in';
        },
        (error: Error) => error.message,
      );
    expect(await attach('bob')).to.contain("ada's");
    expect(await attach('olga')).to.contain('role admin');
    expect(await attach('ada')).to.equal('in');
    expect((await ask('bob', `/sessions/${sessionId}`, { method: 'DELETE' })).status).to.equal(403);
    writeFileSync(file('job.jdl'), 'Executable = "/bin/true"; Requirements = false;');
    expect((await as('ada', 'submit', file('job.jdl'))).status).to.equal(0);
    expect((await ask('bob', '/jobs/1')).status).to.equal(404);
    expect((await ask('olga', '/jobs/1')).status).to.equal(200);
    expect((await ask('olga', '/jobs/1/files')).status).to.equal(403);
    expect((await ask('olga', '/jobs/1', { method: 'DELETE' })).status).to.equal(200);
    expect((await ask('olga', `/sessions/${sessionId}`, { method: 'DELETE' })).status).to.equal(200);
  });

  it('operators drain pilots and ban sites, users do not', async () => {
    const [pilot] = await json<Pilot>('olga', 'pilots');
    const refused = await as('ada', 'pilots', 'drain', pilot!.pilotId);
    expect([refused.status, refused.stderr]).to.satisfy(
      ([s, e]: [number, string]) => s === 1 && e.includes('PROXY_FORBIDDEN'),
    );
    expect((await as('ada', 'sites', 'ban', 'S', '--why', 'mine')).status).to.equal(1);
    expect((await as('olga', 'sites', 'ban', 'S', '--why', 'disks burn')).stdout).to.equal('S: banned\n');
    await proxy.until(
      () => json<Pilot>('olga', 'pilots'),
      (pilots) => pilots.length === 0,
    );
    expect((await as('olga', 'sites', 'explain', 'S')).stdout).to.contain('banned: disks burn (olga)');
    expect((await as('olga', 'sites', 'unban', 'S')).status).to.equal(0);
    const [fresh] = await proxy.until(
      () => json<Pilot>('olga', 'pilots'),
      (pilots) => pilots.length === 2 && pilots.every(({ state }) => state === 'idle'),
    );
    expect((await as('olga', 'pilots', 'drain', fresh!.pilotId)).status).to.equal(0);
    await proxy.until(
      () => json<Pilot>('olga', 'pilots'),
      (pilots) => pilots.every(({ pilotId }) => pilotId !== fresh!.pilotId),
    );
  });

  it('a login gives a token of its own, which ends with a logout; a revoked one opens neither server nor catalog', async () => {
    writeFileSync(file('fresh.yaml'), `hosts:\n  here: { url: "${proxy.url}" }\n`);
    const login = await as('fresh', 'login', 'here', '--token-file', file('ada.token'));
    expect(login.stdout, login.stderr).to.match(/^here: logged in as ada \(user\) until /);
    const kept = file(`tokens/${new URL(proxy.url).host.replace(':', '_')}`);
    expect(statSync(kept).mode & 0o077).to.equal(0);
    const token = readFileSync(kept, 'utf8').trim();
    const listed = await as('fresh', 'ls', '/');
    expect(listed.status, listed.stderr).to.equal(0);
    expect(await json('fresh', 'token', 'list')).to.have.length(2);
    expect((await as('fresh', 'logout', 'here')).stdout).to.equal('here: logged out\n');
    writeFileSync(file('stolen.yaml'), `hosts:\n  here: { url: "${proxy.url}", token: ${token} }\n`);
    for (const words of [['whoami'], ['ls', '/']]) {
      const ran = await as('stolen', ...words);
      expect([ran.status, ran.stderr]).to.satisfy(([s, e]: [number, string]) => s === 1 && e.includes('revoked'));
    }
  });

  it('a login that no command would use is refused, and names the key of the configuration that is in its way', async () => {
    const before = readFileSync(file('bob.yaml'), 'utf8');
    const ran = await as('bob', 'login', 'here', '--token-file', file('root.token'));
    expect([ran.status, ran.stdout]).to.deep.equal([2, '']);
    expect(ran.stderr).to.match(/bob\.yaml: the host here has `tokenFile: bob\.token`, .* Take that out of the file/);
    expect((await as('bob', 'whoami')).stdout).to.match(/^bob /);
    writeFileSync(file('bob.yaml'), before.replace(/, tokenFile: bob\.token/, ''));
    try {
      expect((await as('bob', 'login', 'here', '--token-file', file('root.token'))).status).to.equal(0);
      expect((await as('bob', 'whoami')).stdout).to.match(/^root \(admin\)/);
      expect((await as('bob', 'logout', 'here')).status).to.equal(0);
    } finally {
      writeFileSync(file('bob.yaml'), before);
    }
  });

  it('a token that does not exist is not revoked, one that was never used is by its file', async () => {
    const none = await as('root', 'token', 'revoke', 'zzz');
    expect([none.status, none.stdout]).to.deep.equal([1, '']);
    expect(none.stderr).to.match(/There is no token zzz: .*\[PROXY_NO_SUCH_TOKEN\]/);
    expect((await ask('root', '/tokens/zzz', { method: 'DELETE' })).status).to.equal(404);
    const made = await run(['token', 'create', '--user', 'eve', '--state-dir', proxy.stateDir]);
    writeFileSync(file('eve.token'), made.stdout, { mode: 0o600 });
    const revoked = await as('root', 'token', 'revoke', '--token-file', file('eve.token'));
    expect(revoked.stdout, revoked.stderr).to.match(/^[\da-f-]{36}: revoked\n$/);
    tokens['eve'] = made.stdout.trim();
    expect((await ask('eve', '/whoami')).status).to.equal(401);
    for (const body of [{}, { user: 'eve', token: 'x' }])
      expect((await ask('root', '/tokens/revoke', { method: 'POST', body: JSON.stringify(body) })).status).to.equal(
        400,
      );
    const which = await as('root', 'token', 'revoke');
    expect([which.status, which.stderr]).to.satisfy(
      ([s, e]: [number, string]) => s === 2 && e.includes('--token-file FILE'),
    );
  });

  it('a revocation cuts the connections that the token had opened', async () => {
    const { sessionId } = (await (await ask('bob', '/sessions', { method: 'POST' })).json()) as { sessionId: string };
    const closed = new Promise<string>((resolve, reject) => {
      dialOnce({
        ...{ url: `${proxy.url.replace('http', 'ws')}/v1/session/${sessionId}`, clock: systemClock },
        headers: { authorization: `Bearer ${tokens['bob']}` },
        ...{ schema: toClientMessage, onMessage: () => {}, onClosed: resolve },
      }).then(() => as('root', 'token', 'revoke', '--user', 'bob'), reject);
    });
    expect(await closed).to.contain('the connection broke');
    expect((await ask('bob', '/sessions')).status).to.equal(401);
    expect((await ask('ada', '/sessions')).status).to.equal(200);
  });

  it('whatever an operator or admin does to the pool, or to what is not their own, is written down, with who and to what', async () => {
    writeFileSync(file('job.jdl'), 'Executable = "/bin/true"; Requirements = false;');
    const jobId = (await as('ada', 'submit', file('job.jdl'))).stdout.trim();
    const session = async (): Promise<string> =>
      ((await (await ask('ada', '/sessions', { method: 'POST' })).json()) as { sessionId: string }).sessionId;
    const [entered, ended] = [await session(), await session()];
    const attach = async (user: string): Promise<void> => {
      const link = await dialOnce({
        ...{ url: `${proxy.url.replace('http', 'ws')}/v1/session/${entered}`, clock: systemClock },
        headers: { authorization: `Bearer ${tokens[user]}` },
        ...{ schema: toClientMessage, onMessage: () => {}, onClosed: () => {} },
      });
      link.close('seen');
    };
    await attach('root');
    expect(await attach('olga').catch((error: Error) => error.message)).to.contain('may not session attach');
    const put = (body: object): RequestInit => ({ method: 'PUT', body: JSON.stringify(body) });
    const post = (body: object): RequestInit => ({ method: 'POST', body: JSON.stringify(body) });
    const [pilot] = await json<Pilot>('olga', 'pilots');
    const asked = await ask('ada', '/requests', post({ workers: 1 }));
    const { requestId } = (await asked.json()) as { requestId: string };
    const acts: [string, string, string, RequestInit][] = [
      ['root', 'job.files', `/jobs/${jobId}/files`, {}],
      ['root', 'job.kill', `/jobs/${jobId}`, { method: 'DELETE' }],
      ['root', 'job.resubmit', `/jobs/${jobId}/resubmit`, { method: 'POST' }],
      ['olga', 'session.end', `/sessions/${ended}`, { method: 'DELETE' }],
      ['olga', 'request.end', `/requests/${requestId}`, { method: 'DELETE' }],
      ['olga', 'pilot.submit', '/pilots', post({ site: 'S', n: 1, jdl: null })],
      ['olga', 'pilot.drain', `/pilots/${pilot!.pilotId}/drain`, { method: 'POST' }],
      ['olga', 'pilot.kill', `/pilots/${pilot!.pilotId}`, { method: 'DELETE' }],
      ['olga', 'site.ban', '/sites/S/ban', put({ why: 'full' })],
      ['root', 'token.create', '/tokens', post({ user: 'eve', role: 'user', lifetimeS: 60 })],
      ['root', 'token.revoke', '/tokens/revoke', post({ user: 'eve' })],
    ];
    for (const [user, action, path, init] of acts) expect((await ask(user, path, init)).status, action).to.equal(200);
    await as('olga', 'sites', 'unban', 'S');
    const records = await json<AuditRecord>('root', 'audit');
    const lines = records.map((r) => `${r.user} ${r.action} ${r.outcome}`);
    for (const [user, action] of [...acts, ['root', 'session.attach']])
      expect(lines).to.include(`${user} ${action} done`);
    expect(lines).to.include('olga session.attach refused');
    const got = records.find(({ user, action }) => user === 'root' && action === 'session.attach');
    expect(got).to.include({ target: entered, role: 'admin' });
    // What reads lists, or touches one's own alone, leaves no line; results of queries are looked at in the same way as files of jobs.
    const silent =
      /^(\w+\.(list|read|open|make|upload|clear|log)|job\.submit|agent\.register|query\.(result|stop|remove))$/;
    const written = new Set([...acts.map(([, action]) => action), 'session.attach']);
    expect(Object.keys(PERMISSIONS).filter((action) => !silent.test(action) && !written.has(action))).to.deep.equal([]);
  });

  it('all of it stands in the audit log, which admins read, and no token does', async () => {
    expect((await as('olga', 'audit')).status).to.equal(1);
    const records = await json<AuditRecord>('root', 'audit');
    const has = (user: string, action: string, outcome = 'done'): boolean =>
      records.some((r) => r.user === user && r.action === action && r.outcome === outcome);
    for (const action of ['job.kill', 'session.end', 'site.ban', 'pilot.drain'])
      expect(has('olga', action), action).to.equal(true);
    expect(has('ada', 'login')).to.equal(true);
    expect(has('ada', 'request', 'refused')).to.equal(true);
    expect(has('root', 'token.revoke')).to.equal(true);
    const written =
      readFileSync(join(proxy.stateDir, 'audit.jsonl'), 'utf8') +
      readFileSync(join(proxy.stateDir, 'log', 'proxy-server.log'), 'utf8');
    for (const token of Object.values(tokens)) expect(written).not.to.contain(token.split('.')[2]);
  });
});
