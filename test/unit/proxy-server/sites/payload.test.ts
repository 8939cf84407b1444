/** The payload: it runs without this installation and without Node.js in PATH, tells damage, and leaves nothing. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { runCommand } from '../../../../proxy-server/sites/command-runner.js';
import { payloadArchive, writePayload } from '../../../../proxy-server/sites/payload.js';
import { skipBecause } from '../../../support/summary-reporter.js';

/** What docs/sites.md asks of a node. */
const TOOLS = ['sh', 'uname', 'mktemp', 'mkdir', 'rm', 'tail', 'cat', 'tee', 'sha256sum', 'tar', 'gzip'];

describe('proxy-server: the pilot payload', () => {
  let folder: string;
  let payload: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'proof-payload-test-'));
    mkdirSync(join(folder, 'bin'));
    mkdirSync(join(folder, 'scratch'));
    for (const tool of TOOLS) symlinkSync(join('/usr/bin', tool), join(folder, 'bin', tool));
    payload = (await writePayload(folder)).file;
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const run = (file: string, place = join(folder, 'scratch')) =>
    runCommand(['/bin/sh', file], {
      env: { PATH: join(folder, 'bin'), TMPDIR: place },
      timeoutMs: 200_000,
    });

  it('becomes the agent: without settings it says what it needs', async () => {
    const ran = await run(payload);
    expect(ran).to.deep.include({ how: 'ended', status: 2 });
    expect(ran).to.have.property('stderr').that.contains('An agent needs --server');
    expect(readdirSync(join(folder, 'scratch'))).to.deep.equal([]);
  });

  it('is made alike again, so that pilots of a server that was started again find theirs', async () => {
    expect((await writePayload(folder)).file).to.equal(payload);
    const { nbytes, stream } = (await payloadArchive(folder, /[0-9a-f]{64}/.exec(payload)![0]))!;
    const hash = createHash('sha256');
    await pipeline(stream, hash);
    expect(payload).to.contain(hash.digest('hex'));
    expect(statSync(payload).size - nbytes).to.equal(4096);
    expect(await payloadArchive(folder, '0'.repeat(64))).to.equal(undefined);
  });

  it('tells lack of room from damage', async function () {
    const small = join(folder, 'small');
    mkdirSync(small);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'proof-small', small]).status !== 0)
      skipBecause(this, 'this user may not mount a small file system');
    try {
      const ran = await run(payload, small);
      expect(ran).to.deep.include({ how: 'ended', status: 10 });
      expect(ran)
        .to.have.property('stderr')
        .that.contains('cannot unpack into')
        .and.contains('No space left on device');
      expect(readdirSync(small)).to.deep.equal([]);
    } finally {
      spawnSync('umount', [small]);
    }
  });

  it('leaves nothing when it is told to end while it unpacks', async () => {
    const place = join(folder, 'scratch');
    const child = spawn('/bin/sh', [payload], { env: { PATH: join(folder, 'bin'), TMPDIR: place }, stdio: 'ignore' });
    const ended = once(child, 'exit');
    while (!readdirSync(place).some((name) => existsSync(join(place, name, 'unpacked'))))
      await new Promise(setImmediate);
    child.kill('SIGTERM');
    expect(await ended).to.deep.equal([0, null]);
    expect(readdirSync(place)).to.deep.equal([]);
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
