/**
 * Builds dist/: TypeScript room by room, then the bundles: JSROOT's structure reader in one file, and the processes that are started ahead.
 * `npm install` and `npm ci` run it; `npm run build` runs it by hand.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundlePrograms } from './bundle.mjs';
import { writeRehearsalFile } from './rehearsal-file.mjs';
import { buildPage } from './web-page.mjs';

const top = join(dirname(fileURLToPath(import.meta.url)), '..');
const started = performance.now();

/** Sources that become one self-contained file: entry -> file in dist/. */
const BUNDLES = [{ entry: 'rootio/jsroot/entry.js', out: 'dist/rootio/jsroot/jsroot.js' }];
/** JSROOT prints what it cannot read; we throw it instead. Its file class is not exported, and we need it without its input. */
const QUIET = 'const console = Object.freeze({ log() {}, info() {}, warn() {}, error() {}, debug() {} });';
/**
 * Of maps streamed member by member, texts as values have one header for all of them; objects have one each, which JSROOT steps over where
 * it is the first one's.
 */
function withMapsOfObjects(source) {
  const mark =
    'second element read after first is completed\n   if (this.member_wise) {\n      if (buf.remain() >= 6) {';
  if (source.split(mark).length !== 2)
    throw new Error('JSROOT reads maps in another way now: look at withMapsOfObjects');
  return source.replace(mark, mark.replace('>= 6', '>= 6 && ![61, 62].includes(streamer[1].type)'));
}
const EXPORT_FILE = {
  name: 'export-tfile',
  setup(builder) {
    builder.onLoad({ filter: /jsroot\/modules\/io\.mjs$/ }, ({ path }) => ({
      contents: `${withMapsOfObjects(readFileSync(path, 'utf8'))}\nexport { TFile };\n`,
    }));
  },
};
/** Its licence asks to stay with every copy. */
const jsrootLicence = () => readFileSync(join(top, 'node_modules/jsroot/LICENSE'), 'utf8').replace('\uFFFD', '(c)');
/** Files that the program reads beside its code: folder in the source -> the same folder in dist/. */
const ASSETS = ['analysis/fonts', 'proxy-server/web/assets'];

for (const project of ['.', 'proxy-server/web/page']) {
  const tsc = spawnSync(process.execPath, [join(top, 'node_modules/typescript/bin/tsc'), '-p', project], {
    stdio: 'inherit',
    cwd: top,
  });
  if (tsc.status !== 0 && !process.argv.includes('--emit-anyway')) process.exit(tsc.status ?? 1);
}

for (const { entry, out } of BUNDLES.filter(({ entry }) => existsSync(join(top, entry)))) {
  await build({
    entryPoints: [join(top, entry)],
    outfile: join(top, out),
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    legalComments: 'eof',
    banner: { js: `/*! Contains JSROOT (https://root.cern/js/):\n${jsrootLicence()}*/\n${QUIET}` },
    plugins: [EXPORT_FILE],
    logLevel: 'error',
  });
}
await bundlePrograms(join(top, 'dist'));
await buildPage(top);
await writeRehearsalFile(join(top, 'dist'));
for (const folder of ASSETS.filter((f) => existsSync(join(top, f)))) {
  mkdirSync(join(top, 'dist', folder), { recursive: true });
  for (const name of readdirSync(join(top, folder)))
    copyFileSync(join(top, folder, name), join(top, 'dist', folder, name));
}
const command = join(top, 'dist/client/main.js');
if (existsSync(command)) chmodSync(command, 0o755);
console.log(`built dist/ in ${((performance.now() - started) / 1000).toFixed(1)} s`);
