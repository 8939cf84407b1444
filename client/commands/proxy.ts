/** `proof proxy start | stop | status | check`: the ProxyServer of a configuration file. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../../protocol/errors.js';
import { detachRoom, runRoom } from '../room-program.js';

/** --config, else $PROOF_PROXY_CONFIG, else ~/.config/proof/proxy.yaml. */
function configFile(named: string | undefined): string {
  const usual = join(process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'proof', 'proxy.yaml');
  const file = named ?? process.env['PROOF_PROXY_CONFIG'] ?? usual;
  if (named === undefined && !existsSync(file))
    throw new UsageError(
      `There is no ${file}. Give the ProxyServer's configuration with --config FILE; docs/proxy-server.md shows one.`,
    );
  return file;
}

export function addCommands(program: Command): void {
  const proxy = program.command('proxy').description('the ProxyServer: keeps agents and workers ready, opens sessions');
  const add = (name: string, description: string): Command =>
    proxy.command(name).description(description).option('--config <FILE>', "the ProxyServer's configuration");

  add('start', 'start it; prints "listening on URL" when it is ready')
    .option('--detach', 'in the background')
    .action(async (options: { config?: string; detach?: true }) => {
      const args = ['--config', configFile(options.config)];
      if (options.detach) process.stdout.write(`${await detachRoom('proxy-server', args)}\n`);
      else await runRoom('proxy-server', args);
    });
  const VERBS = [
    ['stop', 'stop it, with all that it started'],
    ['status', 'does one run on this configuration? exit status 1 if not'],
    ['check', 'read the configuration and say what is wrong with it'],
  ] as const;
  for (const [verb, description] of VERBS)
    add(verb, description).action((options: { config?: string }) =>
      runRoom('proxy-server', ['--config', configFile(options.config), `--${verb}`]),
    );
}
