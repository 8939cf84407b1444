/** `proof sites` and `proof sites explain SITE`: what the factory keeps where, and why. */
import type { Command } from 'commander';
import { z } from 'zod';
import { type PilotState, type SiteInfo, siteExplanation } from '../../protocol/api.js';
import { apiOf } from '../named-api.js';
import { printJson, printTable, WIDE } from '../print.js';
import { copiesText } from '../show/copies.js';
import { tell } from '../show/tell.js';

export function addCommands(program: Command): void {
  const sites = program
    .command('sites')
    .description('the sites: limits, pilots and workers of each')
    .option('--host <HOST>', 'the ProxyServer')
    .option('--json', 'as JSON')
    .option(...WIDE)
    .action(async (options: { json?: true; wide?: true }, command: Command) => {
      const all = await apiOf(command).sites();
      if (options.json) return printJson(all);
      printTable(
        [
          ...['site', 'type', 'min', 'max', 'on their way', 'idle', 'batch', 'interactive', 'both', 'draining'],
          ...['warm', 'attached', 'back-off until', 'why'],
        ],
        all.map((s) => [
          ...[s.name, s.type, s.min, s.max, pilotsIn(s, 'submitted', 'queued', 'starting')],
          ...(['idle', 'batch', 'interactive', 'both', 'draining'] as const).map((state) => pilotsIn(s, state)),
          ...[s.workers.warm, s.workers.attached],
          s.backOffUntil === null ? null : new Date(s.backOffUntil).toISOString(),
          s.banned === null ? (s.trouble ?? s.barred[0] ?? null) : `banned: ${s.banned}`,
        ]),
        {
          cuts: ['why'],
          drops: [
            'type',
            'draining',
            'both',
            'back-off until',
            'batch',
            'interactive',
            'max',
            'min',
            'attached',
            'why',
          ],
          wide: options.wide,
        },
      );
    });
  addBans(sites);
  addExplain(sites);
}

/** A server of another release may not count some of them. */
function pilotsIn({ pilots }: Pick<SiteInfo, 'pilots'>, ...states: PilotState[]): number {
  const counts: Partial<typeof pilots> = pilots;
  return states.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
}

function addBans(sites: Command): void {
  const ban = (name: string, description: string): Command =>
    sites.command(name).description(description).option('--host <HOST>', 'the ProxyServer');
  const setBan = (command: Command, site: string, why: string | null): Promise<unknown> =>
    apiOf(command).call('PUT', `/sites/${encodeURIComponent(site)}/ban`, z.unknown(), { why });
  ban('ban <site>', 'send no more pilots to a site; those that wait are taken back, its agents drain')
    .requiredOption('--why <TEXT>', 'the reason, which "proof sites explain" shows')
    .action(async (site: string, options: { why: string }, command: Command) => {
      await setBan(command, site, options.why);
      tell(`${site}: banned`);
    });
  ban('unban <site>', 'take a site back').action(async (site: string, _options: unknown, command: Command) => {
    await setBan(command, site, null);
    tell(`${site}: open again`);
  });
}

function addExplain(sites: Command): void {
  sites
    .command('explain <site>')
    .description('why the factory did what it did at its last look')
    .option('--host <HOST>', 'the ProxyServer')
    .option('--json', 'as JSON')
    .action(async (site: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<{ json?: true }>();
      const s = await apiOf(command).call('GET', `/sites/${encodeURIComponent(site)}`, siteExplanation);
      if (options.json) return printJson(s);
      const limits = Object.entries(s.limits);
      const counts = Object.entries(s.pilots).filter(([, n]) => n > 0);
      const lines = [
        `${s.name} (${s.type}): ${s.description}`,
        ...(limits.length === 0 ? [] : [`limits: ${limits.map(([name, value]) => `${name} ${value}`).join(', ')}`]),
        `pilots: ${counts.length === 0 ? 'none' : counts.map(([state, n]) => `${n} ${state}`).join(', ')}`,
        `workers: ${s.workers.warm} warm, ${s.workers.attached} attached`,
        `last decision: ${s.lastDecision}`,
        ...(s.trouble === null ? [] : [`trouble: ${s.trouble}`]),
        ...s.barred,
        ...s.copies.map((copies) => `copies: ${copiesText(copies)}`),
        s.backOffUntil === null ? 'back-off: none' : `back-off: until ${new Date(s.backOffUntil).toISOString()}`,
        ...(s.recentEnds.length === 0
          ? []
          : ['ended within the last hour:', ...s.recentEnds.map((line) => `  ${line}`)]),
      ];
      tell(...lines);
    });
}
