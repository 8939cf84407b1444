import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type ClientConfig, hostEntry, readClientConfig } from '../../../client/client-config.js';
import { UsageError } from '../../../protocol/errors.js';

describe('client: HOST and configuration', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-client-'));
    writeFileSync(join(folder, 'token'), 'secret\n');
  });
  after(() => rmSync(folder, { recursive: true }));
  const read = (text: string): ClientConfig => {
    const file = join(folder, 'config.yaml');
    writeFileSync(file, text);
    return readClientConfig(file);
  };
  const config = (): ClientConfig =>
    read('hosts:\n  voalice06: { url: "https://voalice06.cern.ch:1093/", tokenFile: token }\n');

  it('finds a host by its name, with the token of a file beside the configuration', () => {
    expect(hostEntry(config(), 'voalice06')).to.deep.include({
      url: 'https://voalice06.cern.ch:1093',
      token: 'secret',
    });
  });
  it('takes the only host, or the default one, where none is named', () => {
    expect(hostEntry(config(), undefined).name).to.equal('voalice06');
    const two = 'hosts:\n  a: { url: "http://localhost:1" }\n  b: { url: "http://localhost:2" }\n';
    expect(hostEntry(read(`defaultHost: b\n${two}`), undefined).name).to.equal('b');
    expect(() => hostEntry(read(two), undefined)).to.throw(/--host HOST \(a, b\)/);
  });
  it('takes an address as it is: plain on the loopback, TLS elsewhere, 1093 where no port is said', () => {
    expect(hostEntry(config(), 'localhost').url).to.equal('http://localhost:1093');
    expect(hostEntry(config(), '127.0.0.1:77').url).to.equal('http://127.0.0.1:77');
    expect(hostEntry(config(), 'box.cern.ch').url).to.equal('https://box.cern.ch:1093');
  });
  it('refuses a port that there cannot be, with how it is said', () => {
    for (const address of ['localhost:99999', 'localhost:65536', 'box.cern.ch:0', 'http://localhost:99999/'])
      expect(() => hostEntry(config(), address), address)
        .to.throw(UsageError)
        .with.property('message')
        .that.matches(/has no port that there can be: give one from 1 to 65535, as in HOST:1093\.$/);
    expect(() => hostEntry(config(), 'http://')).to.throw(UsageError, 'is no address');
    expect(hostEntry(config(), 'https://[::1]/').url).to.equal('https://[::1]');
    expect(hostEntry(config(), '[::1]:65535').url).to.equal('https://[::1]:65535');
  });
  it('names the nearest host for one that is not known', () => {
    expect(() => hostEntry(config(), 'voalice6')).to.throw(/No host voalice6 .*Did you mean voalice06\?/);
  });
  it('refuses keys that it does not know, and token files that cannot be read', () => {
    expect(() => read('host: {}')).to.throw(/unknown key host\. Did you mean hosts\?/);
    const missing = read('hosts:\n  a: { url: "http://localhost:1", tokenFile: none }\n');
    expect(() => hostEntry(missing, 'a')).to.throw(/Cannot read .*none, the tokenFile/);
  });
});
