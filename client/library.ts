/** What `import … from 'proof-grid'` gives: the library beside the command. */
export { GridError } from '../protocol/errors.js';
