/** What is said of a value that is not what its schema says. */
import { expect } from 'chai';
import { z } from 'zod';
import { checked } from '../../../protocol/check.js';

const schema = z.object({
  n: z.coerce.number().int().min(1).max(9).optional(),
  count: z.number().optional(),
  names: z.array(z.string().max(5)).max(2).optional(),
  how: z.enum(['create', 'replace']).optional(),
  value: z.union([z.string(), z.number(), z.boolean()]).optional(),
  mixed: z.union([z.literal('none'), z.object({ deep: z.number() })]).optional(),
  flag: z.stringbool().optional(),
  at: z.iso.datetime().optional(),
  text: z.string().min(1).optional(),
  token: z.number().optional(),
  ids: z.record(z.string().regex(/^[a-z]+$/, 'must be small letters'), z.int()).optional(),
});
const refusal = (value: unknown): string => {
  try {
    checked(schema, value, 'body');
  } catch (error) {
    return (error as Error).message.replace(/^Bad body: /, '');
  }
  return 'accepted';
};

describe('protocol: values from outside', () => {
  it('are refused with one sentence: the field, what is expected, what was given', () => {
    expect(refusal(null)).to.equal('it is missing.');
    expect(refusal([1])).to.equal('it must be keys with values, not a list.');
    expect(refusal({ n: 'many' })).to.equal('n must be a number, not many.');
    expect(refusal({ n: 1.5 })).to.equal('n must be a whole number, not 1.5.');
    expect(refusal({ n: 10 })).to.equal('n must be 9 at most, not 10.');
    expect(refusal({ count: '5' })).to.equal('count must be a number, not "5".');
    expect(refusal({ names: 5 })).to.equal('names must be a list, not 5.');
    expect(refusal({ names: ['a', 7] })).to.equal('names.1 must be text, not 7.');
    expect(refusal({ names: ['abcdef'] })).to.equal('names.0 must have 5 characters at most, not 6.');
    expect(refusal({ names: ['a', 'b', 'c'] })).to.equal('names must have 2 entries at most, not 3.');
    expect(refusal({ how: 'creat' })).to.equal('how must be create or replace, not creat. Did you mean create?');
    expect(refusal({ value: {} })).to.equal('value must be text, a number or true or false, not keys with values.');
    expect(refusal({ mixed: {} })).to.equal('mixed.deep is missing.');
    expect(refusal({ flag: 'maybe' })).to.equal('flag must be true or false, not maybe.');
    expect(refusal({ at: 'noon' })).to.equal('at must be a time, as in 2026-01-31T12:00:00Z, not noon.');
    expect(refusal({ text: '' })).to.equal('text must not be empty.');
    expect(refusal({ ids: { A: 1 } })).to.equal('the key ids.A must be small letters.');
  });

  it('are shown short and printable', () => {
    expect(refusal({ count: 'x'.repeat(1e6) })).to.equal(`count must be a number, not ${'x'.repeat(40)}….`);
    expect(refusal({ count: 'a\u001b[2Jb\u202e' })).to.equal('count must be a number, not a\ufffd[2Jb\ufffd.');
    expect(refusal({ ids: { ['k'.repeat(1e6)]: 'no' } }).length).to.be.below(200);
    let deep: unknown = [];
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(refusal({ how: deep })).to.equal('how must be create or replace, not a list.');
    expect(refusal({ how: Object.create(null) })).to.equal('how must be create or replace, not keys with values.');
  });

  it('are never shown where they may be secret', () => {
    expect(refusal({ token: 'abc' })).to.equal('token must be a number, not text.');
    for (const secret of ['eyJhbGciOi.x.y', 'https://ada:pw@h/', 'https://h/f?sig=abc', 'Bearer abc'])
      expect(refusal({ count: secret })).to.equal('count must be a number, not text.');
  });
});
