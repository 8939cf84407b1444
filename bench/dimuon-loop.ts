/** The dimuon loop that the benchmarks measure: dimuon.c does the same. */
import { coshMinusCos } from '../analysis/cosh-minus-cos.js';
import type { ColumnReader, Table } from '../rootio/table.js';

export const BINS = 120;

export interface Sample {
  readonly name: 'flat' | 'nano';
  readonly columns: readonly string[];
  readonly loop: (reader: ColumnReader, bins: Float64Array) => void;
}

const FLAT = ['pt', 'eta', 'phi', 'charge'];
export const SAMPLES: readonly Sample[] = [
  { name: 'flat', columns: [...FLAT.map((c) => `mu1_${c}`), ...FLAT.map((c) => `mu2_${c}`), 'weight'], loop: flatLoop },
  { name: 'nano', columns: ['nMuon', ...FLAT.map((c) => `Muon_${c}`)], loop: listLoop },
];

/** @throws {Error} unless the source is a local file */
export function forClusters(table: Table, reader: ColumnReader, use: () => void): void {
  for (const [i, first] of table.clusters.slice(0, -1).entries()) {
    if (reader.load(first, table.clusters[i + 1]!) !== undefined) throw new Error('the source is not local');
    use();
  }
}

function binOf(mass: number): number {
  return mass < 60 ? 0 : mass >= 120 ? BINS + 1 : 1 + ((((mass - 60) * BINS) / 60) | 0);
}

function flatLoop(reader: ColumnReader, bins: Float64Array): void {
  const floats = (name: string): Float32Array => reader.column(name).values as Float32Array;
  const [pt1, eta1, phi1, pt2, eta2, phi2] = ['mu1_pt', 'mu1_eta', 'mu1_phi', 'mu2_pt', 'mu2_eta', 'mu2_phi'].map(
    floats,
  ) as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
  const charge1 = reader.column('mu1_charge').values as Int32Array;
  const charge2 = reader.column('mu2_charge').values as Int32Array;
  const weight = floats('weight');
  for (let i = 0; i < weight.length; i++) {
    if (charge1[i]! * charge2[i]! >= 0) continue;
    const squared = 2 * pt1[i]! * pt2[i]! * coshMinusCos(eta1[i]! - eta2[i]!, phi1[i]! - phi2[i]!);
    bins[binOf(Math.sqrt(squared))]! += weight[i]!;
  }
}

function listLoop(reader: ColumnReader, bins: Float64Array): void {
  const floats = (name: string): Float32Array => reader.column(name).values as Float32Array;
  const [pt, eta, phi] = ['Muon_pt', 'Muon_eta', 'Muon_phi'].map(floats) as [Float32Array, Float32Array, Float32Array];
  const charge = reader.column('Muon_charge').values as Int32Array;
  const count = reader.column('nMuon').values as Int32Array;
  for (let entry = 0, a = 0; entry < count.length; a += count[entry++]!) {
    const b = a + 1;
    if (count[entry]! < 2 || charge[a]! * charge[b]! >= 0) continue;
    const squared = 2 * pt[a]! * pt[b]! * coshMinusCos(eta[a]! - eta[b]!, phi[a]! - phi[b]!);
    bins[binOf(Math.sqrt(squared))]!++;
  }
}
