/** The protocol's versions at every door, spoken in raw frames: the one before is served, a strange one gets one clear sentence. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { testNode } from '../support/nodes.js';
import { TestProxy } from '../support/proxy-server.js';
import { type Frame, RawPeer } from '../support/raw-peer.js';

describe('protocol versions', () => {
  let proxy: TestProxy;
  let base: string;
  const peers: RawPeer[] = [];
  const dial = async (path: string, headers: Record<string, string> = {}): Promise<RawPeer> => {
    const peer = await RawPeer.dial(`${base}${path}`, headers);
    peers.push(peer);
    return peer;
  };
  beforeEach(async () => {
    proxy = new TestProxy('');
    await proxy.start();
    base = `${proxy.url.replace('http', 'ws')}/v1`;
  });
  afterEach(async () => {
    for (const { socket } of peers.splice(0)) socket.terminate();
    await proxy.stop();
  });

  const agentHello = (versions: Record<string, number>, workers: object[] = []): Frame => ({
    ...{ type: 'hello', version: '0.0.9', pilotId: null, agentId: null, secret: '', pid: 1, node: testNode, workers },
    ...versions,
  });
  const worker = { workerId: 'w1', phase: 'warm', pid: 2, sessionId: null };

  it('are settled at the newest that both ends speak', async () => {
    const before = await dial('/agent');
    before.say(agentHello({ protocol: 1 }));
    expect((await before.hear('welcome')).protocol).to.equal(1);
    const own = await dial('/agent');
    own.say(agentHello({ protocol: 1, newest: 2 }));
    expect((await own.hear('welcome')).protocol).to.equal(2);
    const later = await dial('/agent');
    later.say(agentHello({ protocol: 2, newest: 3 }));
    expect((await later.hear('welcome')).protocol).to.equal(2);
  });

  it('serve agent, worker and client of the version before, to their answers', async () => {
    const agent = await dial('/agent');
    agent.say(agentHello({ protocol: 1 }, [worker]));
    await agent.hear('welcome');
    const { sessionId } = await proxy.openSession('anna');
    const attach = await agent.hear('attach');
    expect(attach).to.include({ workerId: 'w1', sessionId });
    const link = await dial(`/worker/${sessionId}`, { authorization: `Bearer ${attach['ticket']}` });
    link.say({ type: 'hello', protocol: 1, workerId: 'w1', pid: 2, node: testNode });
    expect((await link.hear('welcome')).protocol).to.equal(1);
    const client = await dial(`/session/${sessionId}`, { authorization: 'Bearer dev:anna' });
    client.say({ type: 'hello', protocol: 1 });
    expect((await client.hear('welcome')).protocol).to.equal(1);
    client.say({
      ...{ type: 'submit', ref: 1, title: 't', dataset: ['file:///none.root'], tree: null, first: 0, entries: null },
      ...{ params: {}, inputs: {}, seed: 0, workers: null, maxAttempts: 3, maxFailures: 100 },
      program: { kind: 'selector', name: 'x', sha256: 'a'.repeat(64) },
    });
    expect(await client.hear('needProgram')).to.include({ ref: 1 });
  });

  it('tell the operator of an agent of the version before, which does not hear what it is to hide', async () => {
    const agent = await dial('/agent');
    agent.say(agentHello({ protocol: 1 }, [worker]));
    await agent.hear('welcome');
    const own = await dial('/agent');
    own.say(agentHello({ protocol: 1, newest: 2 }, [{ ...worker, workerId: 'w2' }]));
    await own.hear('welcome');
    const why = (await proxy.pilots()).map((pilot) => pilot.why);
    expect(why).to.have.members([
      'of an earlier release: it hides no keys of this server that it was not told at its start',
      'started by hand',
    ]);
    const log = await proxy.until(
      () => readFileSync(join(proxy.stateDir, 'log', 'proxy-server.log'), 'utf8'),
      (text) => text.includes('start it again with this release'),
    );
    expect(log.match(/start it again with this release/g)).to.have.length(1);
  });

  it('that have nothing in common are refused at each door in one sentence', async () => {
    const sentence = /^This side speaks protocol versions 1 to 2, the other version 9\. Install releases .* apart\.$/;
    const refusal = async (peer: RawPeer, hello: Frame): Promise<void> => {
      peer.say(hello);
      const { error } = (await peer.hear('refused')) as unknown as { error: { code: string; message: string } };
      expect(error.code).to.equal('PROTOCOL_VERSION');
      expect(error.message).to.match(sentence);
      if (peer.socket.readyState !== WebSocket.CLOSED) await once(peer.socket, 'close');
    };
    await refusal(await dial('/agent'), agentHello({ protocol: 9 }));
    const agent = await dial('/agent');
    agent.say(agentHello({ protocol: 1, newest: 2 }, [worker]));
    await agent.hear('welcome');
    const { sessionId } = await proxy.openSession('anna');
    const { ticket } = await agent.hear('attach');
    const link = await dial(`/worker/${sessionId}`, { authorization: `Bearer ${ticket}` });
    await refusal(link, { type: 'hello', protocol: 9, workerId: 'w1', pid: 2, node: testNode });
    const client = await dial(`/session/${sessionId}`, { authorization: 'Bearer dev:anna' });
    await refusal(client, { type: 'hello', protocol: 9 });
  });
});
