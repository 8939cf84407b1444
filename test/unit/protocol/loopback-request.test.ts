/** Which requests development authentication answers. */
import { expect } from 'chai';
import { foreignRequest } from '../../../protocol/loopback-request.js';

describe('protocol: a request under development authentication', () => {
  it('is answered where it was meant for the loopback and no page of another origin sent it', () => {
    for (const host of ['localhost', 'localhost:1093', '127.0.0.1:1093', '[::1]:1093'])
      expect(foreignRequest({ host }), host).to.equal(undefined);
    expect(foreignRequest({ host: 'localhost:1093', origin: 'http://localhost:1093' })).to.equal(undefined);
  });

  it('is not answered for another name, nor for a page of another origin or of none', () => {
    for (const host of ['evil.example', 'evil.example:1093', '127.evil.example:1093', '', '10.0.0.1'])
      expect(foreignRequest({ host }), host).to.match(/answers to a loopback address only/);
    expect(foreignRequest({})).to.match(/not to a request without a host/);
    for (const origin of ['http://evil.example', 'http://localhost:1', 'null', 'file://'])
      expect(foreignRequest({ host: 'localhost:1093', origin }), origin).to.contain(`pages of ${origin}.`);
  });
});
