/** `proof catalog start`: the daemon as a process of its own; programs never import one another. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { UsageError } from '../../../protocol/errors.js';
import { ExitStatus } from '../../exit-status.js';
import { addReplicaMarks } from './replicas.js';

export function addServiceCommands(program: Command): void {
  const catalog = program.command('catalog').description('the file catalog daemon and its upkeep');
  addReplicaMarks(catalog);
  catalog
    .command('start')
    .description('run the catalog in the foreground; it prints "listening on URL" when it is ready')
    .option('--config <FILE>', 'its configuration: listen, stateDir, auth, …')
    .action(async (_options: unknown, command: Command) => {
      const { config } = command.optsWithGlobals<{ config?: string }>();
      if (config === undefined) throw new UsageError('proof catalog start needs --config FILE; see docs/catalog.md.');
      throw new ExitStatus(await runDaemon(config));
    });
}

/** Signals that reach the command go on to the daemon; its exit status is the command's. */
async function runDaemon(config: string): Promise<number> {
  const main = fileURLToPath(new URL('../../../catalog/main.js', import.meta.url));
  const child = spawn(process.execPath, [main, '--config', config], { stdio: 'inherit' });
  const forward = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  process.on('SIGTERM', forward).on('SIGINT', forward);
  const [status] = (await once(child, 'exit')) as [number | null];
  return status ?? 1;
}
