/** A query in front of a user: its progress on the Screen, and Ctrl-C. */
import type { ProofSession } from '../session/proof-session.js';
import type { Screen } from '../show/screen.js';
import { INTERRUPTIONS, onInterrupt } from './interrupt.js';
import type { QueryObserver, QueryOutcome } from './query-request.js';
import { watchQuery } from './remote-run.js';

export async function answerOrInterruption(
  session: ProofSession,
  queryId: string,
  screen: Screen,
  signals: readonly NodeJS.Signals[] = INTERRUPTIONS,
): Promise<QueryOutcome | 'background' | 'aborted'> {
  let leave: (how: 'background' | 'aborted') => void = () => {};
  const left = new Promise<'background' | 'aborted'>((resolve) => {
    leave = resolve;
  });
  const release = onInterrupt({ screen, mayLeave: true, signals }, (choice) => {
    if (choice === 'background') leave('background');
    else if (choice === 'stop') session.stop(queryId);
    else if (choice === 'abort') {
      session.abort(queryId);
      leave('aborted');
    }
  });
  const observer = watching(screen);
  try {
    return await Promise.race([watchQuery(session, queryId, observer), left]);
  } finally {
    release();
    observer.progress = () => {}; // of a query that was left: a picture that moves would keep this process alive
    screen.endProgress();
  }
}

/** Look-up, validation and progress in the lines that PROOF's users know. */
export function watching(screen: Screen): QueryObserver & { progress: NonNullable<QueryObserver['progress']> } {
  return {
    lookup({ stage, files, missing }) {
      if (stage === 'located') screen.say(`Looking up for exact location of files: OK (${files} files)`);
      if (stage === 'validated')
        screen.say(`Validating files: ${missing === 0 ? 'OK' : `${missing} of ${files} cannot be read`}`);
    },
    progress: (progress) => {
      // Before the entries are counted there is no progress to show.
      if (progress.entries.total !== null || progress.entries.done > 0) screen.progress(progress);
    },
    printed: (worker, text) => {
      for (const line of text.trimEnd().split('\n')) screen.say(`[${worker}] ${line}`);
    },
  };
}
