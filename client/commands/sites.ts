/** `proof sites` and `proof sites explain SITE`: what the factory keeps where, and why. */
import type { Command } from 'commander';
import { z } from 'zod';
import { siteInfo } from '../../protocol/api.js';
import { apiOf } from '../named-api.js';
import { printJson, printTable } from '../print.js';

const explanation = siteInfo.extend({
  limits: z.record(z.string(), z.number()),
  description: z.string(),
  recentEnds: z.array(z.string()),
});

export function addCommands(program: Command): void {
  const sites = program
    .command('sites')
    .description('the sites: limits, pilots and workers of each')
    .option('--host <HOST>', 'the ProxyServer')
    .option('--json', 'as JSON')
    .action(async (options: { json?: true }, command: Command) => {
      const all = await apiOf(command).sites();
      if (options.json) return printJson(all);
      printTable(
        [
          'site',
          'type',
          'min',
          'max',
          'on their way',
          'idle',
          'interactive',
          'draining',
          'warm',
          'attached',
          'back-off until',
        ],
        all.map((s) => [
          ...[s.name, s.type, s.min, s.max, s.pilots.submitted + s.pilots.queued + s.pilots.starting],
          ...[s.pilots.idle, s.pilots.interactive, s.pilots.draining, s.workers.warm, s.workers.attached],
          s.backOffUntil === null ? null : new Date(s.backOffUntil).toISOString(),
        ]),
      );
    });
  sites
    .command('explain <site>')
    .description('why the factory did what it did at its last look')
    .option('--host <HOST>', 'the ProxyServer')
    .option('--json', 'as JSON')
    .action(async (site: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<{ json?: true }>();
      const s = await apiOf(command).call('GET', `/sites/${encodeURIComponent(site)}`, explanation);
      if (options.json) return printJson(s);
      const counts = Object.entries(s.pilots).filter(([, n]) => n > 0);
      const lines = [
        `${s.name} (${s.type}): ${s.description}`,
        `limits: ${Object.entries(s.limits)
          .map(([name, value]) => `${name} ${value}`)
          .join(', ')}`,
        `pilots: ${counts.length === 0 ? 'none' : counts.map(([state, n]) => `${n} ${state}`).join(', ')}`,
        `workers: ${s.workers.warm} warm, ${s.workers.attached} attached`,
        `last decision: ${s.lastDecision}`,
        s.backOffUntil === null ? 'back-off: none' : `back-off: until ${new Date(s.backOffUntil).toISOString()}`,
        ...(s.recentEnds.length === 0
          ? []
          : ['ended within the last hour:', ...s.recentEnds.map((line) => `  ${line}`)]),
      ];
      process.stdout.write(`${lines.join('\n')}\n`);
    });
}
