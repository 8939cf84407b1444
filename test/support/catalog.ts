/** A real catalog for a test: its own process on a temporary state directory; `stop` leaves nothing. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { ProofGrid } from '../../catalog/grid/proof-grid.js';
import { failureOf } from './failure.js';

const PROGRAM = join(import.meta.dirname, '../../catalog/main.js');
const COMMAND = join(import.meta.dirname, '../../client/main.js');

export class TestCatalog {
  readonly folder: string;
  url = '';
  #child: ChildProcess | undefined;
  #stderr = '';

  /** @param config lines of YAML behind listen, stateDir and auth */
  constructor(config = '', auth = 'development', folder = mkdtempSync(join(tmpdir(), 'proof-catalog-'))) {
    this.folder = folder;
    writeFileSync(this.configFile, `listen: 127.0.0.1:0\nstateDir: state\nauth: ${auth}\n${config}`);
  }

  get configFile(): string {
    return join(this.folder, 'catalog.yaml');
  }
  get database(): string {
    return join(this.folder, 'state', 'catalog.db');
  }
  get child(): ChildProcess {
    return this.#child!;
  }
  /** What it said on standard error. */
  get stderr(): string {
    return this.#stderr;
  }

  /** @throws with its words, where it ends instead of listening */
  async start(extra: readonly string[] = []): Promise<this> {
    const child = spawn(process.execPath, [PROGRAM, '--config', this.configFile, ...extra], { stdio: 'pipe' });
    this.#child = child;
    child.stderr.on('data', (data: Buffer) => {
      this.#stderr += data.toString('utf8');
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /^listening on (\S+)$/.exec(line)?.[1];
      if (url === undefined) continue;
      this.url = url;
      return this;
    }
    if (child.exitCode === null) await once(child, 'exit');
    throw new Error(`the catalog ended with ${child.exitCode}: ${this.#stderr}`);
  }

  grid(options: { user?: string; site?: string; token?: string } = {}): ProofGrid {
    return new ProofGrid(this.url, options);
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    child.kill(signal);
    const [status] = (await once(child, 'exit')) as [number | null];
    return status;
  }

  async stop(): Promise<void> {
    await this.end();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20 });
  }

  /** Runs the `proof` command against this catalog. */
  async proof(...words: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
    const env = { ...process.env, PROOF_CATALOG: this.url, PROOF_CONFIG: join(this.folder, 'client.yaml') };
    writeFileSync(env.PROOF_CONFIG, '{}\n');
    const child = spawn(process.execPath, [COMMAND, ...words], {
      env,
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => {
      stdout += data.toString('utf8');
    });
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString('utf8');
    });
    const [status] = (await once(child, 'close')) as [number];
    return { status, stdout, stderr };
  }
}

/** Sends a list that the catalog refuses at its head, and goes on with it until the answer is there. @returns the code of the refusal */
export async function refusedInItsMiddle(grid: ProofGrid): Promise<string> {
  let isAnswered = false;
  async function* list(): AsyncGenerator<Buffer> {
    yield Buffer.from('what,is,this\n');
    while (!isAnswered) yield Buffer.alloc(10_000, 'x');
  }
  const answer = grid.bulk(Readable.from(list()), { format: 'csv' });
  return (await failureOf(answer.finally(() => (isAnswered = true)))).code;
}
