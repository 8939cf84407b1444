/** The version that programs tell one another is the package's. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { jobOrder } from '../../../protocol/job-messages.js';
import { PACKAGE_VERSION } from '../../../protocol/version.js';

describe('protocol: version', () => {
  it('is that of package.json', () => {
    const text = readFileSync(join(import.meta.dirname, '../../../../package.json'), 'utf8');
    expect((JSON.parse(text) as { version: string }).version).to.equal(PACKAGE_VERSION);
  });
});

describe('protocol: the order for a job', () => {
  it('of a ProxyServer of version 1 is understood: its outputs are names, which go to the ProxyServer', () => {
    const order = {
      ...{ jobId: 1, run: 1, user: 'anna', executable: { name: '/bin/true', urls: [] }, arguments: [], variables: {} },
      ...{ inputs: [], inputList: null, validation: null, ttlSeconds: 1, memoryBytes: 1, diskBytes: 1, cores: 1 },
      ...{ outputs: ['*.root'], errorOutputs: [], policy: 'suspend' },
    };
    expect(jobOrder.parse(order).outputs).to.deep.equal([{ archive: null, names: ['*.root'], targets: [] }]);
    expect(jobOrder.safeParse({ ...order, outputs: ['../x'] }).success).to.equal(false);
  });
});
