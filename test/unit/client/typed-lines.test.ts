import { expect } from 'chai';
import { completions } from '../../../client/session/typed-lines.js';

describe('TAB at the prompt', () => {
  const words = ['parallel', 'packages', 'ps'];
  it('completes the first word of a line to the commands that begin with it', () => {
    expect(completions('pa', words)).to.deep.equal([['parallel ', 'packages '], 'pa']);
    expect(completions('  par', words)).to.deep.equal([['parallel '], 'par']);
  });
  it('leaves other words alone', () => {
    expect(completions('ls p', words)[0]).to.deep.equal([]);
    expect(completions('xyz', words)[0]).to.deep.equal([]);
  });
});
