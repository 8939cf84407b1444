/** All the shared real files against what uproot reads from them: keys, every branch by checksum, ntuples, histograms. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { inspectFile } from '../../rootio/inspect/inspect-file.js';
import { jsonText } from '../../rootio/inspect/json-text.js';
import { openRootFile } from '../../rootio/root-file.js';
import { openSource } from '../../storage/open-source.js';
import { sharedPath } from '../support/shared.js';
import { skipBecause } from '../support/summary-reporter.js';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type Dict = { [key: string]: Json };

/** Sums of the file's maker are not exact; ours are. */
const SUM_TOLERANCE = 1e-12;

/** Where the second lacks what the first has, or differs from it. Branches that the first calls `other` need only be that. */
function differences(expected: Json, found: Json | undefined, path: string): string[] {
  if (expected === null || typeof expected !== 'object') {
    const isSum = path.endsWith('/sum') && typeof expected === 'number' && typeof found === 'number';
    const near = isSum && Math.abs(expected - found) <= SUM_TOLERANCE * Math.max(1, Math.abs(expected));
    return expected === found || near
      ? []
      : [`${path}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`];
  }
  if (found === null || typeof found !== 'object') return [`${path}: ${JSON.stringify(found)}`];
  if (!Array.isArray(expected) && (expected['kind'] === 'other' || expected['kind'] === 'unreadable')) {
    const kind = (found as Dict)['kind'];
    return kind === 'other' || kind === 'unreadable' ? [] : [`${path}: kind ${JSON.stringify(kind)} instead of other`];
  }
  return Object.entries(expected).flatMap(([key, value]) => differences(value, (found as Dict)[key], `${path}/${key}`));
}

describe('rootio: real files', () => {
  it('are read as uproot reads them', async function () {
    const expectedPath = sharedPath('testdata/root-expected.json');
    if (expectedPath === undefined) return skipBecause(this, 'no shared data: testdata/root-expected.json');
    this.timeout(60_000);
    const expected = JSON.parse(readFileSync(expectedPath, 'utf8')) as Dict;
    const wrong: string[] = [];
    for (const [name, form] of Object.entries(expected)) {
      const source = await openSource(join(sharedPath('testdata/root')!, name));
      const found = JSON.parse(jsonText(await inspectFile(await openRootFile(source)))) as Dict;
      await source.close();
      expect(found['keys'], name).to.deep.equal((form as Dict)['keys']);
      wrong.push(...differences(form, found, name));
    }
    expect(wrong).to.deep.equal([]);
  });
});
