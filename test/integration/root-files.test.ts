/** All the shared real files against what uproot reads from them: keys, every branch by checksum, ntuples, histograms. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { GridError } from '../../protocol/errors.js';
import { inspectFile } from '../../rootio/inspect/inspect-file.js';
import { jsonText } from '../../rootio/inspect/json-text.js';
import { openRootFile } from '../../rootio/root-file.js';
import { openSource } from '../../storage/open-source.js';
import { sharedPath } from '../support/shared.js';
import { skipBecause } from '../support/summary-reporter.js';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type Dict = { [key: string]: Json };

const OWN_STREAMER = 'its objects come from a streamer of their own, which the file does not describe';

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

  /** `file: column` -> why nobody who has only the file can read it. */
  const NOT_READ: Readonly<Record<string, string>> = {
    'uproot-issue-607.root: event': OWN_STREAMER,
    'uproot-issue434.root: KM3NET_TIMESLICE/vector<KM3NETDAQ::JDAQSuperFrame>': OWN_STREAMER,
    'uproot-issue434.root: KM3NET_EVENT/triggeredHits': OWN_STREAMER,
    'uproot-issue434.root: KM3NET_EVENT/snapshotHits': OWN_STREAMER,
    'uproot-issue434.root: KM3NET_SUMMARYSLICE/vector<KM3NETDAQ::JDAQSummaryFrame>': OWN_STREAMER,
  };

  it('give a value for each of their columns, objects included, but for those named here', async function () {
    const folder = sharedPath('testdata/root');
    if (folder === undefined) return skipBecause(this, 'no shared data: testdata/root');
    const failed: string[] = [];
    for (const name of readdirSync(folder).filter((one) => one.endsWith('.root'))) {
      const file = await openRootFile(await openSource(join(folder, name)));
      for (const path of await file.tables()) {
        const table = await file.table(path);
        for (const column of table.columns) {
          try {
            const reader = table.reader([column.name]);
            await reader.load(0, Math.min(column.entries ?? table.entries, 50));
            expect(reader.column(column.name).kind).to.equal(column.kind);
          } catch (error) {
            if (!(error instanceof GridError)) throw error;
            failed.push(`${name}: ${column.name}`);
          }
        }
      }
      await file.close();
    }
    expect(failed.toSorted()).to.deep.equal(Object.keys(NOT_READ).toSorted());
  });

  it('give maps of objects, streamed member by member', async function () {
    const path = sharedPath('testdata/root/uproot-issue404.root');
    if (path === undefined) return skipBecause(this, 'no shared data: testdata/root');
    const file = await openRootFile(await openSource(path));
    const name = 'Geant4Data./Geant4Data.particles';
    const reader = (await file.table('Geant4Data')).reader([name]);
    await reader.load(0, 1);
    const [map] = reader.column(name).values as unknown as {
      first: number;
      second: { name: string; mass: number };
    }[][];
    const found = new Map(map!.map(({ first, second }) => [first, [second.name, second.mass]]));
    // Particles by their PDG codes.
    expect(found.get(-1000020040)).to.deep.equal(['anti_alpha', 3.727379]);
    expect(found.get(2212)).to.deep.equal(['proton', 0.938272013]);
    expect(found.get(22)).to.deep.equal(['gamma', 0]);
    await file.close();
  });

  it('give the members of TLorentzVectors as the same numbers that a flat copy of the data has', async function () {
    const [objects, flat] = ['uproot-HZZ-objects', 'uproot-HZZ'].map((name) =>
      sharedPath(`testdata/root/${name}.root`),
    );
    if (objects === undefined || flat === undefined) return skipBecause(this, 'no shared data: testdata/root');
    const pairs = { 'muonp4/fP/fX': 'Muon_Px', 'muonp4/fE': 'Muon_E', 'jetp4.fP.fZ': 'Jet_Pz' };
    const values = async (path: string, names: readonly string[]) => {
      const table = await (await openRootFile(await openSource(path))).table();
      const reader = table.reader(names);
      await reader.load(0, table.entries);
      return names.map((name) => Array.from(reader.column(name).values as ArrayLike<number>));
    };
    expect(await values(objects, Object.keys(pairs))).to.deep.equal(await values(flat, Object.values(pairs)));
  });
});
