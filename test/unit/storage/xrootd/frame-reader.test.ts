/** Frames out of pieces of any length. */
import { expect } from 'chai';
import type { Answer } from '../../../../storage/xrootd/answer.js';
import { Exchanges } from '../../../../storage/xrootd/exchanges.js';
import { FixedSink, FrameFault, GrowingSink } from '../../../../storage/xrootd/frame-bodies.js';
import { frame } from '../../../support/hostile-xrootd.js';

/** The answers to requests 1 (at most 10 bytes), 2 and 3, from bytes that arrive in pieces of `step`. */
function answersOf(bytes: Buffer, step: number): Answer[] {
  const exchanges = new Exchanges();
  const answers: Answer[] = [];
  const done = (answer: Answer): void =>
    void answers.push(answer.kind === 'ok' ? { ...answer, body: Buffer.from(answer.body) } : answer);
  exchanges.add(1, { sink: new FixedSink(Buffer.alloc(10)), done });
  for (const id of [2, 3]) exchanges.add(id, { sink: new GrowingSink(100), done });
  for (let at = 0; at < bytes.length; at += step) exchanges.receive(bytes.subarray(at, at + step));
  return answers;
}

describe('storage: XRootD frames', () => {
  const status = Buffer.alloc(24);
  status.writeInt32BE(5, 12); // five bytes of data follow; byte 7 is 0: the last
  const session = Buffer.concat([
    frame(1, 4000, Buffer.from('hello')),
    frame(2, 0, Buffer.alloc(0)),
    frame(3, 4007, status),
    Buffer.from('pages'),
    frame(1, 0, Buffer.from('world')),
  ]);

  it('are the same in pieces of any length', () => {
    for (let step = 1; step <= session.length; step++)
      expect(answersOf(session, step)).to.deep.equal([
        { kind: 'ok', body: Buffer.alloc(0) },
        { kind: 'ok', body: Buffer.from('pages') },
        { kind: 'ok', body: Buffer.from('helloworld') },
      ]);
  });

  it('that redirect, ask to wait or tell an error become answers', () => {
    const bytes = Buffer.concat([
      frame(1, 4004, Buffer.concat([Buffer.from([0, 0, 4, 70]), Buffer.from('[::ffff:10.0.0.1]?a=1&b=2?tok?en')])),
      frame(2, 4005, Buffer.from([0, 0, 0, 5])),
      frame(3, 4003, Buffer.concat([Buffer.from([0, 0, 0x0b, 0xc3]), Buffer.from('gone\0')])),
    ]);
    expect(answersOf(bytes, 7)).to.deep.equal([
      { kind: 'redirect', host: '10.0.0.1', port: 1094, opaque: 'a=1&b=2', token: 'tok?en' },
      { kind: 'wait', seconds: 5 },
      { kind: 'error', number: 3011, text: 'gone\0' },
    ]);
  });

  it('may redirect to a whole URL', () => {
    const url = Buffer.from('root://pool-1.example.org:2094//replica/of/it?cap=x');
    expect(answersOf(frame(1, 4004, Buffer.concat([Buffer.alloc(4, 0xff), url])), 9)).to.deep.equal([
      { kind: 'redirect', host: 'pool-1.example.org', port: 2094, path: '/replica/of/it', opaque: 'cap=x', token: '' },
    ]);
  });

  it('beyond what was asked for are refused at their header, before their bytes', () => {
    expect(() => answersOf(frame(1, 0, Buffer.alloc(0), 11), 8)).to.throw(FrameFault, /11 bytes where 10/);
    expect(() => answersOf(frame(2, 0, Buffer.alloc(0), 2 ** 30), 8)).to.throw(FrameFault);
    expect(() => answersOf(frame(9, 0, Buffer.alloc(0)), 8)).to.throw(FrameFault, /never made/);
  });

  it('that answer a request given up go nowhere, and free its id', () => {
    const exchanges = new Exchanges();
    const sink = new FixedSink(Buffer.alloc(10));
    exchanges.add(1, { sink, done: () => expect.fail('nobody waits') });
    exchanges.receive(frame(1, 4000, Buffer.from('before')));
    exchanges.giveUp(1);
    expect(exchanges.unanswered).to.equal(1);
    exchanges.receive(frame(1, 0, Buffer.from('much more than ten bytes')));
    expect(sink.bytes.toString()).to.equal('before');
    expect(exchanges.unanswered).to.equal(0);
    expect(() => exchanges.receive(frame(1, 0, Buffer.alloc(0)))).to.throw(FrameFault);
  });
});
