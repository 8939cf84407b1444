/** A ROOT file appears whole or not at all. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ByteSink } from '../../../rootio/write/byte-sink.js';
import { FileSink } from '../../../rootio/write/file-sink.js';
import { MemorySink } from '../../../rootio/write/memory-sink.js';
import { RootFileWriter } from '../../../rootio/write/root-file-writer.js';
import { openWithJsroot } from '../../support/jsroot-reader.js';

const writerUrl = new URL('../../../rootio/write/root-file-writer.js', import.meta.url).href;

describe('rootio/write: files on disk', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'file-sink-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('appends small and large pieces and patches them, as memory does', () => {
    const memory = new MemorySink();
    const disk = new FileSink(join(folder, 'x'));
    const both: ByteSink[] = [memory, disk];
    for (const size of [1, 1000, 3 << 20, 0, (1 << 20) - 1, 2, 1 << 20])
      for (const sink of both) sink.append(Buffer.alloc(size, size % 251));
    for (const sink of both) sink.patch(500, Buffer.from('patched'));
    for (const sink of both) sink.append(Buffer.from('end'));
    expect(disk.position).to.equal(memory.position);
    disk.publish();
    expect(readFileSync(disk.path).equals(memory.bytes)).to.equal(true);
  });

  it('shows nothing under the name before close, then the whole file instead of an older one', async () => {
    const path = join(folder, 'out.root');
    writeFileSync(path, 'an older file');
    const file = await RootFileWriter.create(path);
    file.writeObjString('note', 'new');
    expect(readFileSync(path, 'utf8')).to.equal('an older file');
    file.close();
    expect(await (await openWithJsroot(path)).readObject('note')).to.include({ fString: 'new' });
    expect(readdirSync(folder)).to.deep.equal(['out.root']);
    expect(() => file.writeObjString('late', '')).to.throw(/already closed/);
  });

  it('leaves nothing behind when it is given up', async () => {
    const file = await RootFileWriter.create(join(folder, 'out.root'));
    file.writeObjString('note', 'new');
    file.abort();
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it('says why it cannot begin', async () => {
    const path = join(folder, 'missing', 'out.root');
    const error = await RootFileWriter.create(path).catch((reason: unknown) => reason);
    expect(error).to.include({ code: 'ROOT_WRITE_FAILED', path });
    expect((error as Error).message).to.match(/ENOENT/);
  });

  it('does not begin where the name is a folder', async () => {
    const path = join(folder, 'out.root');
    mkdirSync(path);
    const error = await RootFileWriter.create(path).catch((reason: unknown) => reason);
    expect(error).to.include({ code: 'ROOT_WRITE_FAILED', path });
    expect((error as Error).message).to.match(/what is there is no file/);
    expect(readdirSync(folder)).to.deep.equal(['out.root']);
  });

  it('gives one clear error where the disk takes no more, and leaves no half file', () => {
    // The limit of the file size makes a real write fail, as a full disk would.
    const script = `
      import { RootFileWriter } from '${writerUrl}';
      const file = await RootFileWriter.create('out.root', { compression: 'none' });
      const tree = file.tree('t', '', [{ name: 'x', type: 'float64' }]);
      try {
        for (let i = 0; i < 100; i++) tree.append({ x: new Float64Array(100_000) }, 100_000);
        file.close();
      } catch (error) {
        console.log(error.code, error.message, error.cause.code);
      }`;
    const command = `ulimit -f 4096 && exec "${process.execPath}" --input-type=module -e '${script.replaceAll("'", '"')}'`;
    const { stdout, stderr } = spawnSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8' });
    expect(stderr).to.equal('');
    expect(stdout).to.match(/^ROOT_WRITE_FAILED Could not write out\.root: EFBIG.* EFBIG\n$/);
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it('needs the memory of its baskets only, however many entries are written', () => {
    const megabytes = 800;
    const script = `
      import { RootFileWriter } from '${writerUrl}';
      const sink = { path: 'counted', position: 0, append(b) { this.position += b.length; }, patch() {}, publish() {}, discard() {} };
      const file = await RootFileWriter.onto(sink, { compression: 'none' });
      const tree = file.tree('t', '', [{ name: 'x', type: 'float64' }, { name: 'y', type: 'float64' }]);
      const column = new Float64Array(62_500);
      for (let i = 0; i < ${megabytes}; i++) tree.append({ x: column, y: column }, 62_500);
      file.close();
      console.log(sink.position / 1e6, process.resourceUsage().maxRSS / 1e3);`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    const [written, resident] = stdout.split(' ').map(Number);
    expect(written).to.be.greaterThan(megabytes);
    expect(resident).to.be.lessThan(megabytes / 2);
  });
});
