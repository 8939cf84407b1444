/** The order of the rooms, held against the imports of every source file. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect } from 'chai';

const top = join(import.meta.dirname, '../../..');
const ROOMS = [
  'protocol',
  'isolation',
  'jdl',
  'storage',
  'rootio',
  'analysis',
  'catalog',
  'job-agent',
  'proxy-server',
  'client',
];
const PROGRAMS = ['catalog', 'job-agent', 'proxy-server', 'client'];

const sources = ROOMS.filter((room) => existsSync(join(top, room))).flatMap((room) =>
  readdirSync(join(top, room), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(tsx?|js|mjs)$/.test(entry.name))
    .map((entry) => relative(top, join(entry.parentPath, entry.name))),
);

/** Relative imports of a file, as paths from the top of the checkout, `.js` read as `.ts`. */
function importsOf(file: string): { path: string; typeOnly: boolean }[] {
  const text = readFileSync(join(top, file), 'utf8');
  const pattern =
    /^\s*(?:import|export)\s+(type\s)?[^'"`;]*?from\s+['"](\.[^'"]+)['"]|import\(\s*['"](\.[^'"]+)['"]\s*\)/gm;
  return [...text.matchAll(pattern)].map((match) => ({
    path: sourceOf(normalize(join(dirname(file), (match[2] ?? match[3])!))),
    typeOnly: match[1] !== undefined,
  }));
}

/** Imports name what is built; the source is .ts, or .tsx. */
function sourceOf(path: string): string {
  const source = path.replace(/\.js$/, '.ts');
  return existsSync(join(top, source)) || !existsSync(join(top, `${source}x`)) ? source : `${source}x`;
}

const roomOf = (file: string): string => file.split('/')[0]!;

describe('the rooms', () => {
  it('import only rooms above them, and no program imports another (but for catalog/grid)', () => {
    const wrong: string[] = [];
    for (const file of sources)
      for (const { path } of importsOf(file)) {
        const from = roomOf(file);
        const to = roomOf(path);
        if (from === to || path.startsWith('catalog/grid/')) continue;
        const up = ROOMS.indexOf(to) >= 0 && ROOMS.indexOf(to) < ROOMS.indexOf(from);
        if (!up || PROGRAMS.includes(to)) wrong.push(`${file} imports ${path}`);
      }
    expect(wrong).to.deep.equal([]);
  });

  it('have no circle of imports that exist at run time', () => {
    const graph = new Map(
      sources.map((file) => [
        file,
        importsOf(file)
          .filter((i) => !i.typeOnly)
          .map((i) => i.path),
      ]),
    );
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, trail: readonly string[]): void => {
      if (trail.includes(file)) circles.push([...trail.slice(trail.indexOf(file)), file].join(' -> '));
      else if (!done.has(file)) for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
      done.add(file);
    };
    for (const file of sources) visit(file, []);
    expect(circles).to.deep.equal([]);
  });
});
