/** How fast ROOT files are written: MB of values (uncompressed) a second, to a file in the system's temporary folder. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Compression } from '../rootio/write/block-compressor.js';
import { writeDimuonFile } from '../rootio/write/dimuon-dataset.js';
import { DimuonGenerator, emptyDimuonColumns } from '../rootio/write/dimuon-events.js';
import { RootFileWriter } from '../rootio/write/root-file-writer.js';
import type { ColumnSpec } from '../rootio/write/tree-columns.js';
import type { Batch } from '../rootio/write/tree-writer.js';
import type { BenchRow } from './main.js';

export const title = 'Writing ROOT files';

const ENTRIES = 250_000;
const MB = 1e6;

interface Sample {
  readonly what: string;
  readonly columns: readonly ColumnSpec[];
  readonly batch: Batch;
  readonly bytes: number;
  /** Batches written one after the other, so that each measurement takes some tenths of a second. */
  readonly times: number;
}

export async function run(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'write-bench-'));
  try {
    const rows: BenchRow[] = [];
    const samples = [flat(), lists(), texts()];
    for (const compression of ['none', 'lz4', 'zstd', 'zlib'] as const)
      for (const sample of samples) rows.push(await measure(folder, sample, compression));
    rows.push(await dimuons(folder));
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(folder: string, sample: Sample, compression: Compression): Promise<BenchRow> {
  const path = join(folder, 'sample.root');
  const total = sample.bytes * sample.times;
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 3; attempt++) {
    const started = performance.now();
    const file = await RootFileWriter.create(path, { compression });
    const tree = file.tree('t', '', sample.columns);
    for (let i = 0; i < sample.times; i++) tree.append(sample.batch, ENTRIES);
    file.close();
    best = Math.min(best, performance.now() - started);
  }
  const ratio = (total / statSync(path).size).toFixed(1);
  const what = `${sample.what}, ${compression} (${(total / MB).toFixed(0)} MB, made ${ratio} times smaller)`;
  return { what, value: `${(total / MB / (best / 1000)).toFixed(0)} MB/s`, target: 'at least 50' };
}

async function dimuons(folder: string): Promise<BenchRow> {
  const started = performance.now();
  const path = join(folder, 'dimuon.root');
  await writeDimuonFile(path, { seed: 1, firstEvent: 0, events: ENTRIES, run: 1 });
  const ms = performance.now() - started;
  return {
    what: `${ENTRIES} dimuon events made up and written, zlib`,
    value: `${ms.toFixed(0)} ms`,
    target: 'under 1500',
  };
}

/** The demonstration's own columns: floats that hardly compress, small integers that do. */
function flat(): Sample {
  const columns = emptyDimuonColumns(ENTRIES);
  new DimuonGenerator(1).fill(columns, 1, 0, ENTRIES);
  const typeOf = (values: object): ColumnSpec['type'] =>
    values instanceof Float32Array ? 'float32' : values instanceof Int32Array ? 'int32' : 'int64';
  const specs = Object.entries(columns).map(([name, values]) => ({ name, type: typeOf(values as object) }));
  return { what: 'flat columns', columns: specs, batch: { ...columns }, bytes: 48 * ENTRIES, times: 6 };
}

function lists(): Sample {
  const offsets = new Int32Array(ENTRIES + 1);
  for (let i = 0; i < ENTRIES; i++) offsets[i + 1] = offsets[i]! + (i % 7);
  const length = offsets[ENTRIES]!;
  const random = emptyDimuonColumns(length);
  new DimuonGenerator(2).fill(random, 1, 0, length);
  const list = 'nMuon';
  return {
    what: 'lists',
    columns: [
      { name: 'Muon_pt', type: 'float32', list },
      { name: 'Muon_eta', type: 'float32', list },
      { name: 'Muon_charge', type: 'int32', list },
    ],
    batch: {
      Muon_pt: { offsets, values: random.mu1_pt },
      Muon_eta: { offsets, values: random.mu1_eta },
      Muon_charge: { offsets, values: random.mu1_charge },
    },
    bytes: 12 * length + 4 * ENTRIES,
    times: 4,
  };
}

function texts(): Sample {
  const values = Array.from({ length: ENTRIES }, (_, i) => `HLT_Mu${i % 50}_TrkIsoVVL_v${i % 13}`);
  const bytes = values.reduce((sum, text) => sum + text.length + 1, 0);
  return { what: 'texts', columns: [{ name: 's', type: 'string' }], batch: { s: values }, bytes, times: 4 };
}
