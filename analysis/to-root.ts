/**
 * Outputs of a query as a ROOT file: histograms and profiles as ROOT's own classes, ntuples as TTrees, streamed chunk by chunk;
 * counters, lists and objects as JSON in TObjStrings. `provenance` (any JSON) tells how the file came about.
 * A name `a/b` becomes `b` in the directory `a`.
 */
import type { HistogramClass, HistogramData } from '../rootio/write/histogram-data.js';
import { type RootFileOptions, RootFileWriter } from '../rootio/write/root-file-writer.js';
import type { HistogramResult, NtupleResult, OutputResult, ProfileResult, StatName } from './outputs/result.js';
import { outputJson } from './result-json.js';

/** Under this name the provenance stands in the file, unless an output has it. */
const PROVENANCE = 'proof';

/**
 * Where the provenance stands: `proof`, which is also what ROOT's Get would give instead of an output of that name (the newest cycle of a
 * name counts); so with such an output, or a directory `proof`, it is `proof_provenance`, with further underscores where that is taken too.
 */
export function provenanceName(outputs: readonly { readonly name: string }[]): string {
  const taken = new Set(outputs.map(({ name }) => name.split('/').find((part) => part !== '')));
  let name = PROVENANCE;
  if (taken.has(name)) name = `${PROVENANCE}_provenance`;
  while (taken.has(name)) name += '_';
  return name;
}

export interface WriteOptions extends RootFileOptions {
  /** JSON text for a TObjString, which is named as `provenanceName` says. */
  readonly provenance?: string;
}

const CLASSES: Readonly<Record<'H1' | 'H2' | 'H3' | 'Profile', HistogramClass>> = {
  H1: 'TH1D',
  H2: 'TH2D',
  H3: 'TH3D',
  Profile: 'TProfile',
};
/** In the order of TH1::GetStats. */
const STATS: Readonly<Record<'H1' | 'H2' | 'H3' | 'Profile', readonly StatName[]>> = {
  H1: ['sumw', 'sumw2', 'sumwx', 'sumwx2'],
  H2: ['sumw', 'sumw2', 'sumwx', 'sumwx2', 'sumwy', 'sumwy2', 'sumwxy'],
  H3: ['sumw', 'sumw2', 'sumwx', 'sumwx2', 'sumwy', 'sumwy2', 'sumwxy', 'sumwz', 'sumwz2', 'sumwxz', 'sumwyz'],
  Profile: ['sumw', 'sumw2', 'sumwx', 'sumwx2', 'sumwy', 'sumwy2'],
};

/** @throws {RootWriteError} where the file cannot be written; then nothing stands under its name */
export async function writeOutputs(
  path: string,
  outputs: readonly OutputResult[],
  { provenance, ...options }: WriteOptions = {},
): Promise<void> {
  const file = await RootFileWriter.create(path, options);
  try {
    for (const output of outputs) writeOutput(file, output);
    if (provenance !== undefined) file.writeObjString(provenanceName(outputs), provenance);
  } catch (error) {
    file.abort();
    throw error;
  }
  file.close();
}

function writeOutput(file: RootFileWriter, output: OutputResult): void {
  const parts = output.name.split('/').filter((part) => part !== '');
  const name = parts.pop() ?? output.name;
  const directory = parts.join('/');
  switch (output.type) {
    case 'H1':
    case 'H2':
    case 'H3':
    case 'Profile':
      file.writeHistogram({ ...histogramData(output), name }, directory);
      break;
    case 'ntuple':
      writeNtuple(file, output, { name, directory });
      break;
    default:
      file.writeObjString(name, outputJson(output), directory);
  }
}

function histogramData(output: HistogramResult | ProfileResult): HistogramData {
  const { type, name, title, axes, entries, valueTitle } = output;
  const stats = STATS[type].map((stat) => output.stats[stat] ?? 0);
  const common = { className: CLASSES[type], name, title, axes, entries, stats, valueTitle };
  if (output.type !== 'Profile') return { ...common, contents: output.contents, sumw2: output.sumw2 };
  const { sumw, sumwy, sumwy2, sumw2 } = output.bins;
  // Without weights of its own a TProfile keeps no sums of squared weights.
  return { ...common, contents: [], sumw2: null, bins: { sumw, sumwy, sumwy2, sumw2: sumw2 ?? [] } };
}

function writeNtuple(
  file: RootFileWriter,
  ntuple: NtupleResult,
  { name, directory }: { name: string; directory: string },
): void {
  const columns = ntuple.columns.map((column) => ({ name: column.name, type: column.type }));
  const tree = file.tree(name, ntuple.title, columns, { directory });
  for (const chunk of ntuple.chunks())
    tree.append(Object.fromEntries(columns.map((column, i) => [column.name, chunk[i]!])), chunk[0]?.length ?? 0);
  tree.close();
}
