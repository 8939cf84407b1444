/**
 * One mocha run over the compiled tests. `npm test -- unit/jdl` runs the files whose path holds that text;
 * words that begin with a dash go to mocha as they are (`npm test -- --grep=exact`).
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const top = join(dirname(fileURLToPath(import.meta.url)), '..');
const words = process.argv.slice(2);
const options = words.filter((word) => word.startsWith('-'));
const wanted = words.filter((word) => !word.startsWith('-'));

const files = readdirSync(join(top, 'dist/test'), { recursive: true })
  .filter((name) => name.endsWith('.test.js'))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .sort()
  .map((name) => join('dist/test', name));
if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(', ')}`);
  process.exit(2);
}
// In CI, where a machine may stall for seconds, a test that fails is run once more before it counts as failed.
const retries = process.env.CI === 'true' ? ['--retries=1'] : [];
const mocha = spawnSync(
  process.execPath,
  [join(top, 'node_modules/mocha/bin/mocha.js'), ...retries, ...options, ...files],
  {
    cwd: top,
    stdio: 'inherit',
  },
);
process.exit(mocha.status ?? 1);
