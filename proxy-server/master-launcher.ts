/** How session masters are started: confined as `masterIsolation` says, without sight of this server's state. */
import { type Launcher, prepareLauncher } from '../isolation/launcher.js';
import { GridError } from '../protocol/errors.js';
import type { ProxyConfig } from './config.js';
import { secretPaths } from './secret-paths.js';

/** Masters must be confined, and cannot be here. */
export class MasterIsolationError extends GridError {
  readonly code = 'PROXY_MASTER_ISOLATION';
}

/** @throws {MasterIsolationError} */
export async function masterLauncher(config: ProxyConfig, socketDir: string): Promise<Launcher> {
  const { masterIsolation: isolation, stateDir } = config;
  const hidePaths = secretPaths(config, socketDir);
  const launcher = await prepareLauncher({ isolation, network: 'full', hidePaths }, process.env, stateDir);
  if (isolation === 'required' && launcher.facts.by === 'nothing')
    throw new MasterIsolationError(
      `masterIsolation is "required", and ${launcher.facts.why}. Install bubblewrap, or say "preferred".`,
    );
  return launcher;
}
