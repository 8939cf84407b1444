/** All that a payload finds in its environment, but for PROOF_JOB and PROOF_PAYLOAD, which its guard adds: it has none itself. Pure. */
import { dirname } from 'node:path';
import type { JobOrder } from '../../protocol/job-messages.js';

export function payloadEnvironment(
  order: Pick<JobOrder, 'jobId' | 'user' | 'variables'>,
  { slot, work, config }: { slot: string; work: string; config?: string | undefined },
): NodeJS.ProcessEnv {
  const declared = Object.entries(order.variables).map(([name, value]) => [`ALIEN_JDL_${name}`, value]);
  return {
    ...Object.fromEntries(declared),
    PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
    HOME: work,
    TMPDIR: work,
    LANG: 'C.UTF-8',
    ALIEN_PROC_ID: String(order.jobId),
    ALIEN_USER: order.user,
    PROOF_SLOT: slot,
    ...(config === undefined ? {} : { PROOF_CONFIG: config }),
  };
}
