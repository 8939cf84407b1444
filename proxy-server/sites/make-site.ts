/** Kind of site -> its implementation: the one place that knows them all. */
import type { SiteConfig } from '../config.js';
import { OWN_AGENT } from './agent-settings.js';
import { ArcSite } from './arc.js';
import { type BatchHost, LocalBatchHost } from './batch-host.js';
import type { BatchSystem } from './batch-system.js';
import { CommandSite, ownDirectory } from './command-site.js';
import { GridEngine } from './gridengine.js';
import { Htcondor } from './htcondor.js';
import { LocalSite } from './local.js';
import type { Site, SiteContext } from './site.js';
import type { RemoteBatch } from './site-settings.js';
import { Slurm } from './slurm.js';
import { SshBatchHost } from './ssh.js';

export function makeSite(config: SiteConfig, context: SiteContext): Site {
  switch (config.type) {
    case 'local':
      return new LocalSite(config, context);
    case 'arc':
      return new ArcSite(config, context);
    case 'ssh':
      return commandSite(config, context, config.remote, new SshBatchHost(config));
    default:
      return commandSite(config, context, config, localHost(config, context));
  }
}

function commandSite(config: SiteConfig, context: SiteContext, batch: RemoteBatch, host: BatchHost): Site {
  return new CommandSite({
    config,
    context,
    host,
    system: batchSystem(config.name, batch, host),
    agentCommand: batch.agentCommand ?? OWN_AGENT,
    payload: batch.payload,
    scratch: batch.scratch ?? null,
  });
}

function batchSystem(site: string, batch: RemoteBatch, host: BatchHost): BatchSystem {
  switch (batch.type) {
    case 'slurm':
      return new Slurm(site, batch, host);
    case 'gridengine':
      return new GridEngine(site, batch, host);
    case 'htcondor':
      return new Htcondor(site, batch, host);
  }
}

function localHost(config: RemoteBatch & { readonly name: string }, context: SiteContext): BatchHost {
  return new LocalBatchHost({
    site: config.name,
    directory: config.directory ?? ownDirectory(context, config.name),
    environment: config.environment,
    timeoutMs: config.commandTimeoutS * 1000,
  });
}
