/** What opens a door once opens it once: a worker's ticket, a pilot's secret; and an agent's token is replaced by the next ones. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { PilotStore } from '../../proxy-server/pilot-store.js';
import { testNode } from '../support/nodes.js';
import { TestProxy } from '../support/proxy-server.js';
import { RawPeer } from '../support/raw-peer.js';

describe('replays', () => {
  let proxy: TestProxy;
  const peers: RawPeer[] = [];
  const dial = async (path: string, headers: Record<string, string> = {}): Promise<RawPeer> => {
    const peer = await RawPeer.dial(`${proxy.url.replace('http', 'ws')}/v1${path}`, headers);
    peers.push(peer);
    return peer;
  };
  /** How the server answers an upgrade that it refuses. */
  const refusal = async (path: string, headers: Record<string, string>): Promise<number | undefined> => {
    const socket = new WebSocket(`${proxy.url.replace('http', 'ws')}/v1${path}`, { headers });
    socket.on('error', () => {}); // follows the answer
    const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    socket.terminate();
    return answer.statusCode;
  };
  const worker = { workerId: 'w1', phase: 'warm', pid: 2, sessionId: null };
  const hello = (who: { pilotId?: string; agentId?: string; secret?: string }): Parameters<RawPeer['say']>[0] => ({
    ...{ type: 'hello', protocol: 1, newest: 2, version: '0', pilotId: null, agentId: null, secret: '', pid: 1 },
    ...{ node: testNode, workers: [worker], ...who },
  });
  const beat = { type: 'heartbeat', seq: 0, loadAverage: 0, freeMemoryBytes: 1, freeDiskBytes: 1, workers: [worker] };

  afterEach(async () => {
    for (const { socket } of peers.splice(0)) socket.terminate();
    await proxy.stop();
  });

  it('a ticket that has opened a session opens it to nobody else', async () => {
    proxy = await new TestProxy('').start();
    const agent = await dial('/agent');
    agent.say(hello({}));
    await agent.hear('welcome');
    const { sessionId } = await proxy.openSession('anna');
    const { ticket } = await agent.hear('attach');
    const headers = { authorization: `Bearer ${String(ticket)}` };
    const worker = await dial(`/worker/${sessionId}`, headers);
    worker.say({ type: 'hello', protocol: 1, newest: 2, workerId: 'w1', pid: 2, node: testNode });
    await worker.hear('welcome');
    expect(await refusal(`/worker/${sessionId}`, headers)).to.equal(401);
    worker.socket.terminate();
    expect(await refusal(`/worker/${sessionId}`, headers), 'nor when its worker has gone').to.equal(401);
  });

  it("a pilot's secret registers one agent: whoever has it afterwards is refused, and the agent stays", async () => {
    proxy = await new TestProxy('').start();
    const who = expected('p-1', 'open sesame');
    const agent = await dial('/agent');
    agent.say(hello(who));
    const { agentId } = await agent.hear('welcome');
    agent.say(beat); // it has heard the welcome: the secret is spent
    await proxy.until(
      () => secretHash('p-1'),
      (hash) => hash === null,
    );
    const thief = await dial('/agent');
    thief.say(hello(who));
    const { error } = (await thief.hear('refused')) as unknown as { error: { message: string } };
    expect(error.message).to.contain('its secret is wrong or used');
    expect((await proxy.workers()).map((worker) => worker.agentId)).to.deep.equal([agentId]);
  });

  it("an agent's token is renewed over its connection: the newest and the one before open the door, older ones do not", async () => {
    proxy = await new TestProxy('').start();
    const agent = await dial('/agent');
    agent.say(hello(expected('p-1', 'open sesame')));
    const { agentId, token: first } = await agent.hear('welcome');
    const { token: second } = await agent.hear('token');
    expect(second).not.to.equal(first);
    const back = async (secret: unknown): Promise<RawPeer> => {
      const peer = await dial('/agent');
      peer.say(hello({ agentId: String(agentId), secret: String(secret) }));
      return peer;
    };
    const again = await back(second);
    expect((await again.hear('welcome'))['agentId']).to.equal(agentId);
    const { token: third } = await again.hear('token');
    await (await back(first)).hear('refused');
    const before = await back(second); // as if the message with the third had been lost
    expect((await before.hear('welcome'))['agentId']).to.equal(agentId);
    expect((await before.hear('token'))['token']).not.to.be.oneOf([first, second, third]);
  });

  const open = (): Database.Database => new Database(join(proxy.stateDir, 'proxy.db'));
  /** A pilot that was sent out with that secret. */
  function expected(pilotId: string, secret: string): { pilotId: string; secret: string } {
    const db = open();
    new PilotStore(db).add([{ pilotId, site: testNode.site, secret }], Date.now());
    db.close();
    return { pilotId, secret };
  }
  function secretHash(pilotId: string): unknown {
    const db = open();
    try {
      const row = db.prepare('SELECT secret_hash AS hash FROM pilot WHERE pilot_id = ?').get(pilotId);
      return (row as { hash: unknown }).hash;
    } finally {
      db.close();
    }
  }
});
