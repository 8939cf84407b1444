/** What `import … from 'proof-grid'` gives: the library beside the command. */
export * from '../analysis/library-part.js';
export { GridError } from '../protocol/errors.js';
