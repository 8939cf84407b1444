/**
 * A real Slurm, Grid Engine or ARC computing element of a test's own: in a temporary directory, on free ports of the loopback, gone at the end,
 * its jobs with it. The scripts of servers/ start them; test/support/install-servers.sh installs what they need.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePorts } from './free-ports.js';

export type BatchKind = 'slurm' | 'gridengine' | 'arc';

interface Kind {
  readonly needs: readonly string[];
  readonly ports: number;
  /** Variables of its commands. */
  environment(folder: string, ports: readonly number[]): Record<string, string>;
}

const KINDS: Record<BatchKind, Kind> = {
  slurm: {
    needs: ['/usr/bin/sbatch', '/usr/sbin/slurmctld', '/usr/sbin/slurmd', '/usr/sbin/munged'],
    ports: 3,
    environment: (folder) => ({ SLURM_CONF: join(folder, 'slurm.conf') }),
  },
  gridengine: {
    needs: ['/usr/bin/qsub', '/usr/bin/qacct', '/usr/lib/gridengine/sge_qmaster', '/usr/lib/gridengine/sge_execd'],
    ports: 2,
    environment: (folder, [qmaster, execd]) => ({
      SGE_ROOT: join(folder, 'root'),
      SGE_CELL: 'default',
      SGE_QMASTER_PORT: String(qmaster),
      SGE_EXECD_PORT: String(execd),
    }),
  },
  arc: {
    needs: [
      '/usr/sbin/arched',
      '/usr/sbin/arcctl',
      '/usr/lib/arc/arcconfig-parser',
      '/usr/bin/curl',
      '/usr/bin/openssl',
    ],
    ports: 1,
    environment: (_folder, [port]) => ({ ARC_URL: `https://localhost:${port}/arex` }),
  },
};
const SERVERS = join(import.meta.dirname, '../../../test/support/servers');

/** Why none can be started here, if so. */
export function batchClusterMissing(kind: BatchKind): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return `tests with ${kind} need root on Linux`;
  const missing = [...KINDS[kind].needs, '/usr/bin/gcc'].filter((path) => !existsSync(path));
  if (missing.length === 0) return undefined;
  return `tests with ${kind} need ${missing.join(', ')} (test/support/install-servers.sh installs it)`;
}

export class BatchCluster {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly #child: ChildProcess;
  readonly #said: AsyncIterator<string>;

  private constructor(folder: string, environment: Record<string, string>, child: ChildProcess) {
    this.folder = folder;
    this.environment = environment;
    this.#child = child;
    this.#said = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  /** @param more variables of its script: what it is told beyond its ports */
  static async start(kind: BatchKind, more: Readonly<Record<string, string>> = {}): Promise<BatchCluster> {
    const folder = mkdtempSync(join(tmpdir(), `proof-${kind}-`));
    const shim = join(folder, 'loopback.so');
    execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-o', shim, join(SERVERS, 'loopback.c'), '-ldl']);
    const ports = await freePorts(KINDS[kind].ports);
    const words = [join(SERVERS, `${kind}.sh`), folder, shim, ...ports.map(String)];
    const env = { ...process.env, ...more };
    const child = spawn('bash', words, { stdio: ['pipe', 'pipe', 'pipe'], detached: true, env });
    const cluster = new BatchCluster(folder, KINDS[kind].environment(folder, ports), child);
    let said = '';
    child.stderr!.on('data', (part: Buffer) => {
      said += part.toString('utf8');
    });
    if (await cluster.#says('ready')) return cluster;
    await cluster.stop();
    throw new Error(`${kind} did not start: ${said}`);
  }

  /** One of its commands. */
  command(...words: string[]): string {
    return execFileSync(words[0]!, words.slice(1), {
      encoding: 'utf8',
      env: { ...process.env, ...this.environment },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  }

  /** Its central daemon goes; jobs stay, and so do the daemons of its nodes. */
  async goDown(): Promise<void> {
    this.#child.stdin!.write('down\n');
    if (!(await this.#says('down'))) throw new Error('the batch system did not go down');
  }
  async comeUp(): Promise<void> {
    this.#child.stdin!.write('up\n');
    if (!(await this.#says('up'))) throw new Error('the batch system did not come up again');
  }

  async #says(word: string): Promise<boolean> {
    for (;;) {
      const { done, value } = await this.#said.next();
      if (done === true) return false;
      if (value === word) return true;
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const gone = once(this.#child, 'exit');
      this.#child.stdin!.end();
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
