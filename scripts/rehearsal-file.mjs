/** dist/job-agent/worker/rehearsal.root: what a worker's rehearsal reads (job-agent/worker/rehearsal.ts). Small: it goes with every pilot. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const ENTRIES = 4_000;
const CLUSTER_ENTRIES = 1_000;
const FLAT = ['mu1_pt', 'mu1_eta', 'mu2_eta', 'weight'];

/** @param dist where the compiled rooms are */
export async function writeRehearsalFile(dist) {
  const { RootFileWriter } = await import(pathToFileURL(join(dist, 'rootio/write/root-file-writer.js')).href);
  const file = await RootFileWriter.create(join(dist, 'job-agent/worker/rehearsal.root'), { compression: 'zlib' });
  const columns = [
    ...FLAT.map((name) => ({ name, type: 'float32' })),
    { name: 'mu1_charge', type: 'int32' },
    { name: 'pts', type: 'float32', list: true },
  ];
  const tree = file.tree('events', 'A rehearsal', columns, { autoFlush: CLUSTER_ENTRIES });
  const numbers = (n, of) => Float32Array.from({ length: n }, (_, i) => of(i));
  const batch = Object.fromEntries(
    FLAT.map((name, k) => [name, numbers(ENTRIES, (i) => ((i * 7919 * (k + 1)) % 1009) / 10)]),
  );
  const mu1_charge = Int32Array.from({ length: ENTRIES }, (_, i) => (i % 3 === 0 ? -1 : 1));
  const offsets = Int32Array.from({ length: ENTRIES + 1 }, (_, i) => 2 * i);
  const pts = { offsets, values: numbers(2 * ENTRIES, (i) => (i * 31) % 97) };
  tree.append({ ...batch, mu1_charge, pts }, ENTRIES);
  file.close();
}
