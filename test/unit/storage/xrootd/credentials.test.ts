/** Login packets, and the cipher that one of them needs. */
import { crc32 } from 'node:zlib';
import { expect } from 'chai';
import { Blowfish } from '../../../../storage/xrootd/blowfish.js';
import { offersOf, sssCredentials, sssKeysOf, ztnCredentials } from '../../../../storage/xrootd/credentials.js';

describe('storage: XRootD logins', () => {
  it('encrypt as the published test vectors of Blowfish say', () => {
    // E. Young's vectors: with feedback from zeros, the first block of zeros is the cipher of zeros.
    const zero = new Blowfish(Buffer.alloc(8)).encryptCfb(Buffer.alloc(8));
    expect(zero.toString('hex')).to.equal('4ef997456198dd78');
    const ones = new Blowfish(Buffer.alloc(8, 0xff)).encryptCfb(Buffer.alloc(11));
    expect(ones.length).to.equal(11);
    const keyed = new Blowfish(Buffer.from('0123456789abcdef', 'hex')).encryptCfb(Buffer.alloc(8));
    expect(keyed.toString('hex')).to.equal('245946885754369a');
  });

  it('read the offers of a server in its order', () => {
    expect(offersOf('&P=ztn,0:4096:&P=sss,0.+13:/etc/k&P=unix\0junk')).to.deep.equal([
      { protocol: 'ztn', parameters: '0:4096:' },
      { protocol: 'sss', parameters: '0.+13:/etc/k' },
      { protocol: 'unix', parameters: '' },
    ]);
    expect(offersOf('')).to.deep.equal([]);
  });

  it('take the valid keys of a keytab', () => {
    const keytab = [
      '0 u:pilot g:pilot n:test N:7034640398386790401 c:1700000000 e:0 f:0 k:00ff10',
      '0 u:old g:old n:old N:5 c:1 e:1000 k:aa',
      'garbage',
      '0 u:x n:x N:notanumber k:aa',
    ].join('\n');
    expect(sssKeysOf(keytab, 2000).map(({ user, id, key }) => [user, id, key.toString('hex')])).to.deep.equal([
      ['pilot', 7034640398386790401n, '00ff10'],
    ]);
  });

  it('carry the token with its length, closed by a zero', () => {
    expect(ztnCredentials('a.b')).to.deep.equal(Buffer.from('ztn\0\0T\0\0\0\x04a.b\0', 'latin1'));
  });

  it('name the key openly and nothing else', () => {
    const key = { name: 'n', user: 'pilot', id: 258n, key: Buffer.from('0badc0de', 'hex'), expiresS: 0 };
    const local = { address: '127.0.0.1', port: 4711 };
    const packet = sssCredentials({ key, local, nowS: 1_222_183_881, random: (n) => Buffer.alloc(n, 1) });
    expect(packet.subarray(0, 16).toString('latin1')).to.equal(`sss\0\0\0\x000${'\0'.repeat(6)}\x01\x02`);
    expect(packet.toString('latin1')).to.not.match(/pilot|4711/);
    const plain = decipher(key.key, packet.subarray(16));
    expect(plain.readInt32BE(32)).to.equal(1);
    expect(plain.toString('latin1')).to.include('[::ffff:127.0.0.1]:4711\0').and.include('pilot\0');
    expect(plain.readUInt32BE(plain.length - 4)).to.equal(crc32(plain.subarray(0, -4)));
  });
});

/** Cipher feedback backwards: encrypting what is known so far, then zeros, leaves the mask of the next block at its place. */
function decipher(key: Buffer, secret: Buffer): Buffer {
  const plain = Buffer.alloc(secret.length);
  for (let at = 0; at < secret.length; at += 8) {
    const known = Buffer.concat([plain.subarray(0, at), Buffer.alloc(8)]);
    const mask = new Blowfish(key).encryptCfb(known).subarray(at);
    for (let i = at; i < Math.min(at + 8, secret.length); i++) plain[i] = secret[i]! ^ mask[i - at]!;
  }
  return plain;
}
