/** What of RNTuple's envelopes is refused. */
import { expect } from 'chai';
import { codecs } from '../../../rootio/compression/tier.js';
import { UnsupportedFileError } from '../../../rootio/errors.js';
import { readEnvelope } from '../../../rootio/ntuple/envelope.js';
import { bytesSource } from '../../support/byte-sources.js';

describe('rootio: envelopes of an RNTuple', () => {
  it('split over several keys are refused as that, not as damaged', async () => {
    const file = { source: bytesSource(Buffer.alloc(4096)), codecs: await codecs() };
    const link = { offset: 100, nbytes: 2000, length: 2000 };
    const refusal = await readEnvelope(file, link, 'page list', 1024).catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(UnsupportedFileError);
    expect((refusal as Error).message).to.match(/page list.*2000 bytes are split over several keys of at most 1024/);
  });
});
