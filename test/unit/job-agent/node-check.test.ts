/** Which node is fit for work. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { expect } from 'chai';
import { measureNode, type NodeMeasure, unfitReasons } from '../../../job-agent/node-check.js';

const limits = { minDiskBytes: 1_000, minMemoryBytes: 1_000, scratch: '/scratch', server: 'http://here:1' };
const fit: NodeMeasure = {
  ...{ nodeVersion: 'v20.19.0', diskBytes: 1_000, scratchError: null, memoryBytes: 1_000 },
  ...{ serverError: null, clockSkewMs: -59_000, isolationError: null },
};

describe('job-agent: node check', () => {
  it('passes a node that has just enough of everything', () => {
    expect(unfitReasons(fit, limits)).to.deep.equal([]);
    expect(unfitReasons({ ...fit, nodeVersion: 'v22.0.0', clockSkewMs: null }, limits)).to.deep.equal([]);
  });

  it('names each reason with what was found and what is needed', () => {
    const bad = {
      nodeVersion: 'v20.18.9',
      diskBytes: 999,
      memoryBytes: 999,
      serverError: 'refused',
      clockSkewMs: 61_000,
    };
    const reasons = unfitReasons({ ...fit, ...bad }, limits);
    expect(reasons).to.have.length(5);
    expect(reasons[0]).to.contain('v20.18.9').and.to.contain('20.19');
    expect(reasons[1]).to.contain('999 bytes free, 1000 are needed');
    expect(reasons[3]).to.contain('http://here:1 cannot be reached: refused');
    expect(reasons[4]).to.contain('61 s');
    expect(unfitReasons({ ...fit, scratchError: 'EROFS', diskBytes: 0 }, limits)).to.deep.equal([
      'The scratch directory cannot be used: EROFS.',
    ]);
  });

  it('measures this machine, and a server by its answer and its clock', async () => {
    const server = createServer((_request, answer) => answer.end('{}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const none = { by: 'nothing', network: 'full', why: 'bwrap is not installed' } as const;
    const settings = { ca: null, isolation: 'preferred' } as const;
    const good = await measureNode({ ...settings, scratch: tmpdir(), server: url }, none);
    expect(good).to.deep.include({ serverError: null, scratchError: null, nodeVersion: process.version });
    expect(good.diskBytes).to.be.greaterThan(0);
    expect(Math.abs(good.clockSkewMs ?? Number.NaN)).to.be.lessThan(60_000);
    expect(good.isolationError).to.equal(null);
    const strict = await measureNode({ ...settings, isolation: 'required', scratch: tmpdir(), server: url }, none);
    expect(unfitReasons(strict, limits)).to.deep.equal([
      "This site requires isolation of users' code, and bwrap is not installed.",
    ]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const bad = await measureNode({ ...settings, scratch: '/nonexistent', server: url }, none);
    expect(bad.serverError).to.contain('ECONNREFUSED');
    expect(bad.scratchError).to.contain('ENOENT');
  });
});
