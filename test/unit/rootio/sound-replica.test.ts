import { expect } from 'chai';
import { NotRootFileError } from '../../../rootio/errors.js';
import { fromSoundReplica } from '../../../rootio/sound-replica.js';
import { NoSuchFileError } from '../../../storage/errors.js';
import { failureOf } from '../../support/failure.js';

describe('rootio: the first sound replica', () => {
  const bad = (url: string): Promise<string> => Promise.reject(new NotRootFileError(url, 'text'));
  /** As storage does: the first of several that is there. */
  const open = async ([first]: readonly string[]): Promise<string> => {
    if (first!.startsWith('gone')) throw new NoSuchFileError(first!);
    return first!.startsWith('bad') ? bad(first!) : first!;
  };

  it('is the first one that can be had and is no damage, all of them together where the first is sound', async () => {
    const asked: (readonly string[])[] = [];
    const noted = (urls: readonly string[]): Promise<string> => {
      asked.push(urls);
      return open(urls);
    };
    expect(await fromSoundReplica(['good', 'bad'], noted)).to.equal('good');
    expect(asked).to.deep.equal([['good', 'bad']]);
    expect(await fromSoundReplica(['bad1', 'gone', 'bad2', 'good'], open)).to.equal('good');
  });

  it('is none where all are damaged or gone, or the fault is another: that is told', async () => {
    expect((await failureOf(fromSoundReplica(['bad', 'gone'], open))).code).to.equal('ROOT_NOT_A_ROOT_FILE');
    expect((await failureOf(fromSoundReplica(['bad'], open))).code).to.equal('ROOT_NOT_A_ROOT_FILE');
    expect((await failureOf(fromSoundReplica(['gone', 'good'], open))).code).to.equal('STORAGE_NO_SUCH_FILE');
  });
});
