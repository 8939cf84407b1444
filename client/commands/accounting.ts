/** `proof accounting`: CPU time of interactive and batch work. */
import type { Command } from 'commander';
import { z } from 'zod';
import { accountingKey, accountingRow } from '../../protocol/accounting-messages.js';
import { UsageError } from '../../protocol/errors.js';
import { apiOf } from '../named-api.js';
import { printJson, printTable } from '../print.js';

export function addCommands(program: Command): void {
  program
    .command('accounting')
    .description('CPU time of interactive and of batch work: yours, or for operators everyone’s')
    .option('--by <WHAT>', `one line a ${accountingKey.options.join(', ')}`, 'user')
    .option('--days <N>', 'of the last N days, today included', '30')
    .option('--host <HOST>', 'the ProxyServer')
    .option('--json', 'as JSON')
    .action(async (options: { by: string; days: string; json?: true }, command: Command) => {
      const by = accountingKey.safeParse(options.by);
      if (!by.success) throw new UsageError(`--by takes ${accountingKey.options.join(', ')}, not ${options.by}.`);
      if (!/^[1-9]\d{0,4}$/.test(options.days))
        throw new UsageError(`--days takes a number from 1 on, not ${options.days}.`);
      const path = `/accounting?by=${by.data}&days=${options.days}`;
      const rows = await apiOf(command).call('GET', path, z.array(accountingRow));
      if (options.json) return printJson(rows);
      printTable(
        [by.data, 'interactive cpu s', 'batch cpu s', 'cpu s'],
        rows.map(({ key, interactiveSeconds, batchSeconds }) => [
          key === '' ? '(no session)' : key,
          ...[interactiveSeconds, batchSeconds, interactiveSeconds + batchSeconds].map((s) => s.toFixed(1)),
        ]),
      );
    });
}
