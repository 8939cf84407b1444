/** What an agent does with a payload that it finds of the agent before it. Pure. */
import type { PayloadRecord } from './payload-record.js';

/**
 * begin: nothing of it has run. follow: a program of it runs, or its guard has told how it ended. save: its programs are over.
 * tell: its end is known, and perhaps told. drop: how its program ended will never be known; it is as if it had not been found.
 */
export type TakeOver = 'begin' | 'follow' | 'save' | 'tell' | 'drop';

/** @param isProgramFound of the last program that was started: its guard lives, or has told how it ended */
export function takeOver(
  { phase, programs, ending, end }: Pick<PayloadRecord, 'phase' | 'programs' | 'ending' | 'end'>,
  isProgramFound: boolean,
): TakeOver {
  if (phase === 'ended') return end === null ? 'drop' : 'tell';
  if (phase === 'saving') return ending === null ? 'drop' : 'save';
  if (programs > 0) return isProgramFound ? 'follow' : 'drop';
  return 'begin';
}
