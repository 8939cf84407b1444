/** Pilots through a real Grid Engine, which bring Node.js and the agent with them. */
import { join } from 'node:path';
import { describeSite } from '../support/site-scenario.js';

describeSite({
  kind: 'gridengine',
  site: (batch) => `queue: main.q, payload: true, environment: ${JSON.stringify(batch.environment)}`,
  says: /queue main\.q/,
  translation: /^qsub /,
  scratch: (batch) => join(batch.folder, 'scratch'),
  lose: (batch, batchId) => batch.command('qdel', batchId),
  slots: {
    close: (batch) => batch.command('qmod', '-d', 'main.q'),
    open: (batch) => batch.command('qmod', '-e', 'main.q'),
  },
  jobs: (batch) => batch.command('qstat'),
});
