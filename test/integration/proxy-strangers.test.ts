/** Bad input at the ProxyServer's door: one connection, one request or one start is refused with a reason; the rest goes on. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import type { AgentMessage } from '../../protocol/agent-messages.js';
import { PROTOCOL_VERSION } from '../../protocol/version.js';
import { run } from '../support/cluster.js';
import { TestProxy } from '../support/proxy-server.js';

const SITE = 'sites: [{ name: S, type: local, min: 1, cores: 1 }]\n';

describe('proxy: strangers and bad input', () => {
  let proxy: TestProxy;
  const host = (): string => proxy.url.replace('http://', '');
  const hello = (more: Partial<Extract<AgentMessage, { type: 'hello' }>>): string =>
    JSON.stringify({
      ...{
        type: 'hello',
        protocol: PROTOCOL_VERSION,
        version: 'test',
        pilotId: null,
        agentId: null,
        secret: '',
        pid: 1,
        workers: [],
      },
      node: {
        ...{
          host: 'evil',
          site: 'S',
          ce: null,
          storageDomain: null,
          closeSEs: [],
          cores: 1,
          memoryBytes: 1,
          diskBytes: 1,
        },
        ...{ platform: 'x', nodeVersion: 'x', wallTimeEnd: null, perf: 100 },
      },
      ...more,
    });
  /** What the server answers before it closes, and the reason of the close. */
  const say = async (frame: string | Buffer): Promise<{ messages: string[]; reason: string }> => {
    const socket = new WebSocket(`ws://${host()}/v1/agent`);
    const messages: string[] = [];
    socket.on('message', (data: Buffer) => messages.push(data.toString('utf8')));
    socket.on('error', () => {}); // the close says it
    await once(socket, 'open');
    socket.send(frame);
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
    return { messages, reason: reason.toString('utf8') || String(code) };
  };
  const logged = (): string => readFileSync(join(proxy.stateDir, 'log', 'proxy-server.log'), 'utf8');

  describe('on connections', () => {
    before(async () => {
      proxy = new TestProxy(SITE);
      await proxy.start();
      await proxy.warm(1);
    });
    after(() => proxy.stop());
    afterEach(async () => {
      await proxy.until(
        async () => (await proxy.workers()).map((w) => w.phase),
        (phases) => phases.join() === 'warm',
      );
    });

    it('closes the connection that sends nonsense, with a reason in the log', async () => {
      expect((await say('no json')).reason).to.contain('no JSON');
      expect((await say('{"type":"hello"}')).reason).to.contain('Bad message "hello": protocol is missing.');
      expect((await say(Buffer.from([0xc1, 0xff, 0x00]))).reason).to.contain('Bad message');
      expect(
        (await say('{"type":"heartbeat","seq":1,"loadAverage":0,"freeMemoryBytes":0,"freeDiskBytes":0,"workers":[]}'))
          .reason,
      ).to.contain('hello');
      await proxy.until(logged, (text) => text.includes('no JSON'));
    });

    it('closes the connection that sends an oversized frame', async () => {
      expect((await say(Buffer.alloc(5 * 1024 * 1024, 0x20))).reason).to.equal('1009');
    });

    it('refuses agents that nobody expects, by name of what is wrong', async () => {
      const refused = async (frame: string): Promise<string> => (await say(frame)).messages.join();
      expect(await refused(hello({ pilotId: 'p-x', secret: 'guess' }))).to.contain('Pilot p-x is not expected');
      expect(await refused(hello({ agentId: 'a1', secret: 'guess' }))).to.contain('PROXY_AGENT_REFUSED');
      expect(await refused(hello({ protocol: 99 }))).to.contain('the other version 99');
      expect(await refused(hello({ secret: 'no.token.really' }))).to.contain('PROTOCOL_TOKEN_REFUSED');
      const [pilot] = await proxy.pilots();
      expect(await refused(hello({ pilotId: pilot!.pilotId, secret: 'guess' }))).to.contain('secret is wrong or used');
    });

    it('lets bytes that are no HTTP cost their connection only', async () => {
      for (const bytes of [
        Buffer.from('\x16\x03\x01\x02\x00\x01\x00'),
        Buffer.alloc(100_000, 0x41),
        Buffer.from('GET / HTT'),
      ]) {
        const socket = connect(Number(host().split(':')[1]), '127.0.0.1');
        socket.on('error', () => {}); // a reset is an answer too
        socket.end(bytes);
        socket.resume();
        await new Promise<void>((resolve) => socket.once('close', () => resolve()));
      }
    });

    it('refuses tickets and sessions that do not exist, over HTTP', async () => {
      const refusal = async (path: string): Promise<string> => {
        const socket = new WebSocket(`ws://${host()}${path}`, { headers: { authorization: 'Bearer dev:anna' } });
        socket.on('error', () => {}); // follows the answer
        const [, answer] = (await once(socket, 'unexpected-response')) as [
          unknown,
          import('node:http').IncomingMessage,
        ];
        const [body] = (await once(answer, 'data')) as [Buffer];
        return `${answer.statusCode} ${body.toString('utf8')}`;
      };
      expect(await refusal('/v1/worker/here-1-1?ticket=guess'))
        .to.contain('401')
        .and.to.contain('ticket is not valid');
      expect(await refusal('/v1/session/here-1-1'))
        .to.contain('404')
        .and.to.contain('There is no session here-1-1');
      expect(await refusal('/v1/other')).to.contain('404');
    });

    it('answers requests that cannot be meant with one sentence', async () => {
      const answer = async (path: string, init: RequestInit = {}): Promise<string> => {
        const response = await fetch(`${proxy.url}${path}`, init);
        return `${response.status} ${await response.text()}`;
      };
      const json = { method: 'POST', headers: { 'content-type': 'application/json' } };
      expect(await answer('/v1/sessions', { ...json, body: '{' })).to.match(/^400 .*USAGE/);
      expect(await answer('/v1/sessions', { ...json, body: '{"workers":-1}' })).to.match(/^400 .*workers/);
      expect(await answer('/v1/sessions', { ...json, body: JSON.stringify({ title: 'x'.repeat(2e6) }) })).to.match(
        /^413/,
      );
      expect(await answer('/v1/nonsense')).to.match(/^404 .*PROXY_NO_SUCH_PATH/);
      expect(await answer('/v1/sites/T')).to.match(/^404 .*no site T.*It has S/);
      for (const origin of ['https://evil.example', 'null'])
        expect(await answer('/v1/pilots', { headers: { origin } }), origin).to.match(/^403 .*PROXY_FORBIDDEN/);
      const unread = await fetch(`${proxy.url}/v1/sessions/%ff`);
      expect([unread.status, await unread.json()]).to.deep.equal([
        400,
        { code: 'USAGE', message: 'The address of the call has escapes that are no UTF-8.' },
      ]);
      expect(unread.headers.get('x-content-type-options')).to.equal('nosniff');
    });
  });

  it('lets an agent that was started by hand into the pool', async () => {
    proxy = await new TestProxy('sites: []\n').start();
    const agent = spawn(process.execPath, [
      join(import.meta.dirname, '../../job-agent/main.js'),
      ...['--server', proxy.url, '--site', 'CLUSTER', '--cores', '2', '--scratch', proxy.folder],
    ]);
    try {
      const workers = await proxy.warm(2);
      expect(workers.map((w) => [w.node.site, w.pilotId])).to.deep.equal([
        ['CLUSTER', null],
        ['CLUSTER', null],
      ]);
      expect((await proxy.sites()).map((s) => [s.name, s.type])).to.deep.equal([['CLUSTER', 'by hand']]);
      const session = await proxy.openSession('anna');
      await proxy.until(session.workers, (counts) => counts.ready === 2);
    } finally {
      const gone = once(agent, 'exit');
      agent.kill('SIGTERM');
      await gone;
      await proxy.stop();
    }
  });

  it('examines pilots that cannot work, shows why, and holds back', async () => {
    proxy = await new TestProxy(
      'sites: [{ name: S, type: local, min: 1, holdUnfitS: 0, minDiskBytes: 9000000000000000, backOffS: 600 }]\n',
    ).start();
    try {
      const [site] = await proxy.until(
        () => proxy.sites(),
        ([s]) => s?.backOffUntil !== null && s?.pilots.draining === 0,
      );
      expect(site?.lastDecision).to.contain('unfit node').and.to.contain('9000000000000000 are needed');
      expect((await proxy.pilots()).map((p) => [p.state, p.why?.includes('bytes free')])).to.deep.equal([
        ['gone', true],
      ]);
    } finally {
      await proxy.stop();
    }
  });

  it('refuses to start where it cannot, with one sentence and the right status', async () => {
    proxy = await new TestProxy(SITE).start();
    try {
      const start = async (config: string): Promise<string> => {
        const file = join(proxy.folder, 'other.yaml');
        writeFileSync(file, config);
        const { status, stderr } = await run(['proxy', 'start', '--config', file]);
        expect(stderr.trim().split('\n')).to.have.length(1);
        return `${status} ${stderr}`;
      };
      const other = `auth: development\ncatalog: none\nstateDir: ${join(proxy.folder, 'other')}\n`;
      expect(await start(`${other}listen: localhost:70000\n`)).to.match(
        /^2 .*listen must have a port of 65535 at most/,
      );
      expect(await start(`${other}listen: ${host()}\n`)).to.match(/^1 .*Another process listens on/);
      expect(await start(readFileSync(proxy.configFile, 'utf8'))).to.match(/^1 .*already runs on/);
      writeFileSync(join(proxy.folder, 'file'), '');
      expect(
        await start(`${other}stateDir: ${join(proxy.folder, 'file', 'x')}\n`.replace(/stateDir.*other\n/, '')),
      ).to.match(/^1 .*Cannot write to the state directory/);
      mkdirSync(join(proxy.folder, 'db', 'proxy.db'), { recursive: true });
      expect(await start(other.replace('/other', '/db'))).to.match(/^1 .*Cannot open the state file/);
      mkdirSync(join(proxy.folder, 'later'));
      const later = new Database(join(proxy.folder, 'later', 'proxy.db'));
      later.pragma('user_version = 99');
      later.close();
      expect(await start(other.replace('/other', '/later'))).to.match(
        /^1 .*written by a newer ProxyServer \(version 99/,
      );
      expect(await start(`${other}listem: 127.0.0.1:0\n`)).to.match(/^2 .*unknown key listem. Did you mean listen/);
      expect((await run(['proxy', 'start', '--config', join(proxy.folder, 'none.yaml')])).status).to.equal(2);
    } finally {
      await proxy.stop();
    }
  });
});
