/** The catalog's commands: the daemon, and one file of catalog/ for each group of what it is asked. */
import type { Command } from 'commander';
import { addDatasetCommands } from './catalog/datasets.js';
import { addFindCommands } from './catalog/find.js';
import { addMetaCommands } from './catalog/meta.js';
import { addNameCommands } from './catalog/names.js';
import { addRegisterCommand } from './catalog/register.js';
import { addReplicaCommands } from './catalog/replicas.js';
import { addServiceCommands } from './catalog/service.js';
import { addUsageCommands } from './catalog/usage.js';

export function addCommands(program: Command): void {
  addServiceCommands(program);
  addNameCommands(program);
  addRegisterCommand(program);
  addReplicaCommands(program);
  addDatasetCommands(program);
  addUsageCommands(program);
  addFindCommands(program);
  addMetaCommands(program);
}
