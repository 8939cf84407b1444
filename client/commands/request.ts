/** `proof request`: workers asked for ahead of a session, near a data set; `--wait` until they are there. */
import type { Command } from 'commander';
import { z } from 'zod';
import { type RequestInfo, requestInfo } from '../../protocol/api.js';
import { GridError, UsageError } from '../../protocol/errors.js';
import { formatSpan } from '../../protocol/span.js';
import { apiOf } from '../named-api.js';
import { printJson, printTable, WIDE } from '../print.js';
import type { ServerApi } from '../server-api.js';
import { copiesText } from '../show/copies.js';
import { complain, tell } from '../show/tell.js';

/** The workers did not come in time: how many did. */
export class RequestUnmetError extends GridError {
  readonly code = 'CLIENT_REQUEST_UNMET';
}

interface RequestOptions {
  readonly dataset: readonly string[];
  readonly workers?: string;
  readonly site?: string;
  readonly for: string;
  readonly wait?: true;
  readonly list?: true;
  readonly cancel?: string;
  readonly json?: true;
  readonly wide?: true;
}

const POLL_MS = 500;

export function addCommands(program: Command): void {
  program
    .command('request')
    .description('ask for workers ahead of a session, first at the sites that hold a data set')
    .option('--host <HOST>', 'the ProxyServer')
    .option('--dataset <DATASET>', 'name of a data set, or lfn:, find:, … (repeatable)', collect, [])
    .option('--workers <N>', 'how many shall stand')
    .option('--site <SITE>', 'only there')
    .option('--for <MINUTES>', 'they are kept for so long, used or not', '60')
    .option('--wait', 'return when they are there; exit status 1 where they do not come before the time is over')
    .option('--list', 'the requests that stand')
    .option('--cancel <ID>', 'withdraw one')
    .option('--json', 'as JSON')
    .option(...WIDE)
    .action(async (options: RequestOptions, command: Command) => {
      const api = apiOf(command);
      if (options.list) return show(await api.call('GET', '/requests', z.array(requestInfo)), options);
      if (options.cancel !== undefined) {
        await api.call('DELETE', `/requests/${encodeURIComponent(options.cancel)}`, z.unknown());
        tell(`${options.cancel}: withdrawn`);
        return;
      }
      const made = await api.call('POST', '/requests', requestInfo, {
        dataset: options.dataset.map(asWord),
        workers: whole(options.workers, '--workers'),
        site: options.site ?? null,
        lifetimeS: whole(options.for, '--for') * 60,
      });
      if (!options.json) tell(...told(made));
      const last = options.wait ? await waitFor(api, made) : made;
      if (options.json) printJson(last);
    });
}

const collect = (word: string, before: readonly string[]): string[] => [...before, word];

/** A bare name is a named data set. */
const asWord = (word: string): string => (/^(?:\/|[a-z][a-z0-9+.-]*:)/i.test(word) ? word : `dataset:${word}`);

function whole(text: string | undefined, flag: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new UsageError(
      `proof request needs ${flag} N, a whole number from 1 on${text === undefined ? '' : `, not ${text}`}.`,
    );
  return value;
}

function told({ requestId, workers, sites, copies, ready, expiresAt }: RequestInfo): string[] {
  const near = sites
    .filter(({ files }) => files > 0)
    .map(({ site, files, bytes }) => `${site} (${files} files, ${(bytes / 1e6).toFixed(1)} MB)`);
  const where = near.length > 0 ? `first at ${near.join(', ')}` : `at ${sites.map(({ site }) => site).join(', ')}`;
  const notes = [...copies.map(copiesText), ...leftOut({ sites })].map((note) => `  ${note}`);
  return [
    `${requestId}: ${workers} workers ${where}; ${ready} are there; until ${new Date(expiresAt).toISOString()}`,
    ...notes,
  ];
}

const leftOut = ({ sites }: Pick<RequestInfo, 'sites'>): string[] => sites.flatMap((site) => site.leftOut ?? []);

async function waitFor(api: ServerApi, made: RequestInfo): Promise<RequestInfo> {
  let ready = -1;
  for (let info = made; ; ) {
    if (info.ready !== ready) complain(`${info.ready} of ${info.workers} workers are there`);
    ready = info.ready;
    if (info.ready >= info.workers) return info;
    if (Date.now() + POLL_MS > info.expiresAt)
      throw new RequestUnmetError(
        `Only ${info.ready} of ${info.workers} workers came before the request expired. "proof sites explain SITE" tells why.`,
      );
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    info = await api.call('GET', `/requests/${info.requestId}`, requestInfo);
  }
}

function show(all: readonly RequestInfo[], { json, wide }: RequestOptions): void {
  if (json) printJson(all);
  else
    printTable(
      ['request', 'user', 'data set', 'workers', 'there', 'sites', 'copies', 'time left'],
      all.map((one) => [
        ...[one.requestId, one.user, one.dataset.join(' '), one.workers, one.ready],
        ...[one.sites.map(({ site, files }) => (files > 0 ? `${site} (${files} files)` : site)).join(' ')],
        [...one.copies.map(copiesText), ...leftOut(one)].join('; '),
        formatSpan(one.expiresAt - Date.now()),
      ]),
      { cuts: ['copies', 'sites', 'data set'], drops: ['user', 'copies', 'sites'], wide },
    );
}
