/** The part of the `proof-grid` library that analyses use: the same on client and worker. */
export { Batch, type Lists } from './batch.js';
export type { Column } from './column-accessors.js';
export { coshMinusCos } from './cosh-minus-cos.js';
export { Counter } from './outputs/counter.js';
export { H1, H2, H3 } from './outputs/histogram.js';
export { ObjectOutput } from './outputs/object.js';
export { Profile } from './outputs/profile.js';
export type {
  CounterResult,
  HistogramResult,
  ListResult,
  NtupleResult,
  ObjectResult,
  OutputResult,
  ProfileResult,
} from './outputs/result.js';
export { List, Ntuple } from './outputs/rows.js';
export { EntryRandom } from './random.js';
export { type InputFile, Selector } from './selector.js';
