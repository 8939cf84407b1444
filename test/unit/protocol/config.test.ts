import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { z } from 'zod';
import { isLoopback, listenAddress, loadConfig } from '../../../protocol/config.js';

const schema = z.strictObject({
  listen: listenAddress,
  sites: z.array(z.strictObject({ name: z.string(), min: z.number().default(0) })).default([]),
  kind: z.enum(['local', 'slurm']).optional(),
  tickS: z.int().max(59).optional(),
});

describe('protocol: configuration', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-config-'));
  });
  after(() => rmSync(folder, { recursive: true }));
  const load = (text: string): unknown => {
    const file = join(folder, 'c.yaml');
    writeFileSync(file, text);
    try {
      return loadConfig(file, schema);
    } catch (error) {
      return (error as Error).message.replace(folder, '');
    }
  };

  it('reads YAML into typed values with defaults', () => {
    expect(load('listen: 127.0.0.1:0\nsites: [{ name: S }]')).to.deep.equal({
      listen: { host: '127.0.0.1', port: 0 },
      sites: [{ name: 'S', min: 0 }],
    });
  });

  it('names an unknown key, where it stands and the nearest known one', () => {
    expect(load('listen: a:1\nsites: [{ name: S, minn: 2 }]')).to.equal(
      '/c.yaml: unknown key sites.0.minn. Did you mean min? Known here: name, min.',
    );
    expect(load('lisen: a:1')).to.contain('unknown key lisen. Did you mean listen?');
  });

  it('says what is wrong with a value in words that need no schema', () => {
    const wrong = (text: string): string => String(load(text)).replace('/c.yaml: ', '');
    expect(wrong('listen: 1093')).to.equal('listen must be HOST:PORT, as in 127.0.0.1:1093.');
    expect(wrong('listen: here')).to.equal('listen must be HOST:PORT, as in 127.0.0.1:1093.');
    for (const port of [65_536, 70_000, 99_999])
      expect(wrong(`listen: localhost:${port}`)).to.equal('listen must have a port of 65535 at most.');
    expect(load('listen: "[::1]:65535"')).to.deep.include({ listen: { host: '::1', port: 65_535 } });
    expect(wrong('sites: []')).to.equal('listen is missing.');
    expect(wrong('listen: a:1\nsites: { name: A }')).to.match(/^sites must be a list .*, not keys with values\.$/);
    expect(wrong('listen: a:1\nsites: [{ name: A, min: few }]')).to.equal('sites.0.min must be a number, not few.');
    expect(wrong('listen: a:1\nkind: locl')).to.equal('kind must be local or slurm, not locl. Did you mean local?');
    expect(wrong('listen: a:1\ntickS: 90')).to.equal('tickS must be 59 at most, not 90.');
    expect(wrong('[1, 2]')).to.match(/^the configuration must be keys with values .*, not a list\.$/);
  });

  it('takes names of this machine alone for the loopback', () => {
    for (const host of ['localhost', '127.0.0.1', '127.8.9.10', '::1']) expect(isLoopback(host), host).to.equal(true);
    for (const host of ['127.example.org', '127.0.0.1.example.org', 'localhost.example.org', '0.0.0.0', ''])
      expect(isLoopback(host), host).to.equal(false);
  });

  it('tells of a file that is no YAML and of one that is not there', () => {
    expect(load('listen: [')).to.match(/c\.yaml:\d+ is no YAML/);
    expect(() => loadConfig(join(folder, 'none.yaml'), schema)).to.throw(/Cannot read the configuration .*none\.yaml/);
  });
});
