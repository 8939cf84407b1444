/**
 * Grid Engine (SGE and its descendants): qsub with the script on standard input, qstat -xml, qacct, qdel.
 *
 * It keeps job scripts readable for everybody (mode 0755 in the spool directories), so settings with the secret lie in a file of
 * mode 0600 that nodes must see: `directory` is shared here. States: man qstat, the state column. Seen with 8.1.9.
 */
import { join } from 'node:path';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { z } from 'zod';
import type { HeldJob } from '../factory/reconcile.js';
import { type BatchHost, firstLine } from './batch-host.js';
import type { BatchSystem, PreparedPilot } from './batch-system.js';
import { quoteWord } from './quote-word.js';
import { type BatchState, type BatchStatus, type SiteDescription, SiteError } from './site.js';
import type { GridEngineSettings } from './site-settings.js';

/** Letters of the state column, the most telling first. */
export const GRID_ENGINE_STATES: readonly (readonly [letter: string, state: BatchState])[] = [
  ['E', 'held'],
  ['h', 'held'],
  ['s', 'held'],
  ['S', 'held'],
  ['T', 'held'],
  ['d', 'running'],
  ['r', 'running'],
  ['t', 'running'],
  ['R', 'queued'],
  ['q', 'queued'],
  ['w', 'queued'],
];

/** One `qacct` a job: so many at one look, the others at the next. */
const ACCOUNTS_AT_ONCE = 20;

const job = z.object({
  JB_job_number: z.string().regex(/^\d+$/),
  JB_name: z.string().default(''),
  state: z.string().default(''),
});
const list = z
  .union([z.literal(''), z.object({ job_list: z.array(job).default([]) })])
  .default('')
  .transform((found) => (found === '' ? [] : found.job_list));
const queueAnswer = z.object({ job_info: z.object({ queue_info: list, job_info: list }) });

export class GridEngine implements BatchSystem {
  readonly #site: string;
  readonly #settings: GridEngineSettings;
  readonly #host: BatchHost;
  /** Batch id -> settings that lie ready; the agent removes them, of a pilot that never started they are removed here. */
  readonly #settingsFiles = new Map<string, string>();
  /** Gone from the queue, and the accounting had nothing yet, at the last look. */
  #vanished = new Set<string>();

  constructor(site: string, settings: GridEngineSettings, host: BatchHost) {
    this.#site = site;
    this.#settings = settings;
    this.#host = host;
  }

  readonly movesPayload = false;

  get ce(): string {
    return `gridengine/${this.#settings.queue ?? 'default'}`;
  }

  async submit(pilot: PreparedPilot): Promise<string> {
    const file = settingsFile(pilot);
    await this.#host.write(file, pilot.settings);
    try {
      const answer = await this.#host.run(this.#words(pilot), pilot.script({ file }, true));
      const batchId = /^(\d+)\s*$/.exec(answer)?.[1];
      if (batchId === undefined) throw this.#garbage('qsub', answer);
      this.#settingsFiles.set(batchId, file);
      return batchId;
    } catch (error) {
      await this.#host.remove([file]);
      throw error;
    }
  }

  async status(batchIds: readonly string[]): Promise<Map<string, BatchStatus>> {
    const found = this.#parsed(await this.#host.run(['qstat', '-xml']));
    const missing = batchIds.filter((batchId) => !found.has(batchId));
    const vanished = new Set<string>();
    for (const batchId of missing.slice(0, ACCOUNTS_AT_ONCE)) {
      const account = await this.#host.tryRun(['qacct', '-j', batchId]);
      const ended = account.status === 0 ? endOf(account.stdout) : undefined;
      if (ended !== undefined) found.set(batchId, ended);
      else if (this.#vanished.has(batchId))
        found.set(batchId, { state: 'ended', exitStatus: null, why: 'it left the queue without an account' });
      else vanished.add(batchId); // the account is written a moment after the end
    }
    this.#vanished = vanished;
    return found;
  }

  async cancel(batchIds: readonly string[]): Promise<void> {
    if (batchIds.length === 0) return;
    await this.#host.remove(batchIds.flatMap((batchId) => this.#settingsFiles.get(batchId) ?? []));
    for (const batchId of batchIds) this.#settingsFiles.delete(batchId);
    const { status, stdout, stderr } = await this.#host.tryRun(['qdel', ...batchIds]);
    if (status === 0) return;
    // It also fails where a job is over. Whether one is left is what matters.
    const left = this.#parsed(await this.#host.run(['qstat', '-xml']), (state) => !state.includes('d'));
    const still = batchIds.filter((batchId) => left.has(batchId));
    if (still.length > 0)
      throw new SiteError(
        `Site ${this.#site}: qdel left ${still.join(', ')}: ${firstLine(stderr) ?? firstLine(stdout)}`,
      );
  }

  async jobs(): Promise<HeldJob[]> {
    const prefix = `${this.#jobName}.`;
    return this.#listed(await this.#host.run(['qstat', '-xml'])).flatMap(({ JB_job_number, JB_name, state }) =>
      JB_name.startsWith(prefix) && !state.includes('d')
        ? [{ batchId: JB_job_number, pilotId: JB_name.slice(prefix.length) }]
        : [],
    );
  }

  async describe(): Promise<SiteDescription> {
    const text = await this.#host.run(['qstat', '-g', 'c']);
    const { queue } = this.#settings;
    const lines = text
      .split('\n')
      .slice(2)
      .filter((line) => line.trim() !== '');
    // CLUSTER QUEUE, CQLOAD, USED, RES, AVAIL, TOTAL, …
    const rows = lines
      .map((line) => line.trim().split(/\s+/))
      .filter(([name]) => queue === undefined || name === queue);
    if (rows.some((row) => !/^\d+$/.test(row[5] ?? ''))) throw this.#garbage('qstat -g c', text);
    const sum = (column: number): number => rows.reduce((total, row) => total + Number(row[column]), 0);
    const names = rows.map(([name]) => name).join(', ') || (queue ?? 'none');
    return {
      text: `Grid Engine queue ${names}: ${sum(2)} of ${sum(5)} slots used, ${sum(4)} available`,
      maxPilots: null,
    };
  }

  translate(pilot: PreparedPilot): string {
    const script = pilot.script({ file: settingsFile(pilot) }, true);
    return `${this.#words(pilot).map(quoteWord).join(' ')} <<'SCRIPT'\n${script}SCRIPT\n`;
  }

  logFile(directory: string, batchId: string): string {
    return join(directory, `pilot-${batchId}.log`);
  }

  get #jobName(): string {
    return `proof-${this.#site.replace(/[^\w-]/g, '_')}`;
  }

  #words({ order, directory, pilotId }: PreparedPilot): string[] {
    const { queue, project, parallelEnvironment, options } = this.#settings;
    return [
      'qsub',
      '-terse',
      ...['-N', `${this.#jobName}.${pilotId}`],
      ...['-S', '/bin/sh'],
      ...['-j', 'y', '-o', join(directory, 'pilot-$JOB_ID.log')],
      ...['-wd', '/'],
      '-notify', // USR2 before KILL, so that the script can tidy up
      ...['-r', 'n'], // a second start would find its secret used
      ...['-l', `h_rt=${order.ttlS}`],
      ...(order.cores === 1 ? [] : ['-pe', parallelEnvironment, String(order.cores)]),
      ...(order.wholeNode ? ['-l', 'exclusive=true'] : []),
      ...(queue === undefined ? [] : ['-q', queue]),
      ...(project === undefined ? [] : ['-P', project]),
      ...options,
    ];
  }

  #parsed(text: string, counts: (state: string) => boolean = () => true): Map<string, BatchStatus> {
    const found = new Map<string, BatchStatus>();
    for (const { JB_job_number, state } of this.#listed(text))
      if (counts(state)) found.set(JB_job_number, { state: stateOf(state), exitStatus: null, why: `state ${state}` });
    return found;
  }

  #listed(text: string): z.infer<typeof job>[] {
    if (XMLValidator.validate(text) !== true) throw this.#garbage('qstat -xml', text);
    const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === 'job_list' });
    const answer = queueAnswer.safeParse(parser.parse(text));
    if (!answer.success) throw this.#garbage('qstat -xml', text);
    const { queue_info, job_info } = answer.data.job_info;
    return [...queue_info, ...job_info];
  }

  #garbage(command: string, text: string): SiteError {
    return new SiteError(
      `Site ${this.#site}: ${command} answered what no Grid Engine says: ${firstLine(text) ?? 'nothing'}`,
    );
  }
}

const settingsFile = ({ directory, pilotId }: PreparedPilot): string => join(directory, `${pilotId}.json`);

function stateOf(letters: string): BatchState {
  return GRID_ENGINE_STATES.find(([letter]) => letters.includes(letter))?.[1] ?? 'unknown';
}

/** Of a job in the accounting; undefined: the text is no account. */
function endOf(account: string): BatchStatus | undefined {
  const failed = /^failed\s+(\d+)\s*:?\s*(.*?)\s*$/m.exec(account);
  const status = /^exit_status\s+(\d+)/m.exec(account)?.[1];
  if (failed === null || status === undefined) return undefined;
  if (failed[1] === '0') return { state: 'ended', exitStatus: Number(status), why: null };
  // 100: "assumedly after job"; the status is 128 and the signal that qdel or a limit sent.
  const signal = Number(status) > 128 ? `, killed by signal ${Number(status) - 128}` : '';
  return { state: 'ended', exitStatus: null, why: `failed ${failed[1]} ${failed[2]}${signal}`.trim() };
}
