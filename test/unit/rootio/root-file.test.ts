/** Trees of real files: shapes, values and the reading of ranges. */
import { expect } from 'chai';
import { NoSuchColumnError, NoSuchObjectError, NotRootFileError } from '../../../rootio/errors.js';
import { openRootFile } from '../../../rootio/root-file.js';
import type { ColumnData } from '../../../rootio/table.js';
import { bytesSource, fileSource } from '../../support/byte-sources.js';
import { sharedPath } from '../../support/shared.js';
import { skipBecause } from '../../support/summary-reporter.js';

function sharedFile(test: Mocha.Context, name: string): string {
  const path = sharedPath(name);
  if (path === undefined) return skipBecause(test, `no shared data: ${name}`);
  return path;
}

const numbersOf = (data: ColumnData): number[] => Array.from(data.values as ArrayLike<number>, Number);

describe('rootio: ROOT files', () => {
  it('gives the columns of the only tree, flat numbers and text', async function () {
    const file = await openRootFile(fileSource(sharedFile(this, 'testdata/root/uproot-Zmumu.root')));
    const table = await file.table();
    expect(table.entries).to.equal(2304);
    const reader = table.reader(['Type', 'E1', 'Q1']);
    await reader.load(0, 3);
    expect(reader.column('Type')).to.deep.equal({ kind: 'string', values: ['GT', 'TT', 'GT'] });
    expect(numbersOf(reader.column('Q1'))).to.deep.equal([1, -1, -1]);
    expect(reader.column('E1').values).to.be.instanceOf(Float64Array).with.lengthOf(3);
    await file.close();
  });

  it('reads any range as it reads the whole, whichever compression', async function () {
    for (const kind of ['zlib', 'lz4', 'lzma', 'zstd']) {
      const file = await openRootFile(fileSource(sharedFile(this, `testdata/root/uproot-HZZ-${kind}.root`)));
      const table = await file.table();
      const whole = table.reader(['Jet_Px']);
      await whole.load(0, table.entries);
      const all = whole.column('Jet_Px');
      if (all.kind !== 'list') throw new Error(all.kind);
      const reader = table.reader(['Jet_Px', 'NJet']);
      for (const [first, end] of [
        [0, 7],
        [7, 8],
        [8, 8],
        [100, 1500],
        [1499, 2421],
      ] as const) {
        await reader.load(first, end);
        const some = reader.column('Jet_Px');
        if (some.kind !== 'list') throw new Error(some.kind);
        const begin = all.offsets[first]!;
        expect(numbersOf(some)).to.deep.equal(numbersOf(all).slice(begin, all.offsets[end]));
        const counts = Array.from(some.offsets.subarray(1), (offset, i) => offset - some.offsets[i]!);
        expect(counts).to.deep.equal(numbersOf(reader.column('NJet')));
      }
      await file.close();
    }
  });

  it('names the nearest column, and the objects that are not there', async function () {
    const file = await openRootFile(fileSource(sharedFile(this, 'testdata/root/uproot-Zmumu.root')));
    const table = await file.table();
    expect(() => table.reader(['px3'])).to.throw(NoSuchColumnError, /Did you mean px[12]\?/);
    const missing = await file.table('event').catch((error: unknown) => error);
    expect(missing).to.be.instanceOf(NoSuchObjectError).with.property('message').that.contains('Did you mean events?');
    await file.close();
  });

  it('gives text that was stored as an object of its own, short as it may be', async function () {
    const file = await openRootFile(fileSource(sharedFile(this, 'testdata/root/uproot-issue485.root')));
    const texts = ['log_level', 'number_of_events', 'version'].map((name) => file.object(`config/Allpix/${name}`));
    expect((await Promise.all(texts)).map(({ fString }) => fString)).to.deep.equal([
      '"INFO"',
      '5',
      '"v1.5.0+6^g3b9c7c9"',
    ]);
    await file.close();
  });

  it('refuses what is no ROOT file', async () => {
    const refused = await openRootFile(bytesSource(Buffer.from('<html>not here</html>'))).catch(
      (error: unknown) => error,
    );
    expect(refused).to.be.instanceOf(NotRootFileError);
  });
});
