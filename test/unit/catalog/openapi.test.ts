import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describeApi } from '../../../catalog/openapi.js';

describe('catalog: OpenAPI', () => {
  it('docs/catalog-openapi.json is what the service describes', async () => {
    const file = join(import.meta.dirname, '../../../../docs/catalog-openapi.json');
    const because = 'make it anew: node dist/catalog/openapi.js > docs/catalog-openapi.json';
    expect(JSON.parse(readFileSync(file, 'utf8')), because).to.deep.equal(JSON.parse(await describeApi()));
  });
});
