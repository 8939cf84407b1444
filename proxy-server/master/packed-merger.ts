/** The merger of analysis/ as a query uses it: states leave it packed. */
import { packState } from '../../analysis/merged-state.js';
import type { OutputMerger } from '../../analysis/output-merger.js';
import type { Merger } from './processing-parts.js';

export function packedMerger(merger: OutputMerger): Merger {
  return {
    add: (increment) => merger.add(increment),
    checkpoint: () => packState(merger.encode('handles')),
    live: () => packState(merger.encode('none')),
  };
}
