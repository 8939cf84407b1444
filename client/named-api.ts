/** The ProxyServer that a command line means: --host, else the session at the prompt's own, else the configuration's. */
import type { Command } from 'commander';
import { hostEntry, readClientConfig } from './client-config.js';
import { ServerApi } from './server-api.js';

export function apiOf(command: Command): ServerApi {
  const { config, host } = command.optsWithGlobals<{ config?: string; host?: string }>();
  return new ServerApi(hostEntry(readClientConfig(config), host));
}
