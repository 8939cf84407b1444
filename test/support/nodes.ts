/** A node for tests that do not care which. */
import type { NodeFacts } from '../../protocol/agent-messages.js';

export const testNode: NodeFacts = {
  host: 'localhost',
  site: 'TEST',
  ce: null,
  storageDomain: null,
  closeSEs: [],
  cores: 1,
  memoryBytes: 2e9,
  diskBytes: 1e9,
  platform: 'linux',
  nodeVersion: process.version,
  wallTimeEnd: null,
  perf: 100,
};
