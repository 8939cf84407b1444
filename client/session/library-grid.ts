/** The Grid of a host as TGrid::Connect gave it: its catalog, and its ProxyServer's queue for submit, ps and kill. */
import { z } from 'zod';
import type { Grid, GridJobs } from '../../catalog/grid/grid.js';
import { submittedJob } from '../../protocol/job-messages.js';
import { hostEntry, readClientConfig } from '../client-config.js';
import { jobNumber, listJobs } from '../jobs/ask-jobs.js';
import { catalogOf } from '../run/look-up.js';
import { ServerApi } from '../server-api.js';

/** @param host of your configuration, or host:port. Close the Grid when you are done. */
export async function connect(host?: string, options: { config?: string } = {}): Promise<Grid> {
  const config = readClientConfig(options.config);
  return catalogOf(config, { host }, queueOf(new ServerApi(hostEntry(config, host))));
}

/** The caller's jobs that are not over are what `ps` shows. */
function queueOf(api: ServerApi): GridJobs {
  return {
    submit: async (jdl, args = []) => String((await api.call('POST', '/jobs', submittedJob, { jdl, args })).jobId),
    ps: async () =>
      (await listJobs(api, {})).map(({ jobId, user, state, name }) => ({
        jobId: String(jobId),
        owner: user,
        state,
        name,
      })),
    kill: async (jobId) => {
      await api.call('DELETE', `/jobs/${jobNumber(jobId)}`, z.object({ jobs: z.number() }));
    },
  };
}
