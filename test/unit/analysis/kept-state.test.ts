import { expect } from 'chai';
import { checkAnswer, checkState, KeptStateError, keptState, openState } from '../../../analysis/kept-state.js';
import { firstDifference, TEARS } from '../../support/torn-bytes.js';

const PARTS = [1, 700, 3, 5000].map((n) => Uint8Array.from({ length: n }, (_, i) => (i * 7 + n) % 251));
const QUERY = 'here-1:q2';
const ANSWER = '{"entries":12}';

const written = (query: string, answer: string, parts = PARTS): Buffer =>
  Buffer.concat([...keptState(parts, { query, answer })]);
const inPieces = (bytes: Buffer, step: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) => bytes.subarray(i * step, (i + 1) * step));

/** What is given out before the end or the damage, and the sentence. */
async function read(bytes: Buffer, step = 1000, query = QUERY): Promise<{ parts: Uint8Array[]; told: string | null }> {
  const parts: Uint8Array[] = [];
  try {
    for await (const part of openState(inPieces(bytes, step), query)) parts.push(new Uint8Array(part));
    return { parts, told: null };
  } catch (error) {
    expect(error).to.be.instanceOf(KeptStateError);
    return { parts, told: (error as Error).message };
  }
}

describe('analysis: the kept state of a query', () => {
  const whole = written(QUERY, ANSWER);
  const old = written('here-1:q1', ANSWER);

  it('comes back from pieces cut anywhere; one without outputs as well', async () => {
    for (const step of [1, 2, 3, 5, 8, 30, 1000, 100_000])
      expect(await read(whole, step)).to.deep.equal({ parts: PARTS, told: null });
    expect(await read(written(QUERY, ANSWER, []))).to.deep.equal({ parts: [], told: null });
  });

  for (const [kind, tear] of Object.entries(TEARS))
    it(`is refused when it is torn or altered, and gives out nothing from the damage on: ${kind}`, async () => {
      for (let at = 0; at < whole.length; at += 1 + (at % 3)) {
        const torn = tear(whole, at, old);
        if (torn.equals(whole)) continue;
        const { parts, told } = await read(torn);
        expect(told, `byte ${at}`).to.match(/damaged and not shown|another version/);
        const sound = firstDifference(torn, whole);
        const given = parts.reduce((sum, part) => sum + 8 + part.length, 8);
        expect(given, `byte ${at}`).to.be.at.most(Math.max(8, sound));
        expect(parts).to.deep.equal(PARTS.slice(0, parts.length));
      }
    });

  it('is refused when another one stands in its place, whole as that may be, or something lies behind its end', async () => {
    expect((await read(old)).told).to.contain('a checksum does not match');
    expect((await read(Buffer.concat([whole, Buffer.alloc(1)]))).told).to.contain('behind their end');
    const spliced = Buffer.concat([whole.subarray(0, 8), old.subarray(8)]);
    expect((await read(spliced)).parts).to.deep.equal([]);
  });

  it('of another version of its form says so', async () => {
    const other = Buffer.from(whole);
    other.write('PGS2');
    expect((await read(other)).told).to.equal(
      'The outputs of here-1:q2 were kept by another version, which this one cannot read. Run the query again.',
    );
  });

  it('belongs to one answer', () => {
    const check = (bytes: Buffer, answer: string) => () => checkAnswer(bytes.subarray(0, 8), { query: QUERY, answer });
    expect(check(whole, ANSWER)).not.to.throw();
    expect(check(whole, ANSWER.replace('12', '13'))).to.throw(KeptStateError, 'do not belong to its outputs');
    expect(check(whole.subarray(0, 5), ANSWER)).to.throw(KeptStateError, 'damaged');
  });

  it('is passed on as it is by who keeps a copy, but not when it is damaged', async () => {
    const copy = async (bytes: Buffer): Promise<Buffer> => {
      const pieces: Uint8Array[] = [];
      const source = async function* () {
        yield* inPieces(bytes, 100);
      };
      for await (const piece of checkState(source(), QUERY)) pieces.push(piece);
      return Buffer.concat(pieces);
    };
    expect((await copy(whole)).equals(whole)).to.equal(true);
    const outcome = await copy(whole.subarray(0, -1)).catch((error: Error) => error.message);
    expect(outcome).to.contain('cut off');
  });
});
