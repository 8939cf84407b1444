/** The settings that a pilot brings its agent (job-agent/settings.ts reads them), for all kinds of sites. */
import { join } from 'node:path';
import type { DataServerSettings } from '../../protocol/agent-messages.js';
import type { SiteConfig } from '../config.js';
import type { PilotOrder } from '../factory/read-pilot-jdl.js';
import type { PayloadFetch } from './pilot-script.js';
import type { PilotTicket, SiteContext } from './site.js';

export type PilotSiteConfig = Pick<
  SiteConfig,
  | 'name'
  | 'type'
  | 'storageDomain'
  | 'closeSEs'
  | 'perf'
  | 'httpsProxy'
  | 'xrootd'
  | 'noProxy'
  | 'drainBeforeEndS'
  | 'holdUnfitS'
  | 'recheckS'
  | 'minDiskBytes'
  | 'minMemoryBytes'
  | 'isolation'
  | 'network'
  | 'hidePaths'
  | 'networkHosts'
>;

/** The agent of this very installation, for nodes that see it under the same path. */
export const OWN_AGENT: readonly [program: string, agent: string] = [
  process.execPath,
  join(import.meta.dirname, '..', '..', 'warm', 'agent.js'),
];

/** What a site's configuration says to its agents. */
export function siteSettings(config: PilotSiteConfig, context: SiteContext): Record<string, unknown> {
  const { secretPaths, xrootd: pool } = context;
  const { storageDomain, closeSEs, perf, drainBeforeEndS, holdUnfitS, recheckS, minDiskBytes, minMemoryBytes } = config;
  const { isolation, network, networkHosts, hidePaths, httpsProxy, noProxy } = config;
  return {
    ...{ storageDomain, closeSEs, perf, drainBeforeEndS, holdUnfitS, recheckS, minDiskBytes, minMemoryBytes },
    ...{ isolation, network, networkHosts, hidePaths: [...hidePaths, ...secretPaths], httpsProxy, noProxy },
    poolKeytab: pool?.keytab ?? null,
    xrootd: config.xrootd === undefined || pool === null ? null : dataServer(config.xrootd, pool),
  };
}

function dataServer(
  { directory, port, command, user }: NonNullable<SiteConfig['xrootd']>,
  { keytab, manager }: NonNullable<SiteContext['xrootd']>,
): DataServerSettings {
  return { directory, port, command, user, keytab, manager };
}

/** Its end of wall time and its scratch are not among them: the node knows them, pilot-script.ts tells the agent. */
export function agentSettingsOf(of: {
  config: PilotSiteConfig;
  context: SiteContext;
  order: PilotOrder;
  ticket: PilotTicket;
  ce: string;
}): Record<string, unknown> {
  const { config, context, order, ticket, ce } = of;
  return {
    ...siteSettings(config, context),
    server: context.serverUrl(),
    ca: context.ca,
    site: config.name,
    ce,
    pilotId: ticket.pilotId,
    secret: ticket.secret,
    cores: order.cores,
    orphanedAfterMs: context.orphanedAfterMs,
  };
}

/** For pilots that fetch the payload themselves. */
export function payloadFetch(config: PilotSiteConfig, context: SiteContext, sha256: string): PayloadFetch {
  const { httpsProxy, noProxy } = config;
  return { server: context.serverUrl(), sha256, ca: context.ca, httpsProxy, noProxy };
}
