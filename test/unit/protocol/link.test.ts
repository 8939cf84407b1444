import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { WebSocketServer } from 'ws';
import { z } from 'zod';
import { systemClock } from '../../../protocol/clock.js';
import { dial, dialOnce } from '../../../protocol/dial.js';
import { Link } from '../../../protocol/link.js';
import { ManualClock } from '../../support/manual-clock.js';

const schema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('say'), text: z.string() }),
  z.object({ type: z.literal('bulk'), data: z.instanceof(Uint8Array) }),
]);
type Words = z.infer<typeof schema>;

describe('protocol: link', () => {
  let server: Server;
  let sockets: WebSocketServer;
  let url: string;
  /** What the server's end of the newest link heard, and how it ended. */
  let heard: Words[];
  let ends: string[];

  beforeEach(async () => {
    heard = [];
    ends = [];
    server = createServer();
    sockets = new WebSocketServer({ server });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
    server.close();
    await once(server, 'close');
  });

  const accept = (answer: (link: Link<Words, Words>) => void = () => {}): void => {
    sockets.on('connection', (socket) => {
      const link = new Link<Words, Words>(socket, {
        schema,
        clock: systemClock,
        onMessage: (message) => {
          heard.push(message);
          answer(link);
        },
        onClosed: (why) => ends.push(why),
      });
    });
  };
  const open = (onMessage: (message: Words) => void, onClosed: (why: string) => void) =>
    dialOnce<Words, Words>({ url, schema, clock: systemClock, onMessage, onClosed });

  it('carries JSON and bytes both ways, checked', async () => {
    accept((link) => link.send({ type: 'say', text: 'heard' }));
    const answers: Words[] = [];
    const twoAnswers = new Promise<void>((resolve) => {
      open(
        (message) => {
          answers.push(message);
          if (answers.length === 2) resolve();
        },
        () => {},
      ).then((link) => {
        link.send({ type: 'say', text: 'ä' });
        link.send({ type: 'bulk', data: new Uint8Array([1, 2, 255]) });
      });
    });
    await twoAnswers;
    expect(heard[0]).to.deep.equal({ type: 'say', text: 'ä' });
    expect([...(heard[1] as { data: Uint8Array }).data]).to.deep.equal([1, 2, 255]);
  });

  it('closes the connection of a peer that sends nonsense, with the reason, and no other', async () => {
    accept((link) => link.send({ type: 'say', text: 'fine' }));
    const reason = new Promise<string>((resolve) => {
      open(() => {}, resolve).then((link) => link.send({ type: 'say', text: 7 } as unknown as Words));
    });
    expect(await reason).to.contain('Bad message "say": text must be text, not 7.');
    const other = new Promise<Words>((resolve) => {
      open(resolve, () => {}).then((link) => link.send({ type: 'say', text: 'hello' }));
    });
    expect(await other).to.deep.equal({ type: 'say', text: 'fine' });
  });

  it('gives up a silent peer after the limit and not before', async () => {
    const clock = new ManualClock();
    sockets.on('connection', (socket) => socket.pause()); // neither pongs nor closes
    const ended: string[] = [];
    await dialOnce<Words, Words>({
      url,
      schema,
      clock,
      silentAfterMs: 3000,
      onMessage: () => {},
      onClosed: (why) => ended.push(why),
    });
    clock.advance(2999);
    expect(ended).to.deep.equal([]);
    clock.advance(1);
    expect(ended).to.deep.equal(['silent for 3000 ms']);
    expect(clock.pending).to.equal(0);
  });

  it('dials again after a loss, and stops when it is told to', async () => {
    accept();
    let opened = 0;
    const losses: string[] = [];
    const closed = new Promise<string>((resolve) => {
      const dialler = dial<Words, Words>({
        url,
        schema,
        clock: systemClock,
        firstPauseMs: 1,
        onMessage: () => {},
        onLost: (why) => losses.push(why),
        onClosed: resolve,
        onOpen: () => {
          opened++;
          if (opened < 3) for (const socket of sockets.clients) socket.terminate();
          else dialler.close('done');
        },
      });
    });
    expect(await closed).to.equal('done');
    expect([opened, losses.length]).to.deep.equal([3, 2]);
  });

  it('says when the peer has read what was told before the end, so that a process can wait for that', async () => {
    accept();
    const farewell = await new Promise<Promise<void>>((resolve) => {
      const dialler = dial<Words, Words>({
        ...{ url, schema, clock: systemClock, onMessage: () => {}, onClosed: () => {} },
        onOpen: (link) => {
          link.send({ type: 'say', text: 'goodbye' });
          resolve(dialler.close('done'));
        },
      });
    });
    await farewell;
    expect(heard).to.deep.equal([{ type: 'say', text: 'goodbye' }]);
  });

  it('takes a refusal by HTTP status as final, with the code and sentence of the server', async () => {
    server.on('upgrade', () => {});
    sockets.close();
    server.removeAllListeners('upgrade');
    server.on('upgrade', (_request, socket) => {
      socket.end(
        'HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n{"code":"PROTOCOL_TOKEN_REFUSED","message":"No."}',
      );
    });
    const refused = await open(
      () => {},
      () => {},
    ).catch((error: unknown) => error);
    expect(refused).to.include({ code: 'PROTOCOL_TOKEN_REFUSED', message: 'No.' });
  });
});
