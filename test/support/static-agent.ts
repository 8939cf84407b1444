/** `proof agent` as it is started by hand on a node, with a state directory: killed and started again in the same place. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PROGRAM = join(import.meta.dirname, '../../warm/agent.js');

export class StaticAgent {
  readonly stateDir: string;
  readonly #scratch: string;
  readonly #url: string;
  readonly #settings: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;
  /** What it has logged. */
  log = '';

  /** @param folder of this agent alone @param settings PROOF_* without the prefix */
  constructor(url: string, folder: string, settings: Record<string, string> = {}) {
    this.#url = url;
    this.#settings = settings;
    this.stateDir = join(folder, 'state');
    this.#scratch = join(folder, 'scratch');
    mkdirSync(this.#scratch, { recursive: true });
  }

  start(): this {
    const settings = { SERVER: this.#url, SITE: 'CLUSTER', STATE_DIR: this.stateDir, SCRATCH: this.#scratch };
    const all = Object.entries({ ...settings, DRAIN_BEFORE_END_S: '0', ...this.#settings });
    const child = spawn(process.execPath, [PROGRAM], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...Object.fromEntries(all.map(([name, value]) => [`PROOF_${name}`, value])) },
    });
    child.stderr.on('data', (data: Buffer) => {
      this.log += data.toString('utf8');
    });
    this.#child = child;
    return this;
  }

  kept(): string[] {
    return existsSync(this.stateDir) ? readdirSync(this.stateDir) : []; // it may have none
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.exitStatus() === null && this.#child.signalCode === null;
  }
  /** null: it runs, or was killed. */
  exitStatus(): number | null {
    return this.#child?.exitCode ?? null;
  }

  /** @returns its exit status */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
    return child.exitCode;
  }
  kill(): Promise<number | null> {
    return this.end('SIGKILL');
  }

  /** Directories of its payloads. */
  payloads(): string[] {
    return this.kept().filter((name) => name.startsWith('job-'));
  }
}

/** Pids of all processes that were started with this `NAME=value` in their environment, and have this name, where one is given. */
export function processesWith(mark: string, name?: string): number[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const isMarked = readFileSync(`/proc/${entry}/environ`, 'latin1').split('\0').includes(mark);
      const isNamed = name === undefined || readFileSync(`/proc/${entry}/comm`, 'utf8') === `${name}\n`;
      return isMarked && isNamed ? [Number(entry)] : [];
    } catch {
      return []; // it has just ended
    }
  });
}
