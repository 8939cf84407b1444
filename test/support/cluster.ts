/**
 * A real installation for a test: catalog, ProxyServer and pilots as processes of their own, in one temporary folder, and the `proof`
 * command with a configuration that names them `here`. `stop()` ends all of it and says what was left behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Database from 'better-sqlite3';

export const COMMAND = join(import.meta.dirname, '../../client/main.js');

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Cluster {
  readonly folder: string;
  readonly url: string;
  readonly catalogUrl: string;
  /** `proof WORDS…` with this installation's configuration. */
  proof(...words: string[]): Promise<Ran>;
  /** The same with something on standard input, or other variables. */
  proofWith(options: { input?: string; env?: Record<string, string> }, ...words: string[]): Promise<Ran>;
  /** Waits until `n` workers are warm. */
  warm(n: number): Promise<void>;
  /** pid of the ProxyServer, for those who want to hurt it. */
  readonly proxyPid: number;
  /** A crash of the ProxyServer, and its next start on the same address. */
  killProxy(): Promise<void>;
  startProxy(): Promise<void>;
  /** The process of a session's master, as it is now. */
  masterPid(sessionId: string): number;
  stop(): Promise<void>;
}

export interface ClusterOptions {
  readonly pilots: number;
  readonly cores?: number;
  /** The ProxyServer's own instead of a daemon beside it. */
  readonly embeddedCatalog?: true;
  /** A site in place of HERE, as a line of YAML; `pilots` and `cores` mean nothing then. */
  readonly site?: string;
  /** More lines of the ProxyServer's configuration. */
  readonly proxyConfig?: string;
}

/** Runs one command to its end; input is closed at once where none is given. */
export async function run(
  words: readonly string[],
  options: { input?: string; env?: Record<string, string>; cwd?: string } = {},
): Promise<Ran> {
  const child = spawn(process.execPath, [COMMAND, ...words], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  child.stdin.end(options.input ?? '');
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { status, stdout, stderr };
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'proof-cluster-'));
  const catalogConfig = join(folder, 'catalog.yaml');
  writeFileSync(catalogConfig, `listen: 127.0.0.1:0\nstateDir: ${join(folder, 'catalog')}\nauth: development\n`);
  const catalog =
    options.embeddedCatalog === true ? undefined : await startDaemon(['catalog', 'start', '--config', catalogConfig]);
  const proxyConfig = join(folder, 'proxy.yaml');
  const here = `{ name: HERE, type: local, min: ${options.pilots}, cores: ${options.cores ?? 1} }`;
  writeFileSync(
    proxyConfig,
    `name: here\nlisten: 127.0.0.1:0\nstateDir: ${join(folder, 'proxy')}\nauth: development\ncatalog: ${catalog?.url ?? 'embedded'}\n` +
      `sites:\n  - ${options.site ?? here}\n${options.proxyConfig ?? ''}`,
  );
  let proxy = await startDaemon(['proxy', 'start', '--config', proxyConfig]);
  const config = join(folder, 'config.yaml');
  writeFileSync(config, `defaultHost: here\nhosts:\n  here: { url: "${proxy.url}" }\n`);
  const proofWith: Cluster['proofWith'] = (given, ...words) =>
    run(words, { ...given, env: { PROOF_CONFIG: config, ...given.env } });
  const cluster: Cluster = {
    folder,
    url: proxy.url,
    catalogUrl: catalog?.url ?? '',
    get proxyPid() {
      return proxy.child.pid!;
    },
    async killProxy() {
      const gone = once(proxy.child, 'exit');
      proxy.child.kill('SIGKILL');
      await gone;
    },
    async startProxy() {
      proxy = await startDaemon(['proxy', 'start', '--config', proxyConfig]);
    },
    masterPid(sessionId) {
      const db = new Database(join(folder, 'proxy', 'proxy.db'), { readonly: true });
      try {
        return db.prepare<[string], { pid: number }>('SELECT pid FROM session WHERE session_id = ?').get(sessionId)!
          .pid;
      } finally {
        db.close();
      }
    },
    proof: (...words) => proofWith({}, ...words),
    proofWith,
    async warm(n) {
      const until = performance.now() + 100_000;
      for (;;) {
        const { stdout } = await cluster.proof('workers', '--json');
        const warm = (JSON.parse(stdout || '[]') as { phase: string }[]).filter(({ phase }) => phase === 'warm').length;
        if (warm >= n) return;
        if (performance.now() > until) throw new Error(`${warm} of ${n} workers are warm after 100 s: ${stdout}`);
      }
    },
    async stop() {
      for (const { child } of [proxy, ...(catalog === undefined ? [] : [catalog])]) {
        if (child.exitCode === null && child.signalCode === null) {
          child.kill('SIGTERM');
          await once(child, 'exit');
        }
      }
      rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
    },
  };
  return cluster;
}

async function startDaemon(words: readonly string[]): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(process.execPath, [COMMAND, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (part: Buffer) => {
    said = (said + part.toString('utf8')).slice(-8000);
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^listening on (\S+)$/.exec(line)?.[1];
    if (url === undefined) continue;
    child.stdout.resume();
    return { url, child };
  }
  throw new Error(`proof ${words.join(' ')} did not start: ${said}`);
}

/** Is a process with this pid alive (a zombie is not)? */
export function isAlive(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return false;
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(file, 'utf8'));
  } catch {
    return false; // it ended while we looked
  }
}
