/** Finds the shared data beside the checkout (`../shared`, or `$PROOF_SHARED`); a clone alone has none of it. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = ((): string | undefined => {
  const named = process.env['PROOF_SHARED'];
  if (named !== undefined) return existsSync(named) ? named : undefined;
  for (let folder = join(import.meta.dirname, '../../..'); ; folder = dirname(folder)) {
    const candidate = join(dirname(folder), 'shared');
    if (existsSync(join(candidate, 'testdata'))) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
})();

/** Absolute path of a shared file, or undefined where it is not there: then the test says so with `skipBecause`. */
export function sharedPath(name: string): string | undefined {
  if (root === undefined) return undefined;
  const path = join(root, name);
  return existsSync(path) ? path : undefined;
}
