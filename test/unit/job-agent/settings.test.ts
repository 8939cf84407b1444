/** Where an agent's settings come from, and what is wrong with those that it cannot start with. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { cleanEnvironment } from '../../../isolation/clean-environment.js';
import { readSettings } from '../../../job-agent/settings.js';

describe('job-agent: settings', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-settings-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const refusal = (argv: string[], env: NodeJS.ProcessEnv = {}): string => {
    try {
      readSettings(argv, env);
    } catch (error) {
      return (error as Error).message;
    }
    return 'accepted';
  };

  it("come from the pilot's file, then variables, then flags, and the secret does not stay on disk", () => {
    const settings = file('agent.json', '{"server":"http://a:1","site":"S","cores":2,"pilotId":"p1","secret":"s"}');
    const env = { PROOF_SETTINGS: settings, PROOF_CORES: '4', PROOF_SITE: 'T', PROOF_CLOSE_SES: 'A::B::C, A::B::D' };
    const read = readSettings(['--cores', '8'], env);
    expect(read).to.deep.include({ server: 'http://a:1', site: 'T', cores: 8, pilotId: 'p1', secret: 's' });
    expect(read.closeSEs).to.deep.equal(['A::B::C', 'A::B::D']);
    expect(existsSync(settings)).to.equal(false);
  });

  it('take a token from a file, which stays', () => {
    const token = file('token', 'abc\n');
    expect(readSettings(['--server', 'http://a:1', '--site=S', '--token-file', token], {}).secret).to.equal('abc');
    expect(existsSync(token)).to.equal(true);
  });

  it('hide from users what they name: the token, and keys and tokens beside it and beside the certificate', () => {
    const own = ['--server', 'http://a:1', '--site=S'];
    const token = file('mine', 'abc\n');
    const ca = file('ca.pem', 'c');
    const all = ['*.key*', '*.token*', 'tokens'].map((name) => join(folder, name));
    for (const read of [
      readSettings([...own, '--token-file', token, '--ca', ca], { PROOF_HIDE_PATHS: '/data/private' }),
      readSettings(own, { PROOF_TOKEN_FILE: token, PROOF_CA_FILE: ca, PROOF_HIDE_PATHS: '/data/private' }),
    ])
      expect(read.hidePaths)
        .to.include.members(['/data/private', token, ...all])
        .and.not.include(ca);
    expect(readSettings([...own, '--ca', ca], {}).hidePaths).to.include.members(all);
    expect(readSettings(own, {}).hidePaths).to.deep.equal([]);
  });

  it('that are missing or mean nothing are named', () => {
    expect(refusal(['--site', 'S'])).to.contain('needs --server');
    expect(refusal(['--server', 'http://a:1'])).to.contain('needs --site');
    expect(refusal(['--server', 'here', '--site', 'S'])).to.contain('server must be a URL');
    expect(refusal(['--cores', '0', '--server', 'http://a:1', '--site', 'S'])).to.contain('cores');
    expect(refusal(['--cores', 'many', '--server', 'http://a:1', '--site', 'S'])).to.contain(
      'setting cores must be a number, not many',
    );
    expect(refusal(['--core', '1'])).to.contain('does not know --core');
    expect(refusal(['--cores'])).to.contain('--cores needs a value');
    expect(refusal([], { PROOF_SETTINGS: join(folder, 'none') })).to.contain('cannot read');
    expect(refusal([], { PROOF_SETTINGS: file('bad.json', '{') })).to.contain('no JSON');
  });

  it('and secrets of the slot do not reach the workers', () => {
    const env = {
      PATH: '/bin',
      LC_ALL: 'C',
      HOME: '/h',
      PROOF_SECRET_FILE: '/x',
      X509_USER_PROXY: '/p',
      BEARER_TOKEN: 't',
    };
    expect(cleanEnvironment(env)).to.deep.equal({ PATH: '/bin', LC_ALL: 'C', HOME: '/h' });
  });
});
