/**
 * Site type `local`: pilots are processes on this machine, each detached, in a directory of its own with its log.
 *
 * A pilot's settings and one-time secret go through a file of mode 0600 that the agent removes when it has read it. The batch id is
 * `pid.start`, since process ids are given again. Reads process states from /proc.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { isSameProcess, sendSignal, startTimeOf } from '../../protocol/process-id.js';
import type { SiteConfig } from '../config.js';
import { type PilotOrder, readPilotJdl } from '../factory/read-pilot-jdl.js';
import type { HeldJob } from '../factory/reconcile.js';
import { agentSettingsOf, OWN_AGENT } from './agent-settings.js';
import {
  type BatchStatus,
  type PilotTicket,
  type Site,
  type SiteContext,
  type SiteDescription,
  SiteError,
  type Submitted,
} from './site.js';
import { endSlot } from './slot-processes.js';

/** From SIGTERM to SIGKILL: an agent ends its workers and tidies up in well under that. */
const CANCEL_GRACE_MS = 5_000;
const OUTPUT_TAIL_BYTES = 16_384;

export class LocalSite implements Site {
  readonly type = 'local';
  readonly #config: SiteConfig;
  readonly #context: SiteContext;
  /** Exit statuses of children of this very process; those of an earlier ProxyServer are not known. */
  readonly #exits = new Map<string, { status: number | null; signal: string | null }>();
  /** Settles when the exit status of a child of ours is known, which is a moment after it is no process any more. */
  readonly #exiting = new Map<string, Promise<void>>();
  /** Settles when a child of ours is gone and reaped. */
  readonly #gone = new Map<string, Promise<void>>();

  constructor(config: SiteConfig, context: SiteContext) {
    this.#config = config;
    this.#context = context;
  }

  get name(): string {
    return this.#config.name;
  }

  submit(jdl: string, tickets: readonly PilotTicket[]): Promise<Submitted[]> {
    return Promise.all(
      tickets.map(async (ticket): Promise<Submitted> => {
        try {
          return { pilotId: ticket.pilotId, batchId: await this.#start(jdl, ticket) };
        } catch (error) {
          return { pilotId: ticket.pilotId, error: (error as Error).message };
        }
      }),
    );
  }

  async status(batchIds: readonly string[]): Promise<Map<string, BatchStatus>> {
    const found = new Map<string, BatchStatus>();
    for (const batchId of batchIds) {
      const { pid, start } = splitBatchId(batchId);
      if (!this.#exits.has(batchId) && isSameProcess(pid, start)) {
        found.set(batchId, { state: 'running', exitStatus: null, why: null });
        continue;
      }
      await this.#exiting.get(batchId);
      const exit = this.#exits.get(batchId);
      if (exit === undefined) void this.#tidyUpAfter(batchId);
      const why = exit === undefined ? 'its process is gone' : exit.signal !== null ? `killed by ${exit.signal}` : null;
      found.set(batchId, { state: 'ended', exitStatus: exit?.status ?? null, why });
    }
    return found;
  }

  async cancel(batchIds: readonly string[]): Promise<void> {
    const living = batchIds.map(splitBatchId).filter(({ pid, start }) => isSameProcess(pid, start));
    for (const { pid } of living) sendSignal(pid, 'SIGTERM');
    const deadline = performance.now() + CANCEL_GRACE_MS;
    for (const { pid, start } of living) {
      while (isSameProcess(pid, start) && performance.now() < deadline) await pause(20);
      if (isSameProcess(pid, start)) sendSignal(-pid, 'SIGKILL');
    }
    await Promise.all(batchIds.map((batchId) => this.#gone.get(batchId)));
  }

  async jobs(): Promise<HeldJob[]> {
    const jobs: HeldJob[] = [];
    for (const pilotId of await readdir(this.#context.directory)) {
      const batchId = await readFile(join(this.#context.directory, pilotId, 'batch-id'), 'utf8').catch(() => ''); // not of a pilot
      const { pid, start } = splitBatchId(batchId);
      if (batchId !== '' && isSameProcess(pid, start)) jobs.push({ batchId, pilotId });
    }
    return jobs;
  }

  async output(batchId: string): Promise<string> {
    const directory = await this.#directoryOf(batchId);
    return directory === undefined ? '' : tailOf(join(directory, 'pilot.log'));
  }

  describe(): Promise<SiteDescription> {
    return Promise.resolve({ text: 'processes on this machine', maxPilots: null });
  }

  translate(jdl: string): string {
    const order = readPilotJdl(jdl, this.name);
    return `${OWN_AGENT.join(' ')}   # ${order.wholeNode ? availableParallelism() : order.cores} workers, ends after ${order.ttlS} s; settings in a file of mode 0600\n`;
  }

  async forget(batchId: string): Promise<void> {
    const directory = await this.#directoryOf(batchId);
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
    this.#exits.delete(batchId);
  }

  async #start(jdl: string, ticket: PilotTicket): Promise<string> {
    const order = readPilotJdl(jdl, this.name);
    const [program, ...words] = OWN_AGENT;
    for (const file of OWN_AGENT)
      if (!existsSync(file)) throw new SiteError(`${file} is missing: build the project with "npm run build".`);
    const directory = join(this.#context.directory, ticket.pilotId);
    const scratch = this.#config.type === 'local' && this.#config.scratch ? this.#config.scratch : directory;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const settingsFile = join(directory, 'agent.json');
    await writeFile(settingsFile, JSON.stringify(this.#settings(order, ticket, scratch)), { mode: 0o600 });
    const log = await open(join(directory, 'pilot.log'), 'a', 0o600);
    try {
      const child = spawn(program, words, {
        cwd: directory,
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        env: { ...environmentWithoutOurs(), PROOF_SETTINGS: settingsFile },
      });
      const pid = await new Promise<number>((resolve, reject) => {
        child.once('error', reject);
        child.once('spawn', () => resolve(child.pid!));
      });
      const batchId = `${pid}.${startTimeOf(pid) ?? ''}`;
      const exiting = new Promise<void>((resolve) => {
        child.once('exit', (status, signal) => {
          this.#exits.set(batchId, { status, signal });
          this.#exiting.delete(batchId);
          resolve();
        });
      });
      this.#exiting.set(batchId, exiting);
      const gone = exiting.then(() => {
        this.#gone.delete(batchId);
        return tidyUp(directory, ticket.pilotId).catch(() => {}); // an agent that was killed could not; it is a scratch directory
      });
      this.#gone.set(batchId, gone);
      child.unref();
      await writeFile(join(directory, 'batch-id'), batchId, { mode: 0o600 });
      return batchId;
    } finally {
      await log.close();
    }
  }

  /** Nothing but the clock ends this slot. */
  #settings(order: PilotOrder, ticket: PilotTicket, scratch: string): Record<string, unknown> {
    const wallTimeEnd = Date.now() + order.ttlS * 1000;
    const settings = agentSettingsOf({ config: this.#config, context: this.#context, order, ticket, ce: 'local' });
    const cores = order.wholeNode ? availableParallelism() : order.cores;
    return { ...settings, cores, wallTimeEnd, scratch };
  }

  /** A pilot that an earlier ProxyServer had started. */
  async #tidyUpAfter(batchId: string): Promise<void> {
    const directory = await this.#directoryOf(batchId);
    if (directory !== undefined) await tidyUp(directory, basename(directory));
  }

  async #directoryOf(batchId: string): Promise<string | undefined> {
    for (const name of await readdir(this.#context.directory)) {
      const directory = join(this.#context.directory, name);
      const written = await readFile(join(directory, 'batch-id'), 'utf8').catch(() => ''); // not of a pilot, or of none yet
      if (written === batchId) return directory;
    }
    return undefined;
  }
}

function splitBatchId(batchId: string): { pid: number; start: string | null } {
  const [pid, start] = batchId.split('.');
  return { pid: Number(pid), start: start === '' || start === undefined ? null : start };
}

async function tailOf(file: string): Promise<string> {
  const handle = await open(file, 'r').catch(() => undefined); // it never wrote a word
  if (handle === undefined) return '';
  try {
    const { size } = await handle.stat();
    const first = Math.max(0, size - OUTPUT_TAIL_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - first), 0, size - first, first);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await handle.close();
  }
}

/** A pilot is told what it needs in its file; what this server was told is not its business. */
function environmentWithoutOurs(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PROOF_')));
}

async function tidyUp(directory: string, slot: string): Promise<void> {
  await endSlot(slot);
  for (const name of await readdir(directory).catch(() => []))
    if (name.startsWith('proof-agent-'))
      await rm(join(directory, name), { recursive: true, force: true, maxRetries: 3 });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
