/** How much one peer may ask, and frames that want more memory or stack than they bring. */

import { expect } from 'chai';
import { Packr } from 'msgpackr';
import { z } from 'zod';
import { checked } from '../../../protocol/check.js';
import { decodeFrame } from '../../../protocol/frame.js';
import { RateLimit, Strangers } from '../../../protocol/peer-limits.js';

describe('protocol: limits of a peer', () => {
  it('give each its burst, and back so much a second', () => {
    const limit = new RateLimit({ burst: 3, perSecond: 10 });
    const taken = (name: string, at: number, n: number): boolean[] =>
      Array.from({ length: n }, () => limit.take(name, at));
    expect(taken('ada', 0, 4)).to.deep.equal([true, true, true, false]);
    expect(taken('bob', 0, 1)).to.deep.equal([true]);
    expect(taken('ada', 100, 2)).to.deep.equal([true, false]);
    expect(taken('ada', 60_000, 4)).to.deep.equal([true, true, true, false]);
  });

  it('remember no more names than they need', () => {
    const limit = new RateLimit({ burst: 1, perSecond: 1 });
    for (let i = 0; i < 50_000; i++) limit.take(`peer ${i}`, 0);
    expect(limit.size).to.be.at.most(10_000);
  });

  it('count strangers by address, until they are known or gone', () => {
    const strangers = new Strangers({ strangersPerAddress: 2 });
    expect([strangers.enter('a'), strangers.enter('a'), strangers.enter('a'), strangers.enter('b')]).to.deep.equal([
      ...[true, true, false, true],
    ]);
    strangers.leave('a');
    expect(strangers.enter('a')).to.equal(true);
    strangers.leave('b');
    expect(strangers.of('b')).to.equal(0);
  });
});

describe('protocol: hostile frames', () => {
  const schema = z.object({ type: z.literal('x'), data: z.instanceof(Uint8Array).optional() });
  const outcome = (data: Buffer, isBinary = true): string => {
    try {
      checked(schema, decodeFrame(data, isBinary));
      return 'accepted';
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  };

  it('that announce more than they bring are refused, without memory for it', () => {
    const before = process.memoryUsage().rss;
    for (const head of [
      ...[
        [0xdd, 0xff, 0xff, 0xff, 0xff],
        [0xdf, 0xff, 0xff, 0xff, 0xff],
        [0xdb, 0xff, 0xff, 0xff, 0xff],
      ],
      ...[
        [0xc6, 0xff, 0xff, 0xff, 0xff],
        [0xc9, 0xff, 0xff, 0xff, 0xff, 0x01],
      ],
    ])
      expect(outcome(Buffer.from(head)), String(head)).to.equal('PROTOCOL_BAD_MESSAGE');
    expect(process.memoryUsage().rss - before).to.be.lessThan(100 * 2 ** 20);
  });

  it('of any depth are refused, as text and as MessagePack', () => {
    expect(outcome(Buffer.alloc(1_000_000, 0x91))).to.equal('PROTOCOL_BAD_MESSAGE');
    expect(outcome(Buffer.from('['.repeat(1_000_000)), false)).to.equal('PROTOCOL_BAD_MESSAGE');
    expect(outcome(Buffer.from(`${'{"type":'.repeat(100_000)}1${'}'.repeat(100_000)}`), false)).to.equal(
      'PROTOCOL_BAD_MESSAGE',
    );
  });

  it('with names that JavaScript takes for its own do nothing to others', () => {
    outcome(Buffer.from('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'), false);
    outcome(new Packr({ useRecords: false }).pack(new Map([['__proto__', { polluted: 1 }]])));
    expect(({} as { polluted?: number }).polluted).to.equal(undefined);
  });

  it('of any bytes are refused or read, and never end the process', () => {
    let seed = 7;
    const next = (): number => {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
      return seed >> 16;
    };
    const good = new Packr({ useRecords: false }).pack({ type: 'x', data: new Uint8Array(50) });
    for (let i = 0; i < 3000; i++) {
      const bytes = Buffer.from(good);
      for (let k = 0; k < 1 + (next() % 4); k++) bytes[next() % bytes.length] = next() & 0xff;
      expect(outcome(bytes.subarray(0, 1 + (next() % bytes.length)))).to.be.oneOf(['accepted', 'PROTOCOL_BAD_MESSAGE']);
    }
  });
});
