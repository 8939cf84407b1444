/** Why a job waits: what the ProxyServer says of it and the agents that are there now, in one sentence for lists. */
import { z } from 'zod';
import type { ServerApi } from '../server-api.js';
import type { ShownJob } from './ask-jobs.js';

/** GET /v1/jobs/ID/match. */
export const jobMatch = z.object({
  agents: z.number(),
  matching: z.number(),
  refusedByAgents: z.number(),
  /** Why nothing of its owner is given out at present. */
  heldBack: z.string().nullable(),
  clauses: z.array(
    z.object({ clause: z.string(), failsOn: z.number(), undefinedOn: z.number(), onlyObstacleOn: z.number() }),
  ),
});
export type JobMatch = z.infer<typeof jobMatch>;

export const askJobMatch = (api: ServerApi, jobId: number): Promise<JobMatch> =>
  api.call('GET', `/jobs/${jobId}/match`, jobMatch);

/** Pure. */
export function waitingSentence({ agents, matching, refusedByAgents, heldBack, clauses }: JobMatch): string {
  if (heldBack !== null) return heldBack;
  if (agents === 0) return 'no agent is here';
  if (matching > 0) return `${matching} of ${agents} agents fit; others go first`;
  const everywhere = clauses.filter(({ failsOn }) => failsOn === agents).map(({ clause }) => clause);
  if (everywhere.length > 0) return `on none of ${agents} agents: ${everywhere.join(' and ')}`;
  if (refusedByAgents === agents) return `requirements of their sites: none of ${agents} agents wants it`;
  return `each of ${agents} agents lacks something that it asks for`;
}

/** So many are asked about: a list of thousands does not ask thousands of times. */
const MOST_ASKED = 20;

/** Those that wait say why, as far as they are few. */
export async function withWhyTheyWait(api: ServerApi, jobs: readonly ShownJob[]): Promise<ShownJob[]> {
  const waiting = jobs.filter(({ state }) => state === 'WAITING').slice(0, MOST_ASKED);
  const reasons = new Map<number, string>();
  for (const { jobId } of waiting) reasons.set(jobId, waitingSentence(await askJobMatch(api, jobId)));
  return jobs.map((job) => ({ ...job, why: reasons.get(job.jobId) ?? job.why }));
}
