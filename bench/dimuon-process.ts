/** One of the processes of two-processes.ts: at each message the dimuon loop over the files of its command line, then an answer. */
import { chooseCodecs } from '../rootio/compression/tier.js';
import { openRootFile } from '../rootio/root-file.js';
import { openSource } from '../storage/open-source.js';
import { BINS, forClusters, SAMPLES } from './dimuon-loop.js';

const { columns, loop } = SAMPLES[0]!;
const codecs = await chooseCodecs('system');

process.on('message', async () => {
  const bins = new Float64Array(BINS + 2);
  for (const path of process.argv.slice(2)) {
    const file = await openRootFile(await openSource(path), { codecs });
    const table = await file.table();
    const reader = table.reader(columns);
    forClusters(table, reader, () => loop(reader, bins));
    await file.close();
  }
  process.send!(bins.reduce((sum, weight) => sum + weight, 0));
});
