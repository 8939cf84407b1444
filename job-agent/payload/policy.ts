/**
 * Who uses the cores of a slot: sessions first, then payloads in the order that they came. Pure.
 *
 * `suspend`: a payload that does not fit beside the sessions is stopped, or not started yet. `share`: it runs on, at the lowest priority,
 * while sessions use its cores. `decline`: it runs on; the ProxyServer does not give its cores to sessions.
 */
import type { BatchPolicy } from '../../protocol/job-messages.js';

export interface CoreUser {
  readonly key: string;
  readonly cores: number;
  readonly policy: BatchPolicy;
  /** Its process was started; others wait for cores in any case. */
  readonly isStarted: boolean;
}

export type CoreDecision = 'run' | 'stop' | 'yield';

/** @param users the oldest first */
export function shareCores(
  users: readonly CoreUser[],
  { cores, sessionCores }: { cores: number; sessionCores: number },
): Map<string, CoreDecision> {
  const decisions = new Map<string, CoreDecision>();
  let left = cores - sessionCores;
  for (const { key, cores: wanted, policy, isStarted } of users) {
    const fits = wanted <= left;
    const staysAnyway = isStarted && policy !== 'suspend';
    if (fits || staysAnyway) left -= wanted;
    decisions.set(key, fits ? 'run' : staysAnyway ? (policy === 'share' ? 'yield' : 'run') : 'stop');
  }
  return decisions;
}
