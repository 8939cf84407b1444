/** The files with which a payload asks as its user: what a client reads of them, renewal, and their end. */
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { hostEntry, readClientConfig } from '../../../../client/client-config.js';
import { PayloadAccess } from '../../../../job-agent/payload/payload-access.js';

describe('job-agent: access of a payload', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-access-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is a configuration that clients understand, of files that only the account reads; the token is replaced in place', () => {
    const server = { url: 'https://voalice06.cern.ch:1093', ca: 'PEM' };
    const access = new PayloadAccess(join(folder, 'access'), server, 'first');
    access.renew('second'); // while its input is fetched
    expect(existsSync(access.directory)).to.equal(false);
    access.open();
    const read = () => hostEntry(readClientConfig(access.config), undefined);
    const name = 'voalice06.cern.ch:1093';
    expect(read()).to.deep.equal({ name, url: server.url, token: 'second', catalog: null, ca: 'PEM' });
    access.renew('third');
    expect(hostEntry(readClientConfig(access.config), name).token).to.equal('third');
    for (const file of readdirSync(access.directory))
      expect(statSync(join(access.directory, file)).mode & 0o777, file).to.equal(0o600);
    access.close();
    access.renew('fourth'); // on its way when the payload ended
    expect(existsSync(access.directory)).to.equal(false);
  });
});
