/** Files past 2 and 4 GB: a hole in the middle makes them without the time and the disk that they would take. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openRootFile } from '../../../rootio/root-file.js';
import { RootFileWriter } from '../../../rootio/write/root-file-writer.js';
import { fileSource } from '../../support/byte-sources.js';
import { type JsrootTree, openWithJsroot, readColumns } from '../../support/jsroot-reader.js';
import { SparseSink } from '../../support/sparse-sink.js';

describe('rootio/write: files past 2 GB', () => {
  const folder = mkdtempSync(join(tmpdir(), 'big-root-'));
  after(() => rmSync(folder, { recursive: true }));

  /** A tree with entries before and behind the hole, objects in folders behind it. */
  async function written(name: string, hole: number): Promise<string> {
    const sink = new SparseSink(join(folder, name));
    const file = await RootFileWriter.onto(sink);
    const tree = file.tree('events', '', [
      { name: 'x', type: 'float64' },
      { name: 'v', type: 'int32', list: true },
    ]);
    file.writeObjString('early', 'before the hole', 'a');
    const append = (first: number, count: number) => {
      const x = Float64Array.from({ length: count }, (_, i) => first + i);
      const offsets = Int32Array.from({ length: count + 1 }, (_, i) => 2 * i);
      tree.append({ x, v: { offsets, values: Int32Array.from({ length: 2 * count }, (_, i) => first + i) } }, count);
    };
    append(0, 30_000);
    sink.hole(hole);
    append(30_000, 30_000);
    file.writeObjString('late', 'behind the hole', 'a');
    file.writeObjString('late', 'in a folder made behind the hole', 'b/c');
    file.close();
    return sink.path;
  }

  for (const [size, hole] of [
    ['2 GB', 2_100_000_000],
    ['4 GB', 4_400_000_000],
  ] as const)
    it(`past ${size}: trees, folders and objects on both sides are read by JSROOT and by us`, async () => {
      const path = await written(`past ${size}.root`, hole);
      expect(statSync(path).size).to.be.greaterThan(hole);
      const theirs = await openWithJsroot(path);
      expect(theirs.fVersion).to.be.greaterThan(1_000_000);
      expect(await theirs.readObject('a/early')).to.include({ fString: 'before the hole' });
      expect(await theirs.readObject('a/late')).to.include({ fString: 'behind the hole' });
      expect(await theirs.readObject('b/c/late')).to.include({ fString: 'in a folder made behind the hole' });
      const tree = (await theirs.readObject('events')) as JsrootTree;
      const seeks = Array.from(tree.fBranches.arr[0]!.fBasketSeek);
      expect(Math.max(...seeks)).to.be.greaterThan(hole);
      const columns = await readColumns(tree, ['x', 'nv', 'v']);
      const numbers = Array.from({ length: 60_000 }, (_, i) => i);
      expect(columns['x']).to.deep.equal(numbers);
      expect(columns['v']!.at(-1)).to.deep.equal([89_998, 89_999]);

      const ours = await openRootFile(fileSource(path));
      const table = await ours.table('events');
      const reader = table.reader(['x', 'v']);
      await reader.load(0, table.entries);
      expect(Array.from(reader.column('x').values as Float64Array)).to.deep.equal(numbers);
      expect(Array.from(reader.column('v').values as Int32Array).slice(-2)).to.deep.equal([89_998, 89_999]);
      expect(await ours.object('b/c/late')).to.include({ fString: 'in a folder made behind the hole' });
      await ours.close();
    });
});
