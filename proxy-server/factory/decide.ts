/**
 * The factory's decision for one site: how many pilots to submit, to cancel or to let go now, and why, in words for people.
 *
 * Pure. A floor of `min` live agents stands whether anybody works or not; demand (demand.ts) asks for more, up to `max`. What is too
 * much goes in this order: pilots that wait in a queue, then agents that were idle for long.
 * Draining agents do not count towards the floor, but they hold slots and so count against `max`.
 */
import { allowance, type BackOffState } from './back-off.js';
import type { SiteDemand } from './demand.js';

export interface SiteLimits {
  readonly min: number;
  readonly max: number;
  /** Pilots without an agent yet, at most. */
  readonly maxQueued: number;
  readonly maxPerCycle: number;
  readonly coresPerPilot: number;
  /** An agent above the floor that nobody used for so long is let go. */
  readonly letGoIdleS: number;
}

export interface SiteView {
  /** Handed to the batch system, agent not there yet. */
  readonly waiting: number;
  /** Of those: asked for by a person, not too many however many are needed. */
  readonly byHand: number;
  /** What is remarkable about them: held, or queued for long; '' if nothing is. */
  readonly waitingNote: string;
  /** Agents that take work. */
  readonly serving: number;
  readonly draining: number;
  /** Of those that serve: idle for longer than `letGoIdleS`. */
  readonly idleLong: number;
  readonly demand: SiteDemand;
  readonly backOff: BackOffState;
  /** An operator has closed the site: why. */
  readonly banned: string | null;
  readonly nowMs: number;
}

export interface Decision {
  readonly submit: number;
  /** Queued pilots that nobody needs any more. */
  readonly cancel: number;
  /** Idle agents that nobody needs any more. */
  readonly letGo: number;
  readonly because: string;
}

export function decide(limits: SiteLimits, view: SiteView): Decision {
  if (view.banned !== null)
    return {
      submit: 0,
      cancel: view.waiting,
      letGo: 0,
      because: `banned: ${view.banned}; "proof sites unban" lifts it`,
    };
  const { demand } = view;
  const coming = view.serving + view.waiting;
  const extra = Math.ceil(demand.more / limits.coresPerPilot);
  const target = Math.min(limits.max, Math.max(limits.min, view.serving + extra));
  const has = `${view.serving} serving, ${view.waiting} on their way${view.waitingNote === '' ? '' : ` (${view.waitingNote})`}, ${view.draining} draining`;
  const wants = demand.because.length === 0 ? 'no more cores wanted' : `cores wanted: ${demand.because.join(', ')}`;
  const story = `${has}; target ${target} (min ${limits.min}, max ${limits.max}; ${wants})`;
  const nothing = { submit: 0, cancel: 0, letGo: 0 };

  const surplus = Math.min(view.waiting - view.byHand, coming - target);
  if (surplus > 0) return { ...nothing, cancel: surplus, because: `${story}: cancel ${surplus} not yet started` };
  const floor = Math.max(limits.min, Math.ceil(demand.kept / limits.coresPerPilot));
  const letGo = extra > 0 ? 0 : Math.min(view.idleLong, view.serving - floor);
  if (letGo > 0)
    return { ...nothing, letGo, because: `${story}: let ${letGo} go that were idle for ${limits.letGoIdleS} s` };
  const missing = target - coming;
  if (missing <= 0) return { ...nothing, because: `${story}: enough` };

  const caps: readonly (readonly [number, string])[] = [
    [missing, 'what is missing'],
    [limits.max - coming - view.draining, `max ${limits.max} with those that drain`],
    [limits.maxQueued - view.waiting, `maxQueued ${limits.maxQueued}`],
    [limits.maxPerCycle, `maxPerCycle ${limits.maxPerCycle}`],
    [allowance(view.backOff, limits.maxPerCycle, view.waiting, view.nowMs), describeBackOff(view.backOff, view.nowMs)],
  ];
  const [n, cap] = caps.reduce((least, next) => (next[0] < least[0] ? next : least));
  const submit = Math.max(0, n);
  const trouble = describeBackOff(view.backOff, view.nowMs);
  const also = view.backOff.failures === 0 || cap === trouble ? '' : `; ${trouble}`;
  return { ...nothing, submit, because: `${story}: submit ${submit} of ${missing} missing, limited by ${cap}${also}` };
}

function describeBackOff(state: BackOffState, nowMs: number): string {
  if (state.failures === 0) return 'no back-off';
  const pause =
    state.until !== null && nowMs < state.until ? `, paused until ${new Date(state.until).toISOString()}` : '';
  return `back-off after ${state.failures} failure${state.failures === 1 ? '' : 's'}${pause}: ${state.lastFailure ?? 'unknown'}`;
}
