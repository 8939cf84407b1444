/**
 * The factory's decision for one site: how many pilots to submit or to cancel now, and why, in words for people.
 *
 * Pure. A floor of `min` live agents stands whether anybody works or not; sessions that lack workers ask for more, up to `max`.
 * Draining agents do not count towards the floor, but they hold slots and so count against `max`.
 */
import { allowance, type BackOffState } from './back-off.js';

export interface SiteLimits {
  readonly min: number;
  readonly max: number;
  /** Pilots without an agent yet, at most. */
  readonly maxQueued: number;
  readonly maxPerCycle: number;
  readonly coresPerPilot: number;
}

export interface SiteView {
  /** Handed to the batch system, agent not there yet. */
  readonly waiting: number;
  /** Agents that take work. */
  readonly serving: number;
  readonly draining: number;
  /** Workers that sessions would use and nobody has. */
  readonly workersWanted: number;
  readonly backOff: BackOffState;
  /** An operator has closed the site: why. */
  readonly banned: string | null;
  readonly nowMs: number;
}

export interface Decision {
  readonly submit: number;
  /** Queued pilots that nobody needs any more. */
  readonly cancel: number;
  readonly because: string;
}

export function decide(limits: SiteLimits, view: SiteView): Decision {
  if (view.banned !== null)
    return { submit: 0, cancel: view.waiting, because: `banned: ${view.banned}; "proof sites unban" lifts it` };
  const coming = view.serving + view.waiting;
  const extra = Math.ceil(view.workersWanted / limits.coresPerPilot);
  const target = Math.min(limits.max, Math.max(limits.min, view.serving + extra));
  const has = `${view.serving} serving, ${view.waiting} on their way, ${view.draining} draining`;
  const aim = `target ${target} (min ${limits.min}, max ${limits.max}, ${Number.isFinite(view.workersWanted) ? view.workersWanted : 'any number of'} more workers wanted)`;
  const surplus = Math.min(view.waiting, coming - target);
  if (surplus > 0) return { submit: 0, cancel: surplus, because: `${has}; ${aim}: cancel ${surplus} not yet started` };
  const missing = target - coming;
  if (missing <= 0) return { submit: 0, cancel: 0, because: `${has}; ${aim}: enough` };

  const caps: readonly (readonly [number, string])[] = [
    [missing, 'what is missing'],
    [limits.max - coming - view.draining, `max ${limits.max} with those that drain`],
    [limits.maxQueued - view.waiting, `maxQueued ${limits.maxQueued}`],
    [limits.maxPerCycle, `maxPerCycle ${limits.maxPerCycle}`],
    [allowance(view.backOff, limits.maxPerCycle, view.waiting, view.nowMs), describeBackOff(view.backOff, view.nowMs)],
  ];
  const [n, cap] = caps.reduce((least, next) => (next[0] < least[0] ? next : least));
  const submit = Math.max(0, n);
  return { submit, cancel: 0, because: `${has}; ${aim}: submit ${submit} of ${missing} missing, limited by ${cap}` };
}

function describeBackOff(state: BackOffState, nowMs: number): string {
  if (state.failures === 0) return 'no back-off';
  const pause =
    state.until !== null && nowMs < state.until ? `, paused until ${new Date(state.until).toISOString()}` : '';
  return `back-off after ${state.failures} failure${state.failures === 1 ? '' : 's'}${pause}: ${state.lastFailure ?? 'unknown'}`;
}
