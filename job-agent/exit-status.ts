/** How an agent ends, for the batch system and for whoever reads its log: the status, and what it means. */
export const AGENT_EXIT = {
  /** It was told to end, or drained. */
  ended: 0,
  /** Settings that no agent can start with. */
  settings: 2,
  /** The node check failed; its reasons stand in the log. */
  unfit: 10,
  /** The ProxyServer did not let it in. */
  refused: 11,
  /** Too long without a ProxyServer. */
  orphaned: 12,
} as const;
export type AgentExit = (typeof AGENT_EXIT)[keyof typeof AGENT_EXIT];
