/** Objects of directories as entries, and trees with their friends. */
import { expect } from 'chai';
import { FriendTable } from '../../../rootio/friend-table.js';
import { openRootFile } from '../../../rootio/root-file.js';
import { MemorySink } from '../../../rootio/write/memory-sink.js';
import { RootFileWriter } from '../../../rootio/write/root-file-writer.js';
import { bytesSource } from '../../support/byte-sources.js';

async function written(fill: (writer: RootFileWriter) => void) {
  const sink = new MemorySink();
  const writer = await RootFileWriter.onto(sink);
  fill(writer);
  writer.close();
  return openRootFile(bytesSource(Buffer.from(sink.bytes)));
}

describe('rootio: tables of objects', () => {
  it('hold the newest cycle of each object of the class or of one derived from it, in the order of the file', async () => {
    const file = await written((writer) => {
      writer.writeObjString('note', 'old', 'run1');
      writer.writeObjString('note', 'new', 'run1');
      writer.writeObjString('note', 'other', 'run2');
      writer.writeGraph({ name: 'g', title: '', x: [1], y: [2] }, 'run2');
    });
    const table = await file.objectTable('TObjString');
    expect([table.entries, table.clusters]).to.deep.equal([2, [0, 1, 2]]);
    const reader = table.reader(['object', 'path']);
    await reader.load(0, 2);
    expect(reader.column('path').values).to.deep.equal(['run1/note', 'run2/note']);
    expect((reader.column('object').values as { fString: string }[]).map((one) => one.fString)).to.deep.equal([
      'new',
      'other',
    ]);
    expect((await file.objectTable('TNamed')).entries, 'a TGraph is a TNamed').to.equal(1);
  });
});

describe('rootio: friends', () => {
  it('are read beside the table, entry by entry, under their alias', async () => {
    const n = 10;
    const file = await written((writer) => {
      const columns = [{ name: 'x', type: 'int32' as const }];
      writer.tree('main', '', columns).append({ x: Int32Array.from({ length: n }, (_, i) => i) }, n);
      writer.tree('extra', '', columns).append({ x: Int32Array.from({ length: n }, (_, i) => 100 + i) }, n);
    });
    const table = new FriendTable(await file.table('main'), [{ alias: 'more', table: await file.table('extra') }]);
    expect(table.columns.map((column) => column.name)).to.deep.equal(['x', 'more/x']);
    const reader = table.reader(['x', 'more.x']);
    await reader.load(3, 5);
    expect(Array.from(reader.column('x').values as Int32Array)).to.deep.equal([3, 4]);
    expect(Array.from(reader.column('more.x').values as Int32Array)).to.deep.equal([103, 104]);
  });
});
