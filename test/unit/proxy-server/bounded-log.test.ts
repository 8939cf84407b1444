import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { boundLog } from '../../../proxy-server/bounded-log.js';

describe('proxy-server: a log that masters append to', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-log-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('begins anew past its size, with its end kept beside it, for those who hold it open as well', () => {
    const path = join(folder, 'masters.log');
    boundLog(path, 100); // not there yet
    const held = openSync(path, 'a');
    writeSync(held, 'x'.repeat(100));
    boundLog(path, 100);
    expect(readFileSync(path, 'utf8')).to.have.length(100);
    writeSync(held, 'the end');
    boundLog(path, 100);
    expect(readFileSync(`${path}.1`, 'utf8')).to.match(/x{100}the end$/);
    writeSync(held, 'more');
    expect(readFileSync(path, 'utf8')).to.equal('more');
    closeSync(held);
  });
});
