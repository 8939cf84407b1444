import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { BodyTimes } from '../../../protocol/body-times.js';

describe('catalog: times of bodies', () => {
  it('ends a call that dribbles in, but no list of somebody known that goes on, and no call that waits for its answer', async () => {
    const times = new BodyTimes({ wholeMs: 300, idleMs: 60_000 });
    let answerLate = (): unknown => undefined;
    const server = createServer((incoming, answer) => {
      times.begin(incoming);
      if (incoming.url === '/list') times.allowList(incoming);
      if (incoming.url === '/wait') {
        answerLate = () => answer.end('late');
        return;
      }
      let nbytes = 0;
      incoming.on('data', (data: Buffer) => {
        nbytes += data.length;
      });
      incoming.on('end', () => answer.end(String(nbytes)));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const send = (path: string) => request({ port, path, method: 'POST', headers: { 'content-length': '8' } });
    const waiting = request({ port, path: '/wait' }).end();
    const list = send('/list');
    list.write('list');
    const slow = send('/other');
    slow.write('slow');
    // The list began before the other call, and outlives it.
    const [error] = (await once(slow, 'error')) as [Error];
    expect(error.message).to.match(/hang up|reset/);
    list.end('more');
    const [answer] = (await once(list, 'response')) as [IncomingMessage];
    const parts = await answer.toArray();
    expect(Buffer.concat(parts as Buffer[]).toString()).to.equal('8');
    answerLate();
    const [late] = (await once(waiting, 'response')) as [IncomingMessage];
    expect(late.statusCode).to.equal(200);
    late.resume();
    server.close();
    server.closeAllConnections();
  });
});
