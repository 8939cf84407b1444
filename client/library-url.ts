/** What `import 'proof-grid'` means for a selector that runs in the client's own process: this installation's library. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const LIBRARY = pathToFileURL(join(import.meta.dirname, 'library.js')).href;
