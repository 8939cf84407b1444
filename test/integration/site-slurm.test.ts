/** Pilots through a real Slurm; once more with nodes that share no directory with the ProxyServer. */
import { join } from 'node:path';
import { describeSite, type SiteScenario } from '../support/site-scenario.js';

const environment = (values: Readonly<Record<string, string>>): string => JSON.stringify(values);

const slurm: SiteScenario = {
  kind: 'slurm',
  site: (batch) => `partition: main, environment: ${environment(batch.environment)}`,
  says: /Slurm partition main\* is up/,
  translation: /^sbatch /,
  scratch: (batch) => join(batch.folder, 'scratch'),
  lose: (batch, batchId) => batch.command('scancel', batchId),
  slots: {
    close: (batch) => batch.command('scontrol', 'update', 'nodename=n1,n2', 'state=drain', 'reason=test'),
    open: (batch) => batch.command('scontrol', 'update', 'nodename=n1,n2', 'state=resume'),
  },
  jobs: (batch) => batch.command('squeue', '--noheader', '--format=%A'),
};

describeSite(slurm);
