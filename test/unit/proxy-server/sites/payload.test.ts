/** The payload: it runs without this installation and without Node.js in PATH, tells damage, and leaves nothing. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runCommand } from '../../../../proxy-server/sites/command-runner.js';
import { writePayload } from '../../../../proxy-server/sites/payload.js';

const TOOLS = ['sh', 'uname', 'mktemp', 'tail', 'sha256sum', 'cut', 'tar', 'gzip', 'rm'];

describe('proxy-server: the pilot payload', function () {
  this.timeout(60_000);
  let folder: string;
  let payload: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'proof-payload-test-'));
    mkdirSync(join(folder, 'bin'));
    mkdirSync(join(folder, 'scratch'));
    for (const tool of TOOLS) symlinkSync(join('/usr/bin', tool), join(folder, 'bin', tool));
    payload = join(folder, 'payload.sh');
    expect((await writePayload(payload)).sha256).to.match(/^[0-9a-f]{64}$/);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const run = (file: string) =>
    runCommand(['/bin/sh', file], {
      env: { PATH: join(folder, 'bin'), TMPDIR: join(folder, 'scratch') },
      timeoutMs: 30_000,
    });

  it('becomes the agent: without settings it says what it needs', async () => {
    const ran = await run(payload);
    expect(ran).to.deep.include({ how: 'ended', status: 2 });
    expect(ran).to.have.property('stderr').that.contains('An agent needs --server');
    expect(readdirSync(join(folder, 'scratch'))).to.deep.equal([]);
  });

  it('does not run what was damaged or cut short on its way', async () => {
    const bytes = readFileSync(payload);
    for (const damaged of [bytes.subarray(0, -1000), Buffer.concat([bytes, Buffer.from('x')])]) {
      writeFileSync(join(folder, 'damaged.sh'), damaged);
      const ran = await run(join(folder, 'damaged.sh'));
      expect(ran).to.deep.include({ how: 'ended', status: 13 });
      expect(ran).to.have.property('stderr').that.contains('damaged on its way');
    }
    expect(readdirSync(join(folder, 'scratch'))).to.deep.equal([]);
  });
});
