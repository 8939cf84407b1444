/** `proof pilots | workers | pilot jdl|submit|kill|log`: what is alive where, and pilots by hand. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { PilotInfo } from '../../protocol/api.js';
import { UsageError } from '../../protocol/errors.js';
import type { Opened } from '../../protocol/open-words.js';
import { formatSpan } from '../../protocol/span.js';
import { readJdl } from '../jobs/read-jdl.js';
import { apiOf } from '../named-api.js';
import { printJson, printTable, WIDE } from '../print.js';
import { proofConf } from '../show/proof-conf.js';
import { complain, tell, tellText } from '../show/tell.js';

const submitted = z.object({ pilotIds: z.array(z.string()), errors: z.array(z.string()) });

const add = (parent: Command, name: string, description: string): Command =>
  parent.command(name).description(description).option('--host <HOST>', 'the ProxyServer');

export function addCommands(program: Command): void {
  addPilots(program);
  addWorkers(program);
  addByHand(program.command('pilot').description('pilots by hand'));
}

function addPilots(program: Command): void {
  const pilots = add(program, 'pilots', 'the pilots: where each is, what state it is in')
    .option(...WIDE)
    .option('--all', 'also those that ended within the last day')
    .option('--json', 'as JSON')
    .action(async (options: { all?: true; json?: true; wide?: true }, command: Command) => {
      const all = await apiOf(command).pilots();
      const shown = options.all ? all : all.filter((pilot) => pilot.state !== 'gone');
      if (options.json) return printJson(shown);
      printTable(
        ['pilot', 'site', 'state', 'batch id', 'host', 'cores', 'workers', 'isolation', 'age', 'time left', 'why'],
        shown.map((p) => [
          ...[p.pilotId, p.site, p.state, p.batchId, p.host, p.cores, p.workers, isolationWord(p.isolation)],
          formatSpan((p.endedAt ?? Date.now()) - p.submittedAt),
          p.wallTimeEnd === null || p.endedAt !== null ? null : formatSpan(p.wallTimeEnd - Date.now()),
          p.why,
        ]),
        {
          ...{ cuts: ['why'], wide: options.wide },
          drops: ['isolation', 'time left', 'batch id', 'cores', 'age', 'workers', 'host', 'why'],
        },
      );
    });

  add(pilots, 'drain <pilot...>', 'let pilots finish what runs and end; nothing new goes there').action(
    async (ids: string[], _options: unknown, command: Command) => {
      for (const id of ids) {
        await apiOf(command).call('POST', `/pilots/${encodeURIComponent(id)}/drain`, z.unknown(), {});
        tell(`${id}: draining`);
      }
    },
  );
}

function addWorkers(program: Command): void {
  add(program, 'workers', 'the worker processes of all agents')
    .option(...WIDE)
    .option('--json', 'as JSON')
    .option('--conf', 'as proof.conf lists them')
    .action(async (options: { json?: true; conf?: true; wide?: true }, command: Command) => {
      const api = apiOf(command);
      const workers = await api.workers();
      if (options.conf) {
        tellText(proofConf((await api.info()).name, new URL(api.host.url), workers));
        return;
      }
      if (options.json) return printJson(workers);
      printTable(
        ['worker', 'state', 'host', 'site', 'pid', 'perf', 'session', 'user', 'agent', 'pilot'],
        workers.map((w) => [
          ...[w.workerId, w.phase, w.node.host, w.node.site, w.pid, w.node.perf],
          ...[w.sessionId, w.user, w.agentId, w.pilotId],
        ]),
        { drops: ['perf', 'pid', 'agent', 'pilot', 'site', 'user', 'host'], wide: options.wide },
      );
    });
}

function addByHand(pilot: Command): void {
  add(pilot, 'jdl <site>', 'the job description that the factory hands to a site')
    .option('--translate', 'what the batch system gets for it')
    .action(async (site: string, options: { translate?: true }, command: Command) => {
      const api = apiOf(command);
      const path = `/sites/${encodeURIComponent(site)}`;
      const text = options.translate
        ? (await api.call('POST', `${path}/translate`, z.object({ text: z.string() }), {})).text
        : (await api.call('GET', `${path}/jdl`, z.object({ jdl: z.string() }))).jdl;
      tellText(text);
    });
  add(pilot, 'submit <file> <site>', 'hand pilots to a site')
    .option('-n, --number <N>', 'how many', '1')
    .option('--json', 'as JSON')
    .action(async (file: string, site: string, options: { number: string; json?: true }, command: Command) => {
      const n = Number(options.number);
      if (!Number.isInteger(n) || n < 1)
        throw new UsageError(`-n takes a whole number from 1 on, not ${options.number}.`);
      const answer = await apiOf(command).call('POST', '/pilots', submitted, { site, n, jdl: readJdl(file) });
      if (options.json) return printJson(answer);
      for (const pilotId of answer.pilotIds) tell(pilotId);
      for (const error of answer.errors) complain(`proof: not submitted: ${error}`);
    });
  add(pilot, 'kill <pilot...>', 'end pilots, with their workers').action(
    async (ids: string[], _options: unknown, command: Command) => {
      for (const id of ids) {
        await apiOf(command).call('DELETE', `/pilots/${encodeURIComponent(id)}`, z.unknown());
        tell(`${id}: killed`);
      }
    },
  );
  add(pilot, 'log <pilot>', 'the end of what a pilot wrote').action(
    async (id: string, _options: unknown, command: Command) => {
      const path = `/pilots/${encodeURIComponent(id)}/output`;
      tellText((await apiOf(command).call('GET', path, z.object({ output: z.string() }))).output);
    },
  );
}

function isolationWord(isolation: Opened<PilotInfo>['isolation']): string | null {
  if (isolation === null) return null;
  if (isolation.by === 'nothing') return 'none';
  return isolation.network === 'none' ? `${isolation.by}, no network` : isolation.by;
}
