/**
 * ROOT itself reads what we write: a macro dumps every object and every entry of a file as text, which is compared number by number.
 * It runs where there is a ROOT, of any version from 5.34: `root` in the PATH, or $PROOF_ROOT.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { RootFileWriter } from '../../rootio/write/root-file-writer.js';
import { type Contents, writeEveryKind } from '../support/every-kind.js';
import { SparseSink } from '../support/sparse-sink.js';
import { skipBecause } from '../support/summary-reporter.js';

const root = process.env['PROOF_ROOT'] ?? 'root';
const MACRO = join(import.meta.dirname, '../../../test/support/dumproot.C');
/** What ROOT 5 says of any tree that ROOT 6 wrote: it has no such class, and needs none. */
const EXPECTED_WARNING = 'Warning in <TClass::TClass>: no dictionary for class ROOT::TIOFeatures is available';

/** Lines of dumproot.C, in the form of every-kind.ts. */
function parseDump(text: string): Contents {
  const contents: Contents = new Map();
  const decode = (hex: string): string => Buffer.from(hex, 'hex').toString('utf8');
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [kind = '', path = '', ...words] = line.split('\t');
    const number = path.endsWith('Long64_t') ? BigInt : Number;
    if (kind === 'object') contents.set(path, [words[0]!, decode(words[1]!)]);
    else if (kind === 'texts') contents.set(/\/[xyz]$/.test(path) ? `${path} title` : path, words.map(decode));
    else
      contents.set(
        path,
        words.map((word) => (word.startsWith('[') ? word : number(word))),
      );
  }
  return contents;
}

function dump(path: string): Contents {
  const text = `${path}.txt`;
  const run = spawnSync(root, ['-l', '-b', '-q', `${MACRO}("${path}","${text}")`], { encoding: 'utf8' });
  const complaints = `${run.stdout}\n${run.stderr}`.split('\n').filter((line) => /warning|error|break/i.test(line));
  expect(complaints.filter((line) => line !== EXPECTED_WARNING)).to.deep.equal([]);
  return parseDump(readFileSync(text, 'latin1'));
}

describe('rootio: ROOT reads what we write', () => {
  const folder = mkdtempSync(join(tmpdir(), 'root-reads-'));
  let version: string | undefined;
  before(async () => {
    const path = join(folder, 'probe.root');
    const file = await RootFileWriter.create(path);
    file.close();
    const probe = spawnSync(root, ['-l', '-b', '-q', `${MACRO}("${path}","${path}.txt")`], { stdio: 'ignore' });
    if (probe.status === 0) version = String(dump(path).get('')?.[1]);
  });
  after(() => rmSync(folder, { recursive: true }));

  function expectSame(found: Contents, expected: Contents): void {
    found.delete('');
    expect([...found.keys()].toSorted()).to.deep.equal([...expected.keys()].toSorted());
    for (const [path, values] of expected) expect(found.get(path), path).to.deep.equal(values);
  }

  // ROOT 5 knows neither LZ4 nor Zstandard.
  for (const compression of ['none', 'zlib', 'lzma', 'lz4', 'zstd'] as const)
    it(`every kind of object and column, ${compression}`, async function () {
      if (version === undefined) return skipBecause(this, 'no ROOT: it is looked for as `root` or $PROOF_ROOT');
      if (version.startsWith('5') && ['lz4', 'zstd'].includes(compression))
        return skipBecause(this, `ROOT ${version} does not know ${compression}`);
      const path = join(folder, `${compression}.root`);
      const file = await RootFileWriter.create(path, { compression });
      const expected = writeEveryKind(file);
      file.close();
      expectSame(dump(path), expected);
    });

  it('a file past 2 GB, trees and objects on both sides', async function () {
    if (version === undefined) return skipBecause(this, 'no ROOT: it is looked for as `root` or $PROOF_ROOT');
    const sink = new SparseSink(join(folder, 'big.root'));
    const file = await RootFileWriter.onto(sink);
    const tree = file.tree('halves', '', [{ name: 'i', type: 'int32' }], { autoFlush: 1000 });
    tree.append({ i: Int32Array.from({ length: 1000 }, (_, i) => i) }, 1000);
    sink.hole(2_200_000_000);
    tree.append({ i: Int32Array.from({ length: 500 }, (_, i) => -i) }, 500);
    tree.close();
    const expected = writeEveryKind(file);
    file.close();
    expected.set('halves;1', ['TTree', '']);
    expected.set('halves;1/entries', [1500]);
    expected.set('halves;1/user-info', []);
    expected.set('halves;1/friends', []);
    expected.set(
      'halves;1/i:Int_t',
      Array.from({ length: 1500 }, (_, i) => (i < 1000 ? i : 1000 - i)),
    );
    expectSame(dump(sink.path), expected);
  });
});
