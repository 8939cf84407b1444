/**
 * A selector's file and what it imports, as one program: the same text, and so the same SHA-256, wherever the sources lie.
 *
 * esbuild bundles; only `proof-grid` and Node's own modules stay outside. White space goes, because esbuild writes the files' paths
 * into comments; the sources' paths in the source map are made relative to the selector, or begin at `node_modules`. Settings of
 * a tsconfig.json nearby are not used. The code may be run by another Node than this one: it is made for Node 20.
 */
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, resolve } from 'node:path';
import type { BuildFailure, BuildOptions, Message, OutputFile, Plugin } from 'esbuild';
import type { PackageContents } from '../protocol/package-archive.js';
import { SelectorBuildError } from './errors.js';
import { packageImports } from './packages/package-imports.js';
import { makeProgram, type Program } from './program.js';
import { INSTALLATION } from './user-module-name.js';
import { MAP_COMMENT } from './user-stack.js';

const require = createRequire(import.meta.url);
/** CommonJS packages inside the bundle ask for Node's own modules by `require`, which ES modules have not; a global one leaves users their name. */
const REQUIRE = 'import{createRequire as proofRequire}from"node:module";globalThis.require??=proofRequire("/");';

/** @param packages whose files `import … from 'package:NAME/FILE'` means. @throws {SelectorBuildError} the first error with file, line, column and text */
export async function bundleSelector(path: string, packages: readonly PackageContents[] = []): Promise<Program> {
  const file = realPath(resolve(path));
  const folder = dirname(file);
  const files = await buildFiles(file, folder, packageImports(packages)).catch((cause: unknown) => {
    const { errors } = cause as Partial<BuildFailure>;
    if (errors?.[0] === undefined) throw cause;
    throw new SelectorBuildError(describeErrors(errors), { cause });
  });
  const textOf = (suffix: string): string => files.find((output) => output.path.endsWith(suffix))?.text ?? '';
  const map = JSON.parse(textOf('.map')) as { sources: string[]; mappings: string; names: string[] };
  const sources = map.sources.map(placeOf);
  const lean = { version: 3, sources, names: map.names, mappings: map.mappings };
  const code = textOf('.js').trimEnd();
  return makeProgram(
    'selector',
    basename(file),
    `${code}\n${MAP_COMMENT}${Buffer.from(JSON.stringify(lean)).toString('base64')}\n`,
  );
}

/** How many wait for esbuild's own process, which all of this process share. */
let building = 0;

async function buildFiles(file: string, folder: string, packages: Plugin): Promise<readonly OutputFile[]> {
  const { build, stop } = require('esbuild') as typeof import('esbuild'); // loaded where there is something to bundle
  building++;
  try {
    return (await build(buildOptions(file, folder, packages))).outputFiles;
  } finally {
    // It would not outlive a Ctrl-C, which a terminal tells it too, and esbuild starts no other by itself.
    if (--building === 0) await stop();
  }
}

function buildOptions(file: string, folder: string, packages: Plugin) {
  return {
    entryPoints: [`./${basename(file)}`],
    absWorkingDir: folder,
    outfile: `${folder}/selector.js`, // not written: sources in the map are relative to it
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    sourcemap: 'external',
    sourcesContent: false,
    minifyWhitespace: true,
    keepNames: true,
    legalComments: 'none',
    banner: { js: REQUIRE },
    logLevel: 'silent',
    tsconfigRaw: { compilerOptions: { target: 'es2023', useDefineForClassFields: true } },
    plugins: [
      packages,
      {
        name: 'proof-grid',
        setup: (hooks) => hooks.onResolve({ filter: /^proof-grid$/ }, () => ({ path: INSTALLATION, external: true })),
      },
    ],
  } satisfies BuildOptions;
}

function describeErrors(errors: readonly Message[]): string {
  const { text, location } = errors[0]!;
  const place = location === null ? '' : `${location.file}:${location.line}:${location.column + 1}: `;
  const line = location?.lineText.trim() ?? '';
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return `${place}${text}${line === '' ? '' : `: ${line}`}${more}`;
}

/** `../../x/node_modules/a/b.js` and `../node_modules/a/b.js` are the same place. */
function placeOf(source: string): string {
  const at = source.lastIndexOf('node_modules/');
  return at < 0 ? source : source.slice(at);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    throw new SelectorBuildError(`There is no selector ${path}.`, { cause });
  }
}
