/** Servers that lie, babble, loop or die: always an error that names the URL, never a hang, a crash or a huge allocation. */
import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import type { ByteRange } from '../../storage/byte-source.js';
import { listDirectory } from '../../storage/directory.js';
import { StorageError } from '../../storage/errors.js';
import { openSource } from '../../storage/open-source.js';
import type { StorageOptions } from '../../storage/storage-options.js';
import { StoragePool } from '../../storage/storage-pool.js';
import { failureOf } from '../support/failure.js';
import { frame, HostileXrootd, ID, type Script } from '../support/hostile-xrootd.js';
import { patternBytes } from '../support/pattern.js';

const FILE = patternBytes(5000);
const OKSOFAR = 4000;
const REDIRECT = 4004;
const WAIT = 4005;
const WAITRESP = 4006;
const PAGES = 4007;

/** Bytes that look random and are the same each time. */
function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
function asStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  throw error;
}
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

describe('storage: a hostile XRootD server', () => {
  let server: HostileXrootd;
  let pool: StoragePool;
  let options: StorageOptions;
  beforeEach(async () => {
    server = await HostileXrootd.start(FILE);
    pool = new StoragePool();
    options = { pool, deadlineMs: 60_000, retryPauseMs: 0 };
  });
  afterEach(async () => {
    await pool.close();
    await server.stop();
  });

  /** Opens, reads in three ways, closes. */
  async function session(more: StorageOptions = {}): Promise<void> {
    const file = await openSource(server.url, { ...options, ...more });
    try {
      expect(await file.read(100, 300)).to.deep.equal(FILE.subarray(100, 400));
      await file.readMany([
        { offset: 0, length: 10 },
        { offset: 3000, length: 10 },
      ]);
    } finally {
      await file.close();
    }
  }
  /** Answers one kind of request in its own way, all others well. */
  const only = (id: number, answer: Script): void => {
    server.script = (request) => (request.id === id ? answer(request) : undefined);
  };

  it('that behaves is read (the script is right)', () => session());

  it('is asked once for the baskets of a cluster, and not again for what was prefetched', async () => {
    const asked: number[] = [];
    server.script = ({ id }) => {
      asked.push(id);
      return undefined;
    };
    const cluster = (start: number) => Array.from({ length: 4 }, (_, i) => ({ offset: start + 600 * i, length: 50 }));
    const bytesOf = (ranges: readonly ByteRange[]) =>
      ranges.map(({ offset, length }) => FILE.subarray(offset, offset + length));
    const file = await openSource(server.url, options);
    file.prefetch!(cluster(2000));
    expect(await file.readMany(cluster(0))).to.deep.equal(bytesOf(cluster(0)));
    expect(await file.readMany(cluster(2000))).to.deep.equal(bytesOf(cluster(2000)));
    expect(asked.filter((id) => id === ID.readv || id === ID.read)).to.deep.equal([ID.readv, ID.readv]);
    await file.close();
  });

  it('that cuts each connection after any byte gives an error with the URL, unless a new connection is enough', async () => {
    await session();
    const whole = server.answered;
    const withoutError: number[] = [];
    for (let bytes = 0; bytes < whole; bytes++) {
      server.cutAfter = bytes;
      const error = await session().then(() => undefined, asStorageError);
      if (error === undefined) withoutError.push(bytes);
      else expect(`${error.code} ${error.message}`, `cut after ${bytes}`).to.match(/^STORAGE_CONNECTION .*\/\/file/);
    }
    // What was read before the cut is not read again: only then can fewer bytes than a whole session do.
    expect(Math.min(...withoutError)).to.be.greaterThan(whole / 2);
  });

  it('that babbles instead of any answer is left', async () => {
    for (const id of [0, ID.protocol, ID.login, ID.open, ID.read, ID.readv])
      for (let seed = 1; seed <= 20; seed++) {
        only(id, () => noise(400, seed));
        const error = await failureOf(session({ deadlineMs: 30 }));
        expect(error.code, `request ${id}, noise ${seed}`).to.be.oneOf(['STORAGE_PROTOCOL', 'STORAGE_DEADLINE']);
        expect(error.message).to.include(server.url);
      }
  });

  it('that talks before it is asked is left', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      server.welcome = noise(100_000, seed);
      const error = await failureOf(session({ deadlineMs: 100 }));
      expect(error.code).to.be.oneOf(['STORAGE_PROTOCOL', 'STORAGE_DEADLINE', 'STORAGE_CONNECTION']);
    }
  });

  it('that is silent at any step is given up at the deadline', async () => {
    for (const id of [0, ID.protocol, ID.login, ID.open, ID.read, ID.readv]) {
      only(id, () => null);
      const error = await failureOf(session({ deadlineMs: 20 }));
      expect(error.code, `request ${id}`).to.equal('STORAGE_DEADLINE');
      expect(error.message).to.include(server.url);
    }
  });

  const lies: [string, number, Script, StorageOptions?][] = [
    ['a frame of negative length', ID.read, ({ streamId }) => frame(streamId, 0, Buffer.alloc(300), -1)],
    ['two gigabytes where 300 bytes were asked for', ID.read, ({ streamId }) => frame(streamId, 0, FILE, 2 ** 31 - 1)],
    ['one byte too many', ID.read, ({ streamId }) => frame(streamId, 0, FILE.subarray(0, 301))],
    [
      'too many bytes in two frames',
      ID.read,
      ({ streamId }) =>
        Buffer.concat([frame(streamId, OKSOFAR, FILE.subarray(0, 200)), frame(streamId, 0, FILE.subarray(0, 200))]),
    ],
    ['an answer to nobody', ID.read, () => frame(54_321, 0, FILE.subarray(0, 300))],
    ['an unknown status', ID.read, ({ streamId }) => frame(streamId, 4999, Buffer.alloc(4))],
    ['an error without a number', ID.read, ({ streamId }) => frame(streamId, 4003, Buffer.alloc(2))],
    ['a login in the middle', ID.read, ({ streamId }) => frame(streamId, 4002, Buffer.alloc(4))],
    ['a vector with wrong offsets', ID.readv, ({ streamId }) => frame(streamId, 0, Buffer.alloc(52))],
    ['a vector that is cut short', ID.readv, ({ streamId }) => frame(streamId, 0, Buffer.alloc(20))],
    ['an open answer of two bytes', ID.open, ({ streamId }) => frame(streamId, 0, Buffer.alloc(2))],
    [
      'a size that is no number',
      ID.open,
      ({ streamId }) =>
        frame(streamId, 0, Buffer.concat([Buffer.alloc(12), Buffer.from('1 99999999999999999999 16 0')])),
    ],
    ['a redirection to nowhere', ID.open, ({ streamId }) => frame(streamId, REDIRECT, Buffer.alloc(4))],
    [
      'a redirection to no host',
      ID.open,
      ({ streamId }) => frame(streamId, REDIRECT, Buffer.from('\0\0\0\x01no host!')),
    ],
    [
      'pages of negative length',
      ID.pgread,
      ({ streamId }) => frame(streamId, PAGES, Buffer.concat([Buffer.alloc(12), int32(-5)])),
      { pageChecksums: true },
    ],
    [
      'pages of two gigabytes',
      ID.pgread,
      ({ streamId }) => frame(streamId, PAGES, Buffer.concat([Buffer.alloc(12), int32(2 ** 31 - 1)])),
      { pageChecksums: true },
    ],
  ];
  for (const [what, id, answer, more] of lies)
    it(`that gives ${what} is not believed`, async () => {
      only(id, answer);
      const error = await failureOf(session(more));
      expect(error.code).to.equal('STORAGE_PROTOCOL');
      expect(error.message).to.include(server.url);
    });

  it('whose pages do not match their checksums is read again, then left', async () => {
    let asked = 0;
    only(ID.pgread, ({ streamId }) => {
      asked++;
      const head = Buffer.concat([Buffer.alloc(12), int32(304)]);
      return Buffer.concat([frame(streamId, PAGES, head), Buffer.alloc(304)]);
    });
    const error = await failureOf(session({ pageChecksums: true }));
    expect(error.code).to.equal('STORAGE_CHECKSUM');
    expect(error.message).to.include(`bytes [100, 400) of ${server.url}`);
    expect(asked).to.equal(3);
  });

  it('that gives fewer bytes than there are is told from a file that ends', async () => {
    only(ID.read, ({ streamId }) => frame(streamId, 0, FILE.subarray(0, 250)));
    const error = await failureOf(session());
    expect(error).to.include({ code: 'STORAGE_TRUNCATED', found: 250 });
    expect(error.message).to.include(`bytes [100, 400) of ${server.url}`);
  });

  it('that redirects to itself without end is left', async () => {
    only(ID.open, ({ streamId }) =>
      frame(streamId, REDIRECT, Buffer.concat([int32(server.port), Buffer.from('127.0.0.1?authz=secret')])),
    );
    const error = await failureOf(session());
    expect(error.code).to.equal('STORAGE_REDIRECTS');
    expect(error.message).to.not.include('secret');
  });

  it('that asks to wait without end, or for a promised answer that never comes, is given up', async () => {
    for (const answer of [
      frame.bind(null, 0, WAIT, int32(0)),
      frame.bind(null, 0, WAIT, int32(1_000_000)),
      frame.bind(null, 0, WAITRESP, int32(1)),
    ]) {
      only(ID.open, ({ streamId }) => {
        const bytes = answer();
        bytes.writeUInt16BE(streamId, 0);
        return bytes;
      });
      expect((await failureOf(session({ deadlineMs: 120 }))).code).to.equal('STORAGE_DEADLINE');
    }
  });

  it('that keeps its promise of a later answer is heard', async () => {
    only(ID.read, ({ streamId }) => {
      const inner = frame(streamId, 0, FILE.subarray(100, 400));
      const attention = frame(0, 4001, Buffer.concat([int32(5008), int32(0), inner]));
      return Buffer.concat([frame(streamId, WAITRESP, int32(1)), attention]);
    });
    await session();
  });

  it('that claims a file of exabytes costs no memory before the bytes come', async () => {
    only(ID.open, ({ streamId }) =>
      frame(streamId, 0, Buffer.concat([Buffer.alloc(12), Buffer.from('1 9007199254740991 16 0')])),
    );
    const file = await openSource(server.url, options);
    expect((await failureOf(file.read(0, 2 ** 45))).code).to.equal('STORAGE_BAD_RANGE');
    await file.close();
  });

  it('that lists without end is stopped', async () => {
    only(ID.dirlist, ({ streamId }) => frame(streamId, OKSOFAR, Buffer.alloc(100), 2 ** 30));
    expect((await failureOf(listDirectory(server.url, options))).code).to.equal('STORAGE_PROTOCOL');
    only(ID.dirlist, ({ streamId }) => frame(streamId, 0, Buffer.from('.\n0 0 0 0\n../../etc/passwd\n1 5 16 0')));
    expect((await failureOf(listDirectory(server.url, options))).code).to.equal('STORAGE_PROTOCOL');
  });

  it('keeps what it says about us to one short line without secrets', async () => {
    const text = `denied: /file?authz=secret&x=y \n\x1b[31m Bearer abc.def ${'long '.repeat(1000)}`;
    only(ID.open, ({ streamId }) => frame(streamId, 4003, Buffer.concat([int32(3010), Buffer.from(text)])));
    const { message } = await failureOf(session());
    expect(message).to.not.match(/secret|abc\.def|\n|\x1b/);
    expect(message.length).to.be.lessThan(700);
  });
});

describe('storage: a hostile web server', () => {
  it('that cuts the connection after any byte gives an error with the URL', async () => {
    const head = `HTTP/1.1 206 Partial Content\r\nContent-Length: 20\r\nContent-Range: bytes 0-19/5000\r\n\r\n`;
    const whole = Buffer.concat([Buffer.from(head), FILE.subarray(0, 20)]);
    const opening = Buffer.from(
      'HTTP/1.1 206 Partial Content\r\nContent-Length: 1\r\nContent-Range: bytes 0-0/5000\r\n\r\nx',
    );
    let cutAfter = 0;
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (request) => {
        if (request.includes('bytes=0-0')) socket.write(opening);
        else socket.end(whole.subarray(0, cutAfter));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const pool = new StoragePool();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
    const file = await openSource(url, { pool, retryPauseMs: 0, deadlineMs: 60_000 });
    for (cutAfter = 0; cutAfter < whole.length; cutAfter++) {
      const error = await failureOf(file.read(0, 20));
      expect(error.code, `cut after ${cutAfter}`).to.be.oneOf(['STORAGE_CONNECTION', 'STORAGE_PROTOCOL']);
      expect(error.message).to.include(`bytes [0, 20) of ${url}`);
    }
    expect(await file.read(0, 20)).to.deep.equal(FILE.subarray(0, 20));
    await file.close();
    await pool.close();
    await new Promise((resolve) => server.close(resolve));
  });
});
