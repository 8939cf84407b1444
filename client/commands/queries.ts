/** `proof queries | archive | remove | stop | abort`: queries that run or have run, from any computer of the same user. */
import type { Command } from 'commander';
import type { QueryInfo } from '../../protocol/api.js';
import { UsageError } from '../../protocol/errors.js';
import { isQueryOver } from '../../protocol/ids.js';
import type { Opened } from '../../protocol/open-words.js';
import { apiOf } from '../named-api.js';
import { printJson, printTable, WIDE } from '../print.js';
import { saveKept } from '../run/kept-result.js';
import { checkOutputs } from '../run/output-files.js';
import type { ServerApi } from '../server-api.js';
import { tell } from '../show/tell.js';
import { fullRef } from './query-ref.js';

function row(q: Opened<QueryInfo>): (string | number | null)[] {
  const { done, failed, missing, total } = q.entries;
  const end = q.endedAt === null ? '-' : `${((q.endedAt - q.submittedAt) / 1000).toFixed(1)} s`;
  return [q.query, q.user, q.state, total, done, failed, missing, new Date(q.submittedAt).toISOString(), end, q.title];
}

export function addCommands(program: Command): void {
  const add = (name: string, description: string): Command =>
    program.command(name).description(description).option('--host <HOST>', 'the ProxyServer');

  add('queries', 'list your queries, those that run and those whose results are kept')
    .option('--json', 'as JSON')
    .option(...WIDE)
    .action(async (options: { json?: true; wide?: true }, command: Command) => {
      const api = apiOf(command);
      const queries = await api.queries();
      if (options.json) return printJson(queries);
      printTable(
        ['query', 'user', 'state', 'total', 'done', 'failed', 'missing', 'submitted', 'took', 'title'],
        queries.map(row),
        { cuts: ['title'], drops: ['user', 'submitted', 'took', 'missing', 'title', 'total'], wide: options.wide },
      );
      const { warning } = await api.keptResults();
      if (warning !== null) tell(warning);
    });

  for (const verb of ['stop', 'abort', 'remove'] as const)
    add(`${verb} <query...>`, VERBS[verb]).action(async (refs: string[], _options: unknown, command: Command) => {
      const api = apiOf(command);
      for (const ref of refs) {
        const query = await fullRef(api, ref);
        if (verb === 'stop') await api.stopQuery(query);
        else if (verb === 'abort') await api.abortQuery(query);
        else await api.removeQuery(query);
        tell(`${query}: ${verb === 'remove' ? 'removed' : `told to ${verb}`}`);
      }
    });

  add('archive <query> <file>', 'save the whole result of a query, as it is, into a file for "proof retrieve"').action(
    async (ref: string, file: string, _options: unknown, command: Command) => {
      checkOutputs({ archive: file });
      const api = apiOf(command);
      const query = await fullRef(api, ref);
      await mustBeOver(api, query);
      await saveKept(api, query, file);
      tell(`${query}: saved as ${file}`);
    },
  );
}

const VERBS = {
  stop: 'end queries early and keep what is merged',
  abort: 'end queries and drop what is merged',
  remove: 'remove queries and their results',
};

/** @throws {UsageError} while the query still runs */
async function mustBeOver(api: ServerApi, query: string): Promise<void> {
  const info = await api.query(query);
  if (!isQueryOver(info)) throw new UsageError(`${query} is ${info.state}. Wait, or "proof stop" it.`);
}
