/** docs/errors.md and the codes in the source are the same list. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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

describe('error codes', () => {
  it('are listed in docs/errors.md, all of them and no others', () => {
    const inCode = new Set(['INTERNAL']);
    for (const room of ROOMS.filter((name) => existsSync(join(top, name))))
      for (const entry of readdirSync(join(top, room), { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
        const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
        for (const match of text.matchAll(/\bcode(?::\s*[\w<>]+)?\s*=\s*'([A-Z][A-Z0-9_]+)'/g)) inCode.add(match[1]!);
      }
    const inDocs = [...readFileSync(join(top, 'docs/errors.md'), 'utf8').matchAll(/^\| ([A-Z][A-Z0-9_]+) \|/gm)].map(
      (m) => m[1]!,
    );
    expect(inDocs.toSorted()).to.deep.equal([...inCode].toSorted());
  });
});
