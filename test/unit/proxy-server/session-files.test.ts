/** What users' code may have put into the directory of its session's master does not lead the ProxyServer elsewhere. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkSocket, readSessionFile } from '../../../proxy-server/session-files.js';

describe('proxy-server: files of a session', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-session-files-'));
    mkdirSync(join(folder, 's1', 'q1'), { recursive: true });
    mkdirSync(join(folder, 's2', 'q1'), { recursive: true });
    writeFileSync(join(folder, 'key.json'), 'secret');
    writeFileSync(join(folder, 's2', 'q1', 'state.bin'), "another's");
    writeFileSync(join(folder, 's1', 'q1', 'state.bin'), 'own');
    symlinkSync('../../key.json', join(folder, 's1', 'q1', 'result.json'));
    symlinkSync('../s2/q1', join(folder, 's1', 'q2'));
  });
  after(() => rmSync(folder, { recursive: true }));
  const read = (...names: string[]): Promise<string> =>
    readSessionFile(join(folder, 's1'), join(folder, 's1', ...names)).then(
      String,
      (error: { code?: string }) => error.code ?? '',
    );

  it('are read where they are its own, and not through links', async () => {
    expect(await read('q1', 'state.bin')).to.equal('own');
    expect(await read('q1', 'result.json')).to.equal('PROXY_SESSION_FILE');
    expect(await read('q2', 'state.bin')).to.equal('PROXY_SESSION_FILE');
    expect(await read('q1')).to.equal('PROXY_SESSION_FILE');
    expect(await read('q3')).to.equal('PROXY_SESSION_FILE');
  });

  it('and its socket is one, of its own directory', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder, 's2', 'm'), resolve));
    symlinkSync('../s2/m', join(folder, 's1', 'm'));
    symlinkSync('s2', join(folder, 's3'));
    expect(() => checkSocket(join(folder, 's2', 'm'))).not.to.throw();
    for (const name of ['s1', 's3'])
      expect(() => checkSocket(join(folder, name, 'm')), name).to.throw(/is not the socket/);
    await new Promise((resolve) => server.close(resolve));
  });
});
