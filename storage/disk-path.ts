/** Which file on a disk of this machine a word names, where it is one: of a member of an archive, the archive. Pure. */
import { localPathOf, schemeOf } from './url.js';
import { memberOf } from './zip-member.js';

/** @returns undefined for URLs of other machines, and for what is no proper URL: whoever opens it tells what it lacks */
export function diskPathOf(word: string): string | undefined {
  try {
    const url = memberOf(word)?.archive ?? word;
    return [undefined, 'file'].includes(schemeOf(url)) ? localPathOf(url) : undefined;
  } catch {
    return undefined;
  }
}
