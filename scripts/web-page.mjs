/** The dashboard's page: browser code with what it uses of our rooms, in one file. It is checked as such, with the DOM's types, by scripts/build.mjs. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { ONE_LANGUAGE } from './one-language.mjs';

/** What the rooms take of node:zlib; anything else of it fails the build. */
const CRC32 = {
  name: 'crc32',
  setup(builder) {
    builder.onResolve({ filter: /^node:zlib$/ }, () => ({
      path: join(dirname(fileURLToPath(import.meta.url)), '../proxy-server/web/page/crc32.ts'),
    }));
  },
};

/** Their licences ask to stay with every copy. */
const CONTAINED = ['preact', 'zod', 'msgpackr'];

/** @param top of the checkout. What asks for Node's own modules fails the build: it cannot run in a browser. */
export async function buildPage(top) {
  const licences = CONTAINED.map(
    (name) => `${name}:\n${readFileSync(join(top, 'node_modules', name, 'LICENSE'), 'utf8')}`,
  );
  await build({
    entryPoints: [join(top, 'proxy-server/web/page/main.tsx')],
    outfile: join(top, 'dist/proxy-server/web/page.js'),
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    target: ['chrome110', 'firefox115', 'safari16.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    tsconfigRaw: {},
    legalComments: 'eof',
    banner: { js: `/*! Contains ${licences.join('\n')}*/` },
    plugins: [ONE_LANGUAGE, CRC32],
    logLevel: 'error',
  });
}
