/** The dashboard's side of a real ProxyServer: who gets the page, who gets in by it, and that looking on holds nothing open. */
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { run } from '../support/cluster.js';
import { TestProxy } from '../support/proxy-server.js';

describe('the dashboard', () => {
  let proxy: TestProxy;
  const tokens: Record<string, string> = {};
  const bearer = (user: string) => ({ authorization: `Bearer ${tokens[user]}` });
  before(async () => {
    proxy = new TestProxy('sites: []\nsessionIdleS: 10\n', { auth: 'token' });
    await proxy.start();
    for (const user of ['ada', 'bob']) {
      const made = await run(['token', 'create', '--user', user, '--state-dir', proxy.stateDir]);
      tokens[user] = made.stdout.trim();
    }
  });
  after(() => proxy?.stop());

  const newSession = async (): Promise<string> => {
    const answer = await fetch(`${proxy.url}/v1/sessions`, { method: 'POST', headers: bearer('ada') });
    return ((await answer.json()) as { sessionId: string }).sessionId;
  };
  const stateOf = async (id: string): Promise<{ state: string; clients: number } | undefined> => {
    const answer = await fetch(`${proxy.url}/v1/sessions`, { headers: bearer('ada') });
    const all = (await answer.json()) as { sessionId: string; state: string; clients: number }[];
    return all.find(({ sessionId }) => sessionId === id);
  };
  /** As a browser dials. @returns the messages so far; `closed` is why it ended, or the status with which it was refused */
  const dial = (id: string, user: string | null) => {
    const socket = new WebSocket(
      `${proxy.url.replace('http', 'ws')}/v1/session/${id}`,
      user === null ? ['proof-grid'] : ['proof-grid', `bearer.${tokens[user]}`],
    );
    const heard: { type: string }[] = [];
    let closed: string | undefined;
    socket.on('message', (data, isBinary) => isBinary || heard.push(JSON.parse(String(data))));
    socket.on('close', (_code, reason) => {
      closed ??= String(reason);
    });
    socket.on('unexpected-response', (_request, { statusCode }) => {
      closed = String(statusCode);
      socket.terminate();
    });
    socket.on('error', () => {});
    return { socket, heard, closed: () => closed };
  };
  const hello = { type: 'hello', protocol: 1, newest: 2, watches: true };

  it('gives its page to everybody, whole, packed or not at all, and lets it load and ask nothing from elsewhere', async () => {
    const page = await fetch(`${proxy.url}/`);
    expect(page.headers.get('content-type')).to.equal('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).to.contain("default-src 'none'; script-src 'self';");
    const text = await page.text();
    for (const [, file] of text.matchAll(/(?:src|href)="([^"]+)"/g)) {
      const plain = await fetch(`${proxy.url}/${file}`, { headers: { 'accept-encoding': 'identity' } });
      const packed = await fetch(`${proxy.url}/${file}`, { headers: { 'accept-encoding': 'gzip' } });
      expect([plain.status, packed.headers.get('content-encoding')], file).to.deep.equal([200, 'gzip']);
      expect(await packed.text(), file).to.equal(await plain.text());
      const again = await fetch(`${proxy.url}/${file}`, { headers: { 'if-none-match': plain.headers.get('etag')! } });
      expect([again.status, await again.text()]).to.deep.equal([304, '']);
    }
    for (const path of ['/web', '/web/', '/web/../v1/sites', '/web/%2e%2e/index.html', '/index.html', '/v1/sites'])
      expect((await fetch(proxy.url + path)).status, path).to.equal(401);
    expect((await fetch(`${proxy.url}/`, { method: 'POST' })).status).to.equal(401);
  });

  it('brings its user in by a token among the subprotocols, and nobody else', async () => {
    const id = await newSession();
    const [ada, bob, nobody] = [dial(id, 'ada'), dial(id, 'bob'), dial(id, null)];
    await proxy.until(
      () => [ada.socket.readyState === WebSocket.OPEN, bob.closed(), nobody.closed()],
      (now) => now[0] === true && now[1] === '403' && now[2] === '401',
    );
    expect(ada.socket.protocol).to.equal('proof-grid');
    ada.socket.close();
  });

  it('looks on without being a client: it hands nothing in, and no session stays open for it', async () => {
    const id = await newSession();
    const [looks, submits] = [dial(id, 'ada'), dial(id, 'ada')];
    for (const { socket } of [looks, submits]) socket.once('open', () => socket.send(JSON.stringify({ ...hello })));
    await proxy.until(
      () => [looks, submits],
      (all) => all.every(({ heard }) => heard.some(({ type }) => type === 'welcome')),
    );
    expect((await stateOf(id))?.clients).to.equal(0);
    submits.socket.send(JSON.stringify({ type: 'close' }));
    await proxy.until(submits.closed, (why) => why === 'you only watch');
    await proxy.until(
      () => stateOf(id),
      (session) => session?.state === 'ended',
    );
    await proxy.until(
      () => looks.heard,
      (heard) => heard.some((message) => message.type === 'ended' && /idle for 10000 ms/.test(JSON.stringify(message))),
    );
  });
});
