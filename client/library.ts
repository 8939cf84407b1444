/**
 * What `import … from 'proof-grid'` gives to programs: selectors, and sessions on a ProxyServer.
 *
 *     import { dataset, open } from 'proof-grid';
 *     const session = await open('voalice06');
 *     const answer = await session.process(dataset('lfn:/alice/sim/*.root'), './z-peak.ts');
 *     console.log(answer.entries, answer.outputs[0]);
 *     await session.close();
 */
export * from '../analysis/library-part.js';
export type { Grid, GridFile, GridJob } from '../catalog/grid/grid.js';
export { GridError } from '../protocol/errors.js';
export { DataSet, dataset } from './data-set.js';
export { connect } from './session/library-grid.js';
export {
  type Answer,
  type OpenOptions,
  open,
  type Process,
  type ProcessOptions,
  processLocally,
  Session,
} from './session/library-session.js';
