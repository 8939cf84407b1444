/** `import … from 'package:NAME/FILE.js'` in a selector: out of the package's archive, so that the bundle is whole wherever it runs. */
import { extname, posix } from 'node:path';
import type { Loader, Plugin } from 'esbuild';
import type { PackageContents } from '../../protocol/package-archive.js';

const NAMESPACE = 'package';
const LOADERS: Readonly<Record<string, Loader>> = {
  ...{ '.js': 'js', '.mjs': 'js', '.cjs': 'js', '.ts': 'ts', '.mts': 'ts', '.json': 'json', '.txt': 'text' },
};

export function packageImports(packages: readonly PackageContents[]): Plugin {
  const files = new Map<string, Uint8Array>(
    packages.flatMap(({ name, files }) => files.map(({ path, content }) => [`${name}/${path}`, content] as const)),
  );
  const enabled = packages.map(({ name }) => name).join(', ') || 'none';
  const resolved = (path: string) => {
    // As TypeScript: './a.js' may be written a.ts.
    const found = [path, path.replace(/\.(m?)js$/, '.$1ts'), `${path}.js`, `${path}.ts`].find((name) =>
      files.has(name),
    );
    if (found !== undefined) return { path: found, namespace: NAMESPACE };
    const text = `There is no ${path} in the packages of this query (${enabled}): name the package with --package`;
    return { errors: [{ text }] };
  };
  return {
    name: 'proof-packages',
    setup: (hooks) => {
      hooks.onResolve({ filter: /^package:/ }, ({ path }) => resolved(posix.normalize(path.slice('package:'.length))));
      hooks.onResolve({ filter: /^\.\.?\//, namespace: NAMESPACE }, ({ path, importer }) =>
        resolved(posix.join(posix.dirname(importer), path)),
      );
      hooks.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({
        contents: files.get(path)!,
        loader: LOADERS[extname(path)] ?? 'binary',
      }));
    },
  };
}
