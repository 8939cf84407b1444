import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { PacketLog, readPackets } from '../../../../proxy-server/master/packet-log.js';
import type { LedgerPacket } from '../../../../proxy-server/master/packet-states.js';

const packet = (id: number, first: number, end: number): LedgerPacket => ({
  ...{ id, file: 3, first, end, state: 'waiting', hands: [], failures: [], suspect: false, endedEarly: false },
});

describe('proxy-server: record of packets', () => {
  let path: string;
  beforeEach(() => {
    path = join(mkdtempSync(join(tmpdir(), 'proof-packets-')), 'packets');
  });
  afterEach(() => rmSync(join(path, '..'), { recursive: true }));
  const open = (): Promise<PacketLog> => PacketLog.open(path, (why) => expect.fail(why));

  it('tells of each packet who had it, how often, and what it came to', async () => {
    const log = await open();
    log.out(packet(1, 0, 10), 1, '0.1');
    log.out(packet(2, 10, 20), 1, '0.2');
    log.failed(2, { cause: 'user', entry: 13 }, '0.2');
    log.out(packet(2, 10, 20), 2, '0.1');
    log.done(1, '0.1');
    await log.close();
    const [first, second] = readPackets(readFileSync(path, 'latin1'));
    expect(first).to.include({
      packetId: 1,
      position: 3,
      first: 0,
      end: 10,
      attempts: 1,
      worker: '0.1',
      state: 'done',
    });
    expect(second).to.include({ packetId: 2, attempts: 2, state: 'out' });
    expect(second?.failures).to.deep.equal([{ worker: '0.2', cause: 'user', entry: 13 }]);
  });

  it('tells how far a packet came that ended early', async () => {
    const log = await open();
    log.out(packet(1, 0, 1000), 1, '0.1');
    log.done(1, '0.1', 128);
    await log.close();
    expect(readPackets(readFileSync(path, 'latin1'))[0]).to.include({ first: 0, end: 128, state: 'done' });
  });

  it('numbers on behind an earlier life, also when that ended in the middle of a line', async () => {
    writeFileSync(path, 'o 1 1 0.1 0 0 5\nd 1 0.1\no 7 1 0.1 0 5 9\nd 7');
    const log = await open();
    expect(log.lastId).to.equal(7);
    log.out(packet(8, 9, 12), 1, '0.1');
    await log.close();
    expect(readPackets(readFileSync(path, 'latin1')).map(({ packetId }) => packetId)).to.deep.equal([1, 7, 8]);
  });
});
