/** `proof audit`: what operators and admins have done, and what was refused; for admins. */
import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { auditRecord } from '../../protocol/api.js';
import { apiOf } from '../named-api.js';
import { printJson, printTable, WIDE } from '../print.js';

export function addCommands(program: Command): void {
  program
    .command('audit')
    .description('what operators and admins have done, logins and tokens, and what was refused')
    .option('--last <N>', 'so many records, at most 10000', count, 100)
    .option('--host <HOST>', 'the ProxyServer')
    .option('--json', 'as JSON')
    .option(...WIDE)
    .action(async (options: { last: number; json?: true; wide?: true }, command: Command) => {
      const records = await apiOf(command).call('GET', `/audit?last=${options.last}`, z.array(auditRecord));
      if (options.json) return printJson(records);
      printTable(
        ['at', 'user', 'role', 'action', 'target', 'outcome', 'detail', 'from'],
        records.map((r) => [r.at, r.user, r.role, r.action, r.target, r.outcome, r.detail ?? null, r.peer]),
        { cuts: ['detail'], drops: ['from', 'role', 'detail'], wide: options.wide },
      );
    });
}

function count(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1 || n > 10_000)
    throw new InvalidArgumentError('must be a whole number, 1 to 10000.');
  return n;
}
