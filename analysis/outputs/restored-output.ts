/** On the client: merged states back into a selector's outputs, and from these, after `terminate`, to results. */
import { AutoHistogram } from './auto-histogram.js';
import { BinnedOutput } from './binned-output.js';
import { binnedResult } from './binned-result.js';
import { Counter } from './counter.js';
import type { Declaration } from './declaration.js';
import { H1, H2, H3 } from './histogram.js';
import { MergedAuto, MergedBins, MergedObjects, type MergedOutput, MergedRows } from './merged-output.js';
import { ObjectOutput } from './object.js';
import type { Output } from './output.js';
import { Profile } from './profile.js';
import type { OutputResult } from './result.js';
import { List, Ntuple } from './rows.js';

/** An output that only the workers declared. */
export function outputFrom(declaration: Declaration): Output {
  switch (declaration.type) {
    case 'H1':
      return new H1(declaration);
    case 'H2':
      return new H2(declaration);
    case 'H3':
      return new H3(declaration);
    case 'Profile':
      return new Profile(declaration);
    case 'counter':
      return new Counter(declaration);
    case 'list':
      return new List(declaration);
    case 'ntuple':
      return new Ntuple(declaration);
    case 'object':
      return new ObjectOutput(declaration, undefined);
    case 'Auto':
      return new AutoHistogram(declaration);
  }
}

/** @param merged undefined where no worker filled anything */
export function restoreOutput(output: Output, merged: MergedOutput | undefined): void {
  if (output instanceof BinnedOutput || output instanceof Counter) {
    if (merged instanceof MergedBins) output.restore(merged.state);
  } else if (output instanceof AutoHistogram) {
    if (merged instanceof MergedAuto) output.restore(merged.state);
  } else if (output instanceof List) output.restore(merged instanceof MergedRows ? merged.items() : []);
  else if (output instanceof Ntuple) {
    if (merged instanceof MergedRows) output.restore(merged.rows, () => merged.ntupleChunks());
  } else if (output instanceof ObjectOutput)
    output.restore(merged instanceof MergedObjects ? merged.objects[0]?.bytes : undefined);
  output.finalize();
}

/** What the output is now. Objects that cannot be merged are one result each, as they came. */
export function resultsOf(output: Output, merged: MergedOutput | undefined): OutputResult[] {
  const { name, title, declaration } = output;
  if (output instanceof BinnedOutput) return [binnedResult(declaration, output.bins)];
  if (output instanceof AutoHistogram) return [output.result()];
  if (output instanceof Counter) return [{ type: 'counter', name, title, value: output.value }];
  if (output instanceof List) return [{ type: 'list', name, title, items: output.items }];
  if (output instanceof Ntuple) {
    const { columns } = declaration;
    return [{ type: 'ntuple', name, title, columns, entries: output.entries, chunks: () => output.chunks() }];
  }
  if (output instanceof ObjectOutput) {
    if (!output.isMergeable && merged instanceof MergedObjects) return merged.results();
    return [{ type: 'object', name, title, value: output.value }];
  }
  return merged?.results() ?? [];
}
