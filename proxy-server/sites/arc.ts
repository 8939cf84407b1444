/**
 * The REST interface 1.0 of an ARC Computing Element (A-REX): jobs as xRSL, client certificate or token, no command-line tools.
 *
 * Settings with the secret are an input file that is put into the job's session directory; the script is its executable.
 * Shapes of the answers and states: NorduGrid, ARC 6 "REST interface specification v1.0". Seen with 6.17. Details: arc-client.ts.
 */
import { readFile } from 'node:fs/promises';
import { type PilotOrder, readPilotJdl } from '../factory/read-pilot-jdl.js';
import type { HeldJob } from '../factory/reconcile.js';
import { agentSettingsOf, OWN_AGENT, type PilotSiteConfig, payloadFetch } from './agent-settings.js';
import { ArcClient } from './arc-client.js';
import { OUTPUT_TAIL_BYTES } from './batch-host.js';
import { payloadOf } from './payload.js';
import { pilotScript } from './pilot-script.js';
import type { BatchState, BatchStatus, PilotTicket, Site, SiteContext, SiteDescription, Submitted } from './site.js';
import type { ArcSettings } from './site-settings.js';

export const ARC_STATES: Readonly<Record<string, BatchState>> = {
  ACCEPTING: 'queued',
  ACCEPTED: 'queued',
  PREPARING: 'queued',
  PREPARED: 'queued',
  SUBMITTING: 'queued',
  QUEUING: 'queued',
  RUNNING: 'running',
  EXITINGLRMS: 'running',
  OTHER: 'running',
  EXECUTED: 'running',
  FINISHING: 'running',
  KILLING: 'running',
  HELD: 'held',
  FINISHED: 'ended',
  FAILED: 'ended',
  KILLED: 'ended',
  WIPED: 'ended',
};

const LIVING = Object.keys(ARC_STATES).filter((word) => ARC_STATES[word] !== 'ended');
/** It has no more than its description, or not all of its files. */
const UNFINISHED: readonly string[] = ['ACCEPTING', 'ACCEPTED', 'PREPARING'];
const SCRIPT = 'pilot.sh';
const SETTINGS = 'agent.json';
const PAYLOAD = 'payload.sh';
const LOG = 'pilot.log';

export class ArcSite implements Site {
  readonly type = 'arc';
  readonly #config: PilotSiteConfig & ArcSettings;
  readonly #context: SiteContext;
  readonly #client: ArcClient;
  /** Ends that were looked into: they do not change, and each costs a request. */
  readonly #ends = new Map<string, BatchStatus>();

  constructor(config: PilotSiteConfig & ArcSettings, context: SiteContext) {
    this.#config = config;
    this.#context = context;
    this.#client = new ArcClient(config.name, config);
  }

  get name(): string {
    return this.#config.name;
  }

  async submit(jdl: string, tickets: readonly PilotTicket[]): Promise<Submitted[]> {
    const order = readPilotJdl(jdl, this.name);
    const { payload: way } = this.#config;
    const payload = way === true ? await readFile((await payloadOf(this.#context)).file) : undefined;
    const sha256 = way === 'fetch' ? (await payloadOf(this.#context)).sha256 : null;
    const taken = await this.#client.submit(tickets.map(({ pilotId }) => this.#xrsl(order, pilotId)));
    const answers: Submitted[] = [];
    for (const [i, ticket] of tickets.entries()) {
      const { pilotId } = ticket;
      const job = taken[i] ?? { error: `Site ${this.name}: the computing element did not answer for this pilot.` };
      if ('error' in job) {
        answers.push({ pilotId, error: job.error });
        continue;
      }
      try {
        if (payload !== undefined) await this.#client.put(job.id, PAYLOAD, payload);
        await this.#client.put(job.id, SETTINGS, JSON.stringify(this.#settings(order, ticket)));
        await this.#client.put(job.id, SCRIPT, this.#script(order, pilotId, sha256));
        answers.push({ pilotId, batchId: job.id });
      } catch (error) {
        await this.#client.kill([job.id]).catch(() => {}); // without its files it never starts; the first error is the one to tell
        answers.push({ pilotId, error: (error as Error).message });
      }
    }
    return answers;
  }

  async status(batchIds: readonly string[]): Promise<Map<string, BatchStatus>> {
    const states = await this.#client.status(batchIds);
    const found = new Map<string, BatchStatus>();
    for (const batchId of batchIds) {
      const word = states.get(batchId);
      const state = word === undefined ? 'unknown' : (ARC_STATES[word] ?? 'unknown');
      if (state === 'ended') found.set(batchId, await this.#endOf(batchId, word!));
      else found.set(batchId, { state, exitStatus: null, why: word ?? 'the computing element does not know it' });
    }
    return found;
  }

  cancel(batchIds: readonly string[]): Promise<void> {
    return this.#client.kill(batchIds);
  }

  async jobs(): Promise<HeldJob[]> {
    const prefix = `proof-${this.name}.`;
    return (await this.#client.jobsIn(LIVING))
      .filter(({ name }) => name.startsWith(prefix))
      .map(({ id, state, name }) => ({
        batchId: id,
        pilotId: name.slice(prefix.length),
        isUnfinished: UNFINISHED.includes(state),
      }));
  }

  async output(batchId: string): Promise<string> {
    return (await this.#client.read(batchId, LOG)).subarray(-OUTPUT_TAIL_BYTES).toString('utf8');
  }

  async describe(): Promise<SiteDescription> {
    const jobs = await this.#client.jobCount();
    return {
      text: `ARC computing element ${this.#config.url}, which knows ${jobs} jobs of this identity`,
      maxPilots: null,
    };
  }

  translate(jdl: string): string {
    const order = readPilotJdl(jdl, this.name);
    return `${this.#xrsl(order, 'PILOT')}\n\n# ${SCRIPT}\n${this.#script(order, 'PILOT', this.#config.payload === 'fetch' ? '(SHA-256)' : null)}`;
  }

  async forget(batchId: string): Promise<void> {
    this.#ends.delete(batchId);
    await this.#client.clean([batchId]);
  }

  async #endOf(batchId: string, word: string): Promise<BatchStatus> {
    const known = this.#ends.get(batchId);
    if (known !== undefined) return known;
    const { exitCode, error } = word === 'WIPED' ? { exitCode: null, error: null } : await this.#client.info(batchId);
    const why = error ?? (word === 'FINISHED' ? null : word);
    const end: BatchStatus = { state: 'ended', exitStatus: exitCode ?? (word === 'FINISHED' ? 0 : null), why };
    this.#ends.set(batchId, end);
    return end;
  }

  #settings(order: PilotOrder, ticket: PilotTicket): Record<string, unknown> {
    const { queue } = this.#config;
    const host = new URL(this.#config.url).host;
    return agentSettingsOf({
      config: this.#config,
      context: this.#context,
      order,
      ticket,
      ce: queue === undefined ? host : `${host}/${queue}`,
    });
  }

  /** @param sha256 of the payload that it fetches, if it does */
  #script(order: PilotOrder, pilotId: string, sha256: string | null): string {
    const { agentCommand, payload, scratch } = this.#config;
    return pilotScript({
      site: this.name,
      pilotId,
      agentCommand: payload === true ? ['sh', `./${PAYLOAD}`] : (agentCommand ?? OWN_AGENT),
      about: order,
      ttlS: order.ttlS,
      wholeNode: order.wholeNode,
      scratch: scratch ?? null,
      settings: { file: SETTINGS },
      ...(sha256 === null ? {} : { fetch: payloadFetch(this.#config, this.#context, sha256) }),
    });
  }

  #xrsl({ cores, wholeNode, ttlS }: PilotOrder, pilotId: string): string {
    const { queue, payload } = this.#config;
    const minutes = Math.ceil(ttlS / 60);
    return [
      `&(executable="${SCRIPT}")`,
      `(jobname="proof-${this.name}.${pilotId}")`,
      `(inputfiles=("${SCRIPT}" "")("${SETTINGS}" "")${payload === true ? `("${PAYLOAD}" "")` : ''})`,
      `(outputfiles=("${LOG}" ""))`,
      `(stdout="${LOG}")`,
      `(count="${cores}")${cores === 1 ? '' : `(countpernode="${cores}")`}`,
      ...(wholeNode ? ['(exclusiveexecution="yes")'] : []),
      `(walltime="${minutes}")(cputime="${minutes * cores}")`,
      ...(queue === undefined ? [] : [`(queue=${xrslText(queue)})`]),
    ].join('');
  }
}

/** A quotation mark inside is doubled. */
const xrslText = (text: string): string => `"${text.replaceAll('"', '""')}"`;
