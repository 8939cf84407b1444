/**
 * Programs with all that they import in a few files: finding and linking three hundred modules is most of what a start costs.
 * dist/warm/ has agent, worker and session master, which are started over and over, ahead of need; dist/command/ the `proof` command, for
 * which somebody waits each time. What a selector imports as `proof-grid` is in the same bundle, since its classes must be the very
 * ones that the program uses.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { build } from 'esbuild';
import { ONE_LANGUAGE } from './one-language.mjs';

/** `lookInBundle`: a module that looks for files near itself finds them where they are; these look for those of `entries`. */
const BUNDLES = [
  {
    folder: 'warm',
    entries: {
      agent: 'job-agent/main.js',
      worker: 'job-agent/worker/main.js',
      'link-thread': 'job-agent/worker/link-thread.js',
      master: 'proxy-server/master/main.js',
      'user-module': 'analysis/user-module.js',
    },
    lookInBundle: ['analysis/load-program.js', 'job-agent/worker/threaded-dial.js'],
  },
  {
    folder: 'command',
    entries: {
      proof: 'client/proof.js',
      library: 'client/library.js',
      'user-module': 'analysis/user-module.js',
    },
    lookInBundle: ['analysis/load-program.js', 'client/library-url.js'],
  },
];
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

/** Of the ways to make a request we take Node's `http`, and no forms: to look at `fetch` or FormData loads another whole client. */
function lighterAxios({ path }) {
  if (path.endsWith('fetch.js')) return { contents: 'export const getFetch = () => null; export default null;' };
  if (path.endsWith('FormData.js')) return { contents: 'export default class FormData {}' };
  const source = readFileSync(path, 'utf8');
  const mark = "typeof G.FormData !== 'undefined' ? G.FormData : undefined";
  if (source.split(mark).length !== 2) throw new Error('axios looks for FormData in another way now: see lighterAxios');
  return { contents: source.replace(mark, 'undefined') };
}

const ourPlaces = (dist, lookInBundle) => ({
  name: 'our-places',
  setup(builder) {
    builder.onResolve({ filter: /\/jsroot\.js$/ }, () => ({ path: '../rootio/jsroot/jsroot.js', external: true }));
    builder.onLoad(
      { filter: /axios\/lib\/(adapters\/fetch|utils|platform\/node\/classes\/FormData)\.js$/ },
      lighterAxios,
    );
    builder.onLoad({ filter: /\.js$/ }, ({ path }) => {
      if (!path.startsWith(dist + sep) || lookInBundle.includes(relative(dist, path))) return undefined;
      // As a whole module it can be cut to what is used of it.
      const text = readFileSync(path, 'utf8').replace("import { z } from 'zod'", "import * as z from 'zod'");
      const url = `new URL(${JSON.stringify(`../${relative(dist, path)}`)}, import.meta.url)`;
      const places = { url: `${url}.href`, dirname: `decodeURIComponent(new URL('.', ${url}).pathname)` };
      const contents = text.replaceAll(/import\.meta\.(url|dirname)/g, (_, which) => places[which]);
      return { contents };
    });
  },
});

/** @param dist where the compiled rooms are */
export async function bundlePrograms(dist) {
  for (const { folder, entries, lookInBundle } of BUNDLES) {
    rmSync(join(dist, folder), { recursive: true, force: true });
    await build({
      entryPoints: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(dist, file)])),
      outdir: join(dist, folder),
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
      plugins: [ONE_LANGUAGE, ourPlaces(dist, lookInBundle)],
      logLevel: 'error',
    });
  }
}
