/** The next program of a payload, confined and under a guard. It is written down before it is started: whoever finds the record knows of it. */
import type { Launcher } from '../../isolation/launcher.js';
import type { Clock } from '../../protocol/clock.js';
import type { JobOrder } from '../../protocol/job-messages.js';
import { GuardedProgram, type Guarding } from '../guard/guarded-program.js';
import type { PayloadAccess } from './payload-access.js';
import { payloadEnvironment } from './payload-environment.js';
import type { PayloadState } from './payload-state.js';

/** @throws {Error} with a sentence, where it cannot be started */
export function launchProgram(
  words: readonly string[],
  of: {
    readonly order: JobOrder;
    readonly state: PayloadState;
    readonly directory: string;
    readonly work: string;
    readonly access: PayloadAccess | null;
    readonly slot: string;
    readonly launcher: Launcher;
    readonly guarding: Guarding;
    readonly clock: Clock;
  },
): Promise<GuardedProgram> {
  const { order, state, directory, work, access, slot, launcher, guarding, clock } = of;
  state.nextProgram();
  return GuardedProgram.start({
    ...guarding,
    ...{ directory, work, clock },
    number: state.programs,
    mark: state.mark,
    isConfined: launcher.facts.by === 'bubblewrap',
    job: `${order.jobId}.${order.run}`,
    command: launcher.words(words, {
      scratch: work,
      ...(access === null ? {} : { shown: [access.directory] }),
    }),
    env: payloadEnvironment(order, { slot, work, config: access?.config }),
  });
}
