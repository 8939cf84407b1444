/** All that a payload finds in its environment. Pure. */
import { dirname } from 'node:path';
import type { JobOrder } from '../../protocol/job-messages.js';

export function payloadEnvironment(
  order: Pick<JobOrder, 'jobId' | 'run' | 'user' | 'variables'>,
  { slot, work, mark, config }: { slot: string; work: string; mark: string; config?: string | undefined },
): NodeJS.ProcessEnv {
  const declared = Object.entries(order.variables).map(([name, value]) => [`ALIEN_JDL_${name}`, value]);
  const [markName, markValue] = mark.split('=') as [string, string];
  return {
    ...Object.fromEntries(declared),
    PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
    HOME: work,
    TMPDIR: work,
    LANG: 'C.UTF-8',
    ALIEN_PROC_ID: String(order.jobId),
    ALIEN_USER: order.user,
    PROOF_SLOT: slot,
    PROOF_JOB: `${order.jobId}.${order.run}`,
    ...(config === undefined ? {} : { PROOF_CONFIG: config }),
    [markName]: markValue,
  };
}
