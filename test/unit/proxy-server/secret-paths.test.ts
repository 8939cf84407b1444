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

  it('are folders of the state directory that a new one has before anything runs, the catalog and packages among them', () => {
    const stateDir = join(folder, 'state');
    makeStateDir(stateDir);
    const file = join(folder, 'proxy.yaml');
    writeFileSync(file, 'stateDir: state\n');
    const hidden = new Set(secretPaths(readProxyConfig(file), join(stateDir, 's')));
    const folders = readdirSync(stateDir).map((name) => join(stateDir, name));
    expect(folders.map((path) => path.slice(stateDir.length + 1))).to.include.members(['catalog', 'packages', 'jobs']);
    for (const path of folders) {
      expect(hidden, path).to.include(path);
      expect(statSync(path).mode & 0o777, path).to.equal(0o700);
    }
  });
});
