/**
 * dist/warm/: worker and session master with all that they import in a few files. These processes are started over and over, ahead of
 * need, and finding and linking three hundred modules is most of what such a start costs. What a selector imports as `proof-grid` is in
 * the same bundle, since its classes must be the very ones that the worker uses.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { build } from 'esbuild';

const ENTRIES = {
  worker: 'job-agent/worker/main.js',
  'link-thread': 'job-agent/worker/link-thread.js',
  master: 'proxy-server/master/main.js',
  'user-module': 'analysis/user-module.js',
};
/** Native code and WebAssembly, which look for files of theirs, and what only few queries need. */
const LEFT_OUTSIDE = [
  'koffi',
  'msgpackr-extract',
  '@bokuweb/zstd-wasm',
  'lz4-napi',
  '@napi-rs/lzma',
  'better-sqlite3',
  'esbuild',
  '@resvg/resvg-js',
];

/** A module that looks for files near itself finds them where they are; the ones below look for those of `ENTRIES`, in the bundle. */
const LOOK_IN_BUNDLE = ['analysis/load-program.js', 'job-agent/worker/threaded-dial.js'];
const ourPlaces = (dist) => ({
  name: 'our-places',
  setup(builder) {
    builder.onResolve({ filter: /\/jsroot\.js$/ }, () => ({ path: '../rootio/jsroot/jsroot.js', external: true }));
    // Messages of the schema library in fifty languages: nobody is shown them.
    builder.onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
    builder.onLoad({ filter: /\.js$/ }, ({ path }) => {
      if (!path.startsWith(dist + sep) || LOOK_IN_BUNDLE.includes(relative(dist, path))) return undefined;
      const text = readFileSync(path, 'utf8');
      if (!text.includes('import.meta.')) return undefined;
      const url = `new URL(${JSON.stringify(`../${relative(dist, path)}`)}, import.meta.url)`;
      const places = { url: `${url}.href`, dirname: `decodeURIComponent(new URL('.', ${url}).pathname)` };
      const contents = text.replaceAll(/import\.meta\.(url|dirname)/g, (_, which) => places[which]);
      return { contents };
    });
  },
});

/** @param dist where the compiled rooms are */
export async function bundleWarm(dist) {
  rmSync(join(dist, 'warm'), { recursive: true, force: true });
  await build({
    entryPoints: Object.fromEntries(Object.entries(ENTRIES).map(([name, file]) => [name, join(dist, file)])),
    outdir: join(dist, 'warm'),
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    minifySyntax: true,
    keepNames: true,
    legalComments: 'linked',
    external: LEFT_OUTSIDE,
    // Packages in the older module form ask for Node's own modules with it.
    banner: {
      js: "import { createRequire as createRequireHere } from 'node:module';\nconst require = createRequireHere(import.meta.url);",
    },
    plugins: [ourPlaces(dist)],
    logLevel: 'error',
  });
}
