/** Members of zip archives as files: archives are those that stage-out writes, and broken ones. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { makeArchive } from '../../../job-agent/payload/make-archive.js';
import type { ByteSource } from '../../../storage/byte-source.js';
import { StorageError } from '../../../storage/errors.js';
import { openSource } from '../../../storage/open-source.js';
import { memberOf } from '../../../storage/zip-member.js';
import { RangeServer } from '../../support/range-server.js';
import { seededRandom } from '../../support/seeded-random.js';

const LOG = Buffer.from('a line\n'.repeat(50_000));

describe('storage: members of zip archives', () => {
  let folder: string;
  let zip: string;
  let stored: Buffer;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'proof-zip-'));
    const random = seededRandom(5);
    stored = Buffer.from(Array.from({ length: 100_000 }, () => Math.floor(random() * 256)));
    mkdirSync(join(folder, 'out'));
    writeFileSync(join(folder, 'out.root'), stored);
    writeFileSync(join(folder, 'out', 'long & odd=ü.log'), LOG);
    writeFileSync(join(folder, 'empty.txt'), '');
    zip = join(folder, 'a.zip');
    await makeArchive(zip, { directory: folder, names: ['out.root', 'out/long & odd=ü.log', 'empty.txt'] });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const named = (place: string, member: string): string =>
    `${place}${place.includes('?') ? '&' : '?'}xrdcl.unzip=${encodeURIComponent(member)}`;
  const whole = async (source: ByteSource): Promise<Buffer> => {
    try {
      return await source.read(0, source.size);
    } finally {
      await source.close();
    }
  };
  const failure = async (urls: string | string[]): Promise<StorageError> => {
    try {
      await whole(await openSource(urls));
    } catch (error) {
      expect(error).to.be.instanceOf(StorageError);
      return error as StorageError;
    }
    throw new Error('it was read');
  };
  const broken = (name: string, change: (bytes: Buffer) => Buffer): string => {
    const file = join(folder, name);
    writeFileSync(file, change(Buffer.from(readFileSync(zip))));
    return file;
  };

  it('are read by path, by file: URL and over HTTP, stored and deflated', async () => {
    const server = await RangeServer.start(readFileSync(zip));
    try {
      for (const place of [zip, pathToFileURL(zip).href, server.url, `${server.url}?authz=x`]) {
        expect(await whole(await openSource(named(place, 'out.root')))).to.deep.equal(stored);
        expect(await whole(await openSource(named(place, 'out/long & odd=ü.log')))).to.deep.equal(LOG);
        expect((await openSource(named(place, 'empty.txt'))).size).to.equal(0);
      }
    } finally {
      await server.stop();
    }
  });

  it('that are stored are ranges of the archive, and end where they end', async () => {
    const source = await openSource(named(zip, 'out.root'));
    expect(source.size).to.equal(stored.length);
    expect(source.readSync!(10, 20)).to.deep.equal(stored.subarray(10, 30));
    const many = await source.readMany([
      { offset: 99_990, length: 10 },
      { offset: 0, length: 3 },
    ]);
    expect(Buffer.concat(many)).to.deep.equal(Buffer.concat([stored.subarray(99_990), stored.subarray(0, 3)]));
    expect(() => source.readSync!(99_999, 2)).to.throw(StorageError, /ends early/);
    await source.close();
  });

  it('that are deflated can be read in parts', async () => {
    const source = await openSource(named(zip, 'out/long & odd=ü.log'));
    expect(source.readSync!(7, 7).toString()).to.equal('a line\n');
    const into = Buffer.alloc(20);
    expect(source.readSync!(0, 6, into).toString()).to.equal('a line');
    await source.close();
  });

  it('are replicas like other files: from the next archive where one is damaged', async () => {
    const cut = broken('cut.zip', (bytes) => bytes.subarray(0, 50_000));
    const source = await openSource([named(cut, 'out.root'), named(zip, 'out.root')]);
    expect(await whole(source)).to.deep.equal(stored);
  });

  it('that are not there, or cannot be read, say so with their name', async () => {
    const missing = await failure(named(zip, 'none.root'));
    expect(missing.code).to.equal('STORAGE_NO_SUCH_FILE');
    expect(missing.message).to.include(`${zip}#none.root`);
    expect((await failure(named(join(folder, 'no.zip'), 'x'))).code).to.equal('STORAGE_NO_SUCH_FILE');
    expect((await failure(`${zip}?xrdcl.unzip=%zz`)).code).to.equal('STORAGE_BAD_URL');
    const noZip = await failure(named(join(folder, 'out.root'), 'x'));
    expect(noZip.message).to.match(/out\.root#x cannot be read out of its zip archive: it has no directory at its end/);
    const entry = (bytes: Buffer): number => bytes.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
    const method = broken('method.zip', (bytes) => {
      bytes.writeUInt16LE(12, entry(bytes) + 10);
      return bytes;
    });
    expect((await failure(named(method, 'out.root'))).message).to.match(/compressed by method 12/);
    const locked = broken('locked.zip', (bytes) => {
      bytes.writeUInt16LE(1, entry(bytes) + 8);
      return bytes;
    });
    expect((await failure(named(locked, 'out.root'))).message).to.match(/encrypted/);
    const bomb = broken('bomb.zip', (bytes) => {
      const second = bytes.indexOf(Buffer.from([0x50, 0x4b, 1, 2]), entry(bytes) + 4);
      bytes.writeUInt32LE(0xf000_0000, second + 24);
      return bytes;
    });
    const { message } = await failure(named(bomb, 'out/long & odd=ü.log'));
    expect(message).to.match(/compressed and of 4026531840 bytes; up to 268435456 can be read/);
  });

  it('of archives with any byte changed are the same bytes, or a storage error', async () => {
    const random = seededRandom(17);
    const size = readFileSync(zip).length;
    for (let i = 0; i < 400; i++) {
      // The directory at the end decides; the bytes of members have no checksum that is looked at where they are stored.
      const at = size - 1 - Math.floor(random() * 400);
      const file = broken('fuzz.zip', (bytes) => {
        bytes[at] = Math.floor(random() * 256);
        return bytes;
      });
      try {
        expect(await whole(await openSource(named(file, 'out/long & odd=ü.log')))).to.deep.equal(LOG);
      } catch (error) {
        expect(error, String(at)).to.be.instanceOf(StorageError);
      }
    }
  });

  it('are told apart from other parameters of a URL', () => {
    const at = (url: string) => memberOf(url);
    expect(at('root://h//a.zip?xrdcl.unzip=m%2Fn.root')).to.deep.equal({
      archive: 'root://h//a.zip',
      member: 'm/n.root',
    });
    expect(at('root://h//a.zip?authz=1&xrdcl.unzip=m')).to.deep.equal({
      archive: 'root://h//a.zip?authz=1',
      member: 'm',
    });
    expect(at('root://h//a.zip?xrdcl.unzip=m&authz=1')).to.deep.equal({
      archive: 'root://h//a.zip?authz=1',
      member: 'm',
    });
    expect(at('root://h//a.zip?x=1&xrdcl.unzip=m&authz=1')?.archive).to.equal('root://h//a.zip?x=1&authz=1');
    expect(at('root://h//a.zip?authz=1')).to.equal(undefined);
    expect(at('/a/b.zip')).to.equal(undefined);
  });
});
