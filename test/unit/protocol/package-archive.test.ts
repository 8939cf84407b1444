/** Packages on their way: the same files are the same bytes; what is hostile is refused before it costs anything. */
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { MOST_UNPACKED_BYTES, packPackage, sha256Of, unpackPackage } from '../../../protocol/package-archive.js';
import { failureOf } from '../../support/failure.js';

const text = (words: string): Buffer => Buffer.from(words);
const file = (path: string, words = 'x') => ({ path, isExecutable: false, content: text(words) });

/** An archive as a hostile client would make it by hand. */
function forged(list: unknown, contents: Uint8Array = Buffer.alloc(0), length?: number): Buffer {
  const json = text(typeof list === 'string' ? list : JSON.stringify(list));
  const head = Buffer.alloc(4);
  head.writeUInt32LE(length ?? json.length);
  return gzipSync(Buffer.concat([head, json, contents]));
}
const listed = (path: string, size = 0) => ({ path, isExecutable: false, size });

describe('a package', () => {
  it('gives its files back, and the same bytes in whatever order they were found', async () => {
    const files = [file('b.js', 'two'), { ...file('PROOF-INF/BUILD.sh', 'make'), isExecutable: true }];
    const archive = packPackage({ name: 'tools', files });
    expect(sha256Of(packPackage({ name: 'tools', files: files.toReversed() }))).to.equal(sha256Of(archive));
    const { name, files: back } = await unpackPackage(archive);
    expect(name).to.equal('tools');
    expect(
      back.map(({ path, isExecutable, content }) => [path, isExecutable, Buffer.from(content).toString()]),
    ).to.deep.equal([
      ['PROOF-INF/BUILD.sh', true, 'make'],
      ['b.js', false, 'two'],
    ]);
  });

  for (const [what, list] of Object.entries({
    'a path out of it': { name: 'p', files: [listed('../evil')] },
    'a path out of it by the middle': { name: 'p', files: [listed('a/../../evil')] },
    'an absolute path': { name: 'p', files: [listed('/etc/passwd')] },
    'a zero byte in a path': { name: 'p', files: [listed('a\0b')] },
    'a name that is a path': { name: '../p', files: [listed('a')] },
    'a name that is hidden': { name: '.p', files: [listed('a')] },
    'one file twice': { name: 'p', files: [listed('a'), listed('a')] },
    'a file below a file': { name: 'p', files: [listed('a'), listed('a/b')] },
    'an empty part of a path': { name: 'p', files: [listed('a//b')] },
    'a directory in place of a file': { name: 'p', files: [listed('a/')] },
    'a path by way of itself': { name: 'p', files: [listed('./a')] },
    'no files': { name: 'p', files: [] },
    'a negative size': { name: 'p', files: [listed('a', -1)] },
    'more bytes than there are': { name: 'p', files: [listed('a', 10)] },
    'more bytes than may be': { name: 'p', files: [listed('a', MOST_UNPACKED_BYTES + 1)] },
    'too many files': { name: 'p', files: Array.from({ length: 10_001 }, (_, i) => listed(`f${i}`)) },
    'no list': '{',
    'a deep list': '['.repeat(100_000),
  }))
    it(`is refused with ${what}`, async () => {
      expect(await failureOf(unpackPackage(forged(list)))).to.include({ code: 'PROTOCOL_PACKAGE' });
    });

  it('is refused as a bomb: its gzip is opened up to the limit and no further', async () => {
    const bomb = gzipSync(Buffer.alloc(MOST_UNPACKED_BYTES + 4 * 1024 * 1024));
    expect(bomb.length).to.be.lessThan(1_000_000);
    expect(await failureOf(unpackPackage(bomb))).to.include({ code: 'PROTOCOL_PACKAGE' });
  });
  it('is refused with bytes behind its files, a list length that lies, and no gzip at all', async () => {
    const list = { name: 'p', files: [listed('a')] };
    for (const bytes of [
      forged(list, text('more')),
      forged(list, undefined, 0xffffffff),
      text('no gzip'),
      gzipSync('a'),
    ])
      expect(await failureOf(unpackPackage(bytes))).to.include({ code: 'PROTOCOL_PACKAGE' });
  });
});
