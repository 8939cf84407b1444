/** Hostile peers at the ports of a ProxyServer and of a catalog: each loses its own connection, and everybody else is served meanwhile. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { systemClock } from '../../protocol/clock.js';
import { dialOnce } from '../../protocol/dial.js';
import { PEER_LIMITS } from '../../protocol/peer-limits.js';
import { toClientMessage } from '../../protocol/session-messages.js';
import { isAlive, run } from '../support/cluster.js';
import { sendHostileBytes } from '../support/hostile-bytes.js';
import { TestProxy } from '../support/proxy-server.js';

describe('hostile peers', () => {
  let proxy: TestProxy;
  let token: string;
  let catalog: string;
  const open = new Set<Socket>();

  before(async () => {
    proxy = await new TestProxy('sites: []\n', { auth: 'token', catalog: 'embedded' }).start();
    token = (await run(['token', 'create', '--user', 'ada', '--state-dir', proxy.stateDir])).stdout.trim();
    catalog = readFileSync(join(proxy.stateDir, 'catalog', 'url'), 'utf8').trim(); // its own port, not the door to it
  });
  after(() => proxy?.stop());
  afterEach(async () => {
    for (const socket of open) socket.destroy();
    open.clear();
    for (const url of [proxy.url, catalog]) expect((await fetch(`${url}/v1/info`)).status).to.equal(200);
  });

  const dial = async (url: string): Promise<Socket> => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {}); // a reset is an answer too
    open.add(socket);
    await once(socket, 'connect');
    return socket;
  };
  /** All that the server says until it closes. */
  const heard = async (socket: Socket): Promise<string> => {
    const parts: Buffer[] = [];
    socket.on('data', (part: Buffer) => parts.push(part));
    if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
    return Buffer.concat(parts).toString('latin1');
  };
  const ports = (): [string, string][] => [
    ['ProxyServer', proxy.url],
    ['catalog', catalog],
  ];

  it('a head that dribbles in is cut off', async () => {
    await Promise.all(
      ports().map(async ([name, url]) => {
        const socket = await dial(url);
        socket.write('GET /v1/info HTTP/1.1\r\nhost: x\r\n');
        const drip = setInterval(() => socket.write('a: b\r\n'), 500);
        expect(await heard(socket), name).to.match(/^HTTP\/1\.1 408 /);
        clearInterval(drip);
      }),
    );
  });

  it('connections that say nothing do not fill the server: one address has so many, and known users get in', async () => {
    for (const [name, url] of ports()) {
      const sockets = await Promise.all(Array.from({ length: PEER_LIMITS.strangersPerAddress + 40 }, () => dial(url)));
      // Those that are kept are told later that they say nothing; the others are closed without a word.
      let refused = 0;
      for (const socket of sockets) {
        let said = 0;
        socket.on('data', (bytes: Buffer) => {
          said += bytes.length;
        });
        socket.once('close', () => {
          if (said === 0) refused++;
        });
      }
      await proxy.until(
        () => refused,
        (n) => n >= 40,
      );
      expect(refused, name).to.be.lessThan(60);
      for (const socket of sockets) socket.destroy();
      await proxy.until(
        () =>
          fetch(`${url}/v1/info`).then(
            ({ status }) => status,
            () => 0,
          ),
        (status) => status === 200,
      );
    }
  });

  it('oversized heads and bodies, and bodies that unfold, are refused', async () => {
    for (const [name, url] of ports()) {
      const socket = await dial(url);
      socket.write(`GET /v1/info HTTP/1.1\r\nhost: x\r\nbig: ${'x'.repeat(100_000)}\r\n\r\n`);
      expect(await heard(socket), name).to.match(/^(HTTP\/1\.1 431 |$)/); // or a reset, which may overtake the answer
    }
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const big = `{"title":"${'x'.repeat(3_000_000)}"}`;
    expect((await fetch(`${proxy.url}/v1/sessions`, { method: 'POST', headers, body: big })).status).to.equal(413);
    const bomb = gzipSync(Buffer.alloc(300 * 2 ** 20, 0x20));
    expect(bomb.length).to.be.lessThan(2 ** 20);
    for (const [name, url] of [
      ['ProxyServer', `${proxy.url}/v1/sessions`],
      ['catalog', `${catalog}/v1/lookup`],
    ] as const) {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'content-encoding': 'gzip' },
        body: bomb,
      });
      expect(answer.status, name).to.be.oneOf([400, 404, 413, 415]);
    }
  });

  it('bodies of any depth, and of names that JavaScript takes for its own, are refused', async () => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const post = async (body: string): Promise<number> =>
      (await fetch(`${proxy.url}/v1/sessions`, { method: 'POST', headers, body })).status;
    expect(await post('['.repeat(500_000))).to.equal(400);
    expect(await post('{"__proto__":{"role":"admin"}}')).to.equal(400);
    expect(await post('{"constructor":{"prototype":{"role":"admin"}}}')).to.equal(400);
  });

  it('paths lead nowhere but to what they name', async () => {
    const paths = [
      '/v1/../key.json',
      '/v1/%2e%2e/%2e%2e/key.json',
      '/v1/jobs/1/file?name=../../key.json',
      '/v1/queries/..%2f..%2fkey.json/result',
      '/v1/sessions/%00',
      '//etc/passwd',
      '/v1/tokens/../audit',
    ];
    for (const path of paths)
      for (const [name, url] of ports()) {
        const socket = await dial(url);
        socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n\r\n`);
        const answer = await heard(socket);
        expect(answer, `${name} ${path}`).to.match(/^HTTP\/1\.1 (400|401|403|404) /);
        expect(answer).not.to.contain('"d":');
      }
  });

  it('whatever stands in a name, answers are data, of no page and without a cookie', async () => {
    const evil = encodeURIComponent('<script>alert(1)</script>');
    for (const [name, url] of ports())
      for (const path of ['/v1/info', `/v1/${evil}`, `/v1/sessions/${evil}`, `/v1/stat?path=/${evil}`]) {
        const answer = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
        const { headers } = answer;
        expect(headers.get('content-type'), `${name} ${path}`).to.match(/^application\/json/);
        expect(headers.get('x-content-type-options')).to.equal('nosniff');
        expect(headers.get('content-security-policy')).to.contain("default-src 'none'");
        expect(headers.get('set-cookie')).to.equal(null);
      }
  });

  it('no daemon leaves a core, which would hold its keys', async () => {
    const second = new TestProxy('sites: []\n');
    const program = join(import.meta.dirname, '../../proxy-server/main.js');
    const script = `ulimit -S -c unlimited && exec "${process.execPath}" "${program}" --config "${second.configFile}"`;
    const child = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    await proxy.until(
      () => /^Max core file size +(\S+)/m.exec(readFileSync(`/proc/${child.pid}/limits`, 'latin1'))?.[1],
      (limit) => limit === '0',
    );
    child.kill('SIGTERM');
    await once(child, 'exit');
    await second.stop();
  });

  it('whoever comes and goes leaves no file open at the server, not even one that is refused and does not hang up', async () => {
    const headers = { authorization: `Bearer ${token}` };
    const opened = await fetch(`${proxy.url}/v1/sessions`, { method: 'POST', headers });
    const { sessionId } = (await opened.json()) as { sessionId: string };
    const files = (): number => readdirSync(`/proc/${proxy.pid}/fd`).length;
    const upgrade = (path: string): string =>
      `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n` +
      'sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
    const { hostname, port } = new URL(proxy.url);
    await proxy.until(files, (n) => n < 80); // of the tests before
    const before = files();
    const lazy = Array.from({ length: 30 }, () => connect({ port: Number(port), host: hostname, allowHalfOpen: true }));
    for (const socket of lazy) {
      open.add(socket);
      socket.on('error', () => {});
      socket.write(upgrade('/v1/worker/nobody'));
      socket.resume();
    }
    await Promise.all(lazy.map((socket) => once(socket, 'end')));
    for (let i = 0; i < 40; i++) {
      const socket = await dial(proxy.url);
      socket.write(upgrade(`/v1/session/${sessionId}`));
      if (i % 2 === 0) setImmediate(() => socket.resetAndDestroy());
      else socket.resetAndDestroy();
    }
    await proxy.until(files, (n) => n <= before + 10); // one of each kind left open would be thirty
    expect((await fetch(`${proxy.url}/v1/sessions/${sessionId}`, { method: 'DELETE', headers })).status).to.equal(200);
  });

  it('who is refused again and again is sent away, and others are not', async () => {
    const ask = (bearer: string): Promise<Response> =>
      fetch(`${proxy.url}/v1/sessions`, { headers: { authorization: `Bearer ${bearer}` } });
    let wasClosed = false;
    for (let i = 0; i < 600 && !wasClosed; i++) {
      const answer = await ask('guess');
      expect(answer.status).to.equal(401);
      wasClosed = answer.headers.get('connection') === 'close';
    }
    expect(wasClosed).to.equal(true);
    expect((await ask(token)).status).to.equal(200);
  });

  it("raw bytes at a master's socket cost their connection only", async () => {
    const headers = { authorization: `Bearer ${token}` };
    const opened = await fetch(`${proxy.url}/v1/sessions`, { method: 'POST', headers });
    const { sessionId } = (await opened.json()) as { sessionId: string };
    const pid = proxy.masterPid(sessionId);
    const sockets = readdirSync(join(proxy.stateDir, 's'));
    expect(sockets).not.to.have.length(0);
    for (const name of sockets) await sendHostileBytes(join(proxy.stateDir, 's', name));
    expect([isAlive(pid), proxy.masterPid(sessionId)]).to.deep.equal([true, pid]);
    const link = await dialOnce({
      ...{ url: `${proxy.url.replace('http', 'ws')}/v1/session/${sessionId}`, clock: systemClock, headers },
      ...{ schema: toClientMessage, onMessage: () => {}, onClosed: () => {} },
    });
    link.close('seen');
    expect((await fetch(`${proxy.url}/v1/sessions/${sessionId}`, { method: 'DELETE', headers })).status).to.equal(200);
  });

  it('no secret is in a log, an error, a list of processes or a file that others may read', async () => {
    const guess = `${token.slice(0, -6)}AAAAAA`;
    const answer = await fetch(`${proxy.url}/v1/sessions?token=${token}`, {
      headers: { authorization: `Bearer ${guess}` },
    });
    expect(await answer.text()).not.to.contain(guess.slice(-20));
    const signature = token.split('.')[2]!;
    const key = JSON.parse(readFileSync(join(proxy.stateDir, 'key.json'), 'utf8')) as { d: string };
    for (const name of readdirSync(proxy.stateDir, { recursive: true }).map(String)) {
      const file = join(proxy.stateDir, name);
      // A spare master's directory may go meanwhile.
      if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true || name === 'key.json') continue;
      const text = readFileSync(file, 'latin1');
      for (const secret of [signature, guess.slice(-20), key.d]) expect(text, name).not.to.contain(secret);
    }
    expect(statSync(proxy.stateDir).mode & 0o077).to.equal(0);
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      let words = '';
      try {
        words = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      } catch {
        continue; // it has just ended
      }
      expect(words).not.to.contain(signature);
    }
  });
});
