/**
 * The life of a pilot, as the batch system and the registry together tell it. A table, so that it can be read and tested whole.
 *
 * The batch system says queue, run and end; the agent inside says the others by what it does.
 * Both report late and in any order, so a pilot may register before the batch system is known to run it.
 */

import type { PilotState } from '../../protocol/api.js';
import { GridError } from '../../protocol/errors.js';

/** `work`, `attach`, `share`, `release`: payloads, sessions, both, or neither use its cores. */
export type PilotEvent = 'queue' | 'run' | 'register' | 'work' | 'attach' | 'share' | 'release' | 'drain' | 'end';

const AGENT_IS_THERE = { drain: 'draining', end: 'gone' } as const;

/** Every legal move. What is not in the table does not happen; `gone` is final. */
export const PILOT_MOVES: Record<PilotState, Partial<Record<PilotEvent, PilotState>>> = {
  submitted: { queue: 'queued', run: 'starting', register: 'idle', end: 'gone' },
  queued: { run: 'starting', register: 'idle', end: 'gone' },
  starting: { register: 'idle', end: 'gone' },
  idle: { work: 'batch', attach: 'interactive', share: 'both', ...AGENT_IS_THERE },
  batch: { release: 'idle', attach: 'interactive', share: 'both', ...AGENT_IS_THERE },
  interactive: { release: 'idle', work: 'batch', share: 'both', ...AGENT_IS_THERE },
  both: { release: 'idle', work: 'batch', attach: 'interactive', ...AGENT_IS_THERE },
  draining: { end: 'gone' },
  gone: {},
};

/** What the registry and the job queue show of an agent, as an event. A payload that is suspended is there as well. */
export function useOf(use: { isDraining: boolean; sessionCores: number; payloadCores: number }): PilotEvent {
  if (use.isDraining) return 'drain';
  if (use.sessionCores > 0) return use.payloadCores > 0 ? 'share' : 'attach';
  return use.payloadCores > 0 ? 'work' : 'release';
}

/** Its agent is there, or it may still come: it counts against `max`. */
export const LIVE_STATES: readonly PilotState[] = [
  'submitted',
  'queued',
  'starting',
  'idle',
  'batch',
  'interactive',
  'both',
  'draining',
];
/** Handed to the batch system, no agent yet. */
export const WAITING_STATES: readonly PilotState[] = ['submitted', 'queued', 'starting'];

export class PilotMoveError extends GridError {
  readonly code = 'PROXY_PILOT_MOVE';
  constructor(pilot: { pilotId: string; state: PilotState }, event: PilotEvent) {
    const possible = Object.keys(PILOT_MOVES[pilot.state]).join(', ') || 'nothing more';
    super(`Pilot ${pilot.pilotId} is ${pilot.state} and cannot "${event}"; it could ${possible}.`);
  }
}

/** @throws {PilotMoveError} naming the pilot, its state and the events that it could take */
export function nextPilotState(pilot: { pilotId: string; state: PilotState }, event: PilotEvent): PilotState {
  const to = PILOT_MOVES[pilot.state][event];
  if (to === undefined) throw new PilotMoveError(pilot, event);
  return to;
}

/** For reports that may come twice or late (a batch system polled again): the move, or undefined where it tells nothing new. */
export function moveIfLegal(state: PilotState, event: PilotEvent): PilotState | undefined {
  return PILOT_MOVES[state][event];
}
