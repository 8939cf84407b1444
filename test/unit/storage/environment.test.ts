/** Credentials where grid tools leave them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { bearerToken } from '../../../storage/bearer-token.js';
import { storageOptionsFromEnvironment } from '../../../storage/environment.js';
import { failureOf } from '../../support/failure.js';

describe('storage: credentials of the environment', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'storage-env-'));
    writeFileSync(join(folder, 'bt_u77'), ' a.b.c\n');
  });
  after(() => rmSync(folder, { recursive: true }));

  it('are found in the order of the token discovery', () => {
    const all = { BEARER_TOKEN: 'x', BEARER_TOKEN_FILE: '/f', XDG_RUNTIME_DIR: folder };
    expect(storageOptionsFromEnvironment(all, 77)).to.include({ token: 'x' });
    expect(storageOptionsFromEnvironment({ ...all, BEARER_TOKEN: '' }, 77)).to.include({ tokenFile: '/f' });
    expect(storageOptionsFromEnvironment({ XDG_RUNTIME_DIR: folder }, 77)).to.include({
      tokenFile: join(folder, 'bt_u77'),
    });
    expect(storageOptionsFromEnvironment({ XDG_RUNTIME_DIR: folder }, 78)).to.not.have.property('tokenFile');
    expect(storageOptionsFromEnvironment({ XrdSecsssKT: '/k', X509_CERT_DIR: '/c' }, undefined)).to.deep.equal({
      sssKeytab: '/k',
      caFolder: '/c',
    });
  });

  it('are read from their file at each use; a file without a token is named, not shown', async () => {
    expect(await bearerToken({ tokenFile: join(folder, 'bt_u77') }, 'root://h//f')).to.equal('a.b.c');
    writeFileSync(join(folder, 'odd'), 'two words');
    for (const name of ['odd', 'absent']) {
      const error = await failureOf(bearerToken({ tokenFile: join(folder, name) }, 'root://h//f'));
      expect(error.code).to.equal('STORAGE_AUTHENTICATION');
      expect(error.message).to.include(name).and.not.include('two words');
    }
  });
});
