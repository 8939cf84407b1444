/** What users' code on the ProxyServer's own machine must not see has to be there before such code starts: it is hidden as it is found then. */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readProxyConfig } from '../../../proxy-server/config.js';
import { secretPaths } from '../../../proxy-server/secret-paths.js';
import { makeStateDir } from '../../../proxy-server/state-db.js';

describe('proxy-server: secret paths', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-secrets-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const hiddenOf = (stateDir: string): string[] => {
    const file = join(folder, 'proxy.yaml');
    writeFileSync(file, `stateDir: ${stateDir}\n`);
    return secretPaths(readProxyConfig(file), join(folder, 's'));
  };

  it('are the whole state directory, with what comes later', () => {
    expect(hiddenOf('state')).to.include(join(folder, 'state'));
  });

  it('are its folders, where the configuration lies in it: a new one has them before anything runs', () => {
    makeStateDir(folder);
    const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name)).to.include.members(['catalog', 'packages', 'jobs']);
    const hidden = hiddenOf('.');
    expect(hidden).not.to.include(folder);
    for (const path of folders.map(({ name }) => join(folder, name))) {
      expect(hidden, path).to.include(path);
      expect(statSync(path).mode & 0o777, path).to.equal(0o700);
    }
  });
});
