/** `proof agent`: what a batch slot runs; by hand on the nodes of a static cluster. All its words are the agent's own. */
import type { Command } from 'commander';
import { runRoom } from '../room-program.js';

export function addCommands(program: Command): void {
  program
    .command('agent')
    .description('what a batch slot runs; by hand: --server URL --site NAME [--token-file FILE] [--cores N]')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .argument('[words...]')
    .action((words: string[]) => runRoom('job-agent', words));
}
