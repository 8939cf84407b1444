import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeWhole } from '../../../client/run/whole-file.js';
import { FileSink } from '../../../rootio/write/file-sink.js';

describe('client: files that are whole or not there', () => {
  let folder: string;
  const path = (name: string): string => join(folder, name);
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'proof-whole-')));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('leave what was there when they cannot be written, and nothing beside it', async () => {
    writeFileSync(path('a'), 'before');
    const failed: unknown = await writeWhole(path('a'), (part) => {
      writeFileSync(part, 'half');
      throw new Error('the disk is full');
    }).catch((error: unknown) => error);
    expect((failed as Error).message).to.equal('the disk is full');
    expect(readdirSync(folder)).to.deep.equal(['a']);
    expect(readFileSync(path('a'), 'utf8')).to.equal('before');
    await writeWhole(path('a'), (part) => writeFileSync(part, 'after'));
    expect(readdirSync(folder)).to.deep.equal(['a']);
    expect(readFileSync(path('a'), 'utf8')).to.equal('after');
  });

  it('are written behind a link, which stays', async () => {
    writeFileSync(path('real'), 'before');
    symlinkSync('real', path('link'));
    await writeWhole(path('link'), (part) => writeFileSync(part, 'after'));
    expect(lstatSync(path('link')).isSymbolicLink()).to.equal(true);
    expect(readFileSync(path('real'), 'utf8')).to.equal('after');
  });

  it('are no pipes and devices, which are written to as they are', async () => {
    expect(spawnSync('mkfifo', [path('pipe')]).status).to.equal(0);
    const reader = spawn('cat', [path('pipe')], { stdio: ['ignore', 'pipe', 'inherit'] });
    let read = '';
    reader.stdout.on('data', (data: Buffer) => {
      read += data.toString('utf8');
    });
    await writeWhole(path('pipe'), (given) => writeFileSync(given, 'through'));
    await once(reader, 'close');
    expect(read).to.equal('through');
    expect(lstatSync(path('pipe')).isFIFO()).to.equal(true);
    expect(() => new FileSink(path('pipe'))).to.throw(/Could not write .*pipe: what is there is no file/);
    expect(lstatSync(path('pipe')).isFIFO()).to.equal(true);
  });
});
