/** Words of isolation that configuration, pilots' settings and reports share. What they promise: docs/security.md. */
import { z } from 'zod';

/** Of processes that run users' code. preferred: where the node can; required: a node that cannot is not fit. */
export const isolationPolicy = z.enum(['never', 'preferred', 'required']);
export type IsolationPolicy = z.infer<typeof isolationPolicy>;

/** full: the node's network. none: nothing but the session's master and the storage hosts, through the agent. */
export const networkPolicy = z.enum(['full', 'none']);
export type NetworkPolicy = z.infer<typeof networkPolicy>;

/** What a node does, as the agent reports it. */
export const isolationFacts = z.object({
  by: z.enum(['bubblewrap', 'nothing']),
  network: networkPolicy,
  /** Why it is by nothing. */
  why: z.string().max(1000).nullable(),
});
export type IsolationFacts = z.infer<typeof isolationFacts>;
