/** The table of a pilot's life. */
import { expect } from 'chai';
import { pilotState } from '../../../../protocol/api.js';
import {
  LIVE_STATES,
  moveIfLegal,
  nextPilotState,
  PILOT_MOVES,
  PilotMoveError,
  WAITING_STATES,
} from '../../../../proxy-server/factory/pilot-states.js';

describe('proxy-server: pilot states', () => {
  it('lead from every state but the last to its end, and from the last nowhere', () => {
    for (const state of LIVE_STATES) expect(PILOT_MOVES[state].end).to.equal('gone');
    expect(PILOT_MOVES.gone).to.deep.equal({});
    expect([...LIVE_STATES, 'gone'].sort()).to.deep.equal([...pilotState.options].sort());
  });

  it('let an agent register whatever the batch system has said so far, and once', () => {
    for (const state of WAITING_STATES) expect(moveIfLegal(state, 'register')).to.equal('idle');
    expect(moveIfLegal('idle', 'register')).to.equal(undefined);
  });

  it('refuse an illegal move by name of the pilot, its state and what it could do', () => {
    expect(() => nextPilotState({ pilotId: 'p7', state: 'queued' }, 'attach'))
      .to.throw(PilotMoveError)
      .with.property('message')
      .that.contains('Pilot p7 is queued')
      .and.contains('run, register, end');
  });
});
