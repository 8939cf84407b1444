/**
 * A master that dies by SIGKILL at each change that a query makes on its disk, one after the other, a write half done; and while it tells the
 * answer. The next master goes on, and whoever handed the query in gets the same bits, of one query.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { Program } from '../../analysis/program.js';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { histogramAndRows } from '../support/programs.js';
import { type Answer, outputsOf, SessionHarness, selector } from '../support/session-harness.js';

const EVENTS = 6_000;
/** Loaded before the master's own code: counts what changes a query's files, and ends the process in the middle of number KILL_AT. */
const HOOK = `
import fs from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
const { writeSync, openSync, fdatasync } = fs;
const { open, rename, rm, writeFile } = promises;
const isOfQuery = (path) => /\\/q\\d+\\//.test(String(path));
const ours = new Set();
let changes = 0;
const die = () => process.kill(process.pid, 'SIGKILL');
const half = (fd, data) => ArrayBuffer.isView(data) && writeSync(fd, data, 0, data.byteLength >> 1);
const step = (partly = () => {}) => {
  if (++changes !== Number(process.env.KILL_AT)) return;
  partly();
  die();
};
promises.open = async (path, ...more) => {
  const file = await open(path, ...more);
  if (!isOfQuery(path)) return file;
  for (const name of ['appendFile', 'writeFile']) {
    const write = file[name].bind(file);
    file[name] = (data, ...rest) => (step(() => half(file.fd, data)), write(data, ...rest));
  }
  for (const name of ['datasync', 'truncate']) {
    const act = file[name].bind(file);
    file[name] = (...rest) => (step(), act(...rest));
  }
  ours.add(file.fd);
  return file;
};
promises.writeFile = (file, data, ...more) => (ours.has(file?.fd) && step(() => half(file.fd, data)), writeFile(file, data, ...more));
promises.rename = (from, to) => (isOfQuery(from) && step(), rename(from, to).then(() => { if (String(to).endsWith('result.json')) isKept = true; }));
promises.rm = (path, ...more) => (isOfQuery(path) && step(), rm(path, ...more));
fs.openSync = (path, ...more) => {
  const fd = openSync(path, ...more);
  if (isOfQuery(path)) ours.add(fd);
  return fd;
};
fs.writeSync = (fd, data, ...more) => (ours.has(fd) && step(() => half(fd, data)), writeSync(fd, data, ...more));
fs.fdatasync = (fd, done) => (ours.has(fd) && step(), fdatasync(fd, done));
syncBuiltinESMExports();
let isKept = false;
const { write } = net.Socket.prototype;
net.Socket.prototype.write = function (data, ...more) {
  if (process.env.KILL_AT === 'answer' && isKept && data?.length > 1000) {
    while (this.writableCorked > 0) this.uncork();
    half(this._handle.fd, data);
    die();
  }
  return write.call(this, data, ...more);
};
`;

describe('fault: a master killed while it writes', () => {
  let harness: SessionHarness;
  let dataset: string[];
  let program: Program;
  let undisturbed: Answer;

  before(async () => {
    harness = await SessionHarness.start(2);
    const path = join(harness.folder, 'data.root');
    await writeDimuonFile(path, { seed: 1, run: 1, events: EVENTS, firstEvent: 0 });
    writeFileSync(join(harness.folder, 'hook.mjs'), HOOK);
    dataset = [pathToFileURL(path).href];
    program = await selector(harness.folder, histogramAndRows());
    undisturbed = await (await harness.client()).query(program, dataset);
  });
  after(() => harness?.stop());

  const results = (): number =>
    readdirSync(harness.folder).filter((name) => existsSync(join(harness.folder, name, 'result.json'))).length;
  const armed = async (killAt: number | 'answer'): Promise<void> => {
    await harness.killMaster();
    const hook = pathToFileURL(join(harness.folder, 'hook.mjs')).href;
    await harness.startMaster({ NODE_OPTIONS: `--import=${hook}`, KILL_AT: String(killAt) });
  };
  /** As a client does: handed in again under the same key when the link broke before the answer. @returns whether the master died */
  const runs = async (key: string): Promise<boolean> => {
    const client = await harness.client();
    const gone = harness.masterGone().then(() => undefined);
    const answered = client.submit(program, dataset, { key }).then((queryId) => client.answer(queryId));
    answered.catch(() => {}); // of a link that broke nothing is heard
    const first = await Promise.race([gone, answered]);
    if (first === undefined) await harness.startMaster();
    const answer = first ?? (await (await harness.client()).query(program, dataset, { key }));
    expect(answer.result.entries, key).to.deep.equal({ total: EVENTS, done: EVENTS, failed: 0, missing: 0 });
    expect(outputsOf(answer), key).to.equal(outputsOf(undisturbed));
    return first === undefined;
  };

  it('at every change of the query on its disk', async () => {
    const before = results();
    let deaths = 0;
    for (;;) {
      await armed(deaths + 1);
      if (!(await runs(`killed-at-${deaths + 1}`))) break; // it has no more changes than that
      deaths++;
      expect(results() - before, `one query, killed at ${deaths}`).to.equal(deaths);
    }
    expect(deaths).to.be.greaterThan(15);
  });

  it('and in the middle of the message with the answer', async () => {
    const before = results();
    await armed('answer');
    expect(await runs('answer')).to.equal(true);
    expect(results() - before).to.equal(1);
  });
});
