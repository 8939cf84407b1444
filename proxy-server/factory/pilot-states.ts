/**
 * The life of a pilot, as the batch system and the registry together tell it. A table, so that it can be read and tested whole.
 *
 * The batch system says queue, run and end; the agent inside says register, attach, release and drain by what it does.
 * Both report late and in any order, so a pilot may register before the batch system is known to run it.
 */

import type { PilotState } from '../../protocol/api.js';
import { GridError } from '../../protocol/errors.js';

export type PilotEvent = 'queue' | 'run' | 'register' | 'attach' | 'release' | 'drain' | 'end';

/** Every legal move. What is not in the table does not happen; `gone` is final. */
export const PILOT_MOVES: Record<PilotState, Partial<Record<PilotEvent, PilotState>>> = {
  submitted: { queue: 'queued', run: 'starting', register: 'idle', end: 'gone' },
  queued: { run: 'starting', register: 'idle', end: 'gone' },
  starting: { register: 'idle', end: 'gone' },
  idle: { attach: 'interactive', drain: 'draining', end: 'gone' },
  interactive: { release: 'idle', drain: 'draining', end: 'gone' },
  draining: { end: 'gone' },
  gone: {},
};

/** Its agent is there, or it may still come: it counts against `max`. */
export const LIVE_STATES: readonly PilotState[] = [
  'submitted',
  'queued',
  'starting',
  'idle',
  'interactive',
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
