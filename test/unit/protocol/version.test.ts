/** The version that programs tell one another is the package's. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { PACKAGE_VERSION } from '../../../protocol/version.js';

describe('protocol: version', () => {
  it('is that of package.json', () => {
    const text = readFileSync(join(import.meta.dirname, '../../../../package.json'), 'utf8');
    expect((JSON.parse(text) as { version: string }).version).to.equal(PACKAGE_VERSION);
  });
});
