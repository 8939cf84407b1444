/**
 * The node check: is this slot fit for work? Made before anything is started, and again now and then.
 *
 * `measureNode` looks at the machine; `unfitReasons` decides, purely, and says each reason as a sentence with the number found
 * and the number wanted.
 */

import { readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import { freemem } from 'node:os';
import { join } from 'node:path';
import type { IsolationFacts } from '../protocol/isolation.js';
import { proxyAgentFor } from '../protocol/proxied.js';
import type { AgentSettings } from './settings.js';

export interface NodeMeasure {
  readonly nodeVersion: string;
  readonly diskBytes: number;
  /** Null: the scratch directory can be written; else why not. */
  readonly scratchError: string | null;
  readonly memoryBytes: number;
  /** Null: the ProxyServer answers; else why not. */
  readonly serverError: string | null;
  /** This clock minus the ProxyServer's. */
  readonly clockSkewMs: number | null;
  /** Null: isolation is as the site wants it; else why users' code cannot be isolated here. */
  readonly isolationError: string | null;
}

export const OLDEST_NODE = [20, 19] as const;
/** Tokens are refused beyond this (protocol/tokens.ts allows 60 s). */
const MAX_SKEW_MS = 60_000;

export function unfitReasons(
  measure: NodeMeasure,
  limits: Pick<AgentSettings, 'minDiskBytes' | 'minMemoryBytes' | 'scratch' | 'server'>,
): string[] {
  const reasons: string[] = [];
  const [major = 0, minor = 0] = measure.nodeVersion.replace(/^v/, '').split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]))
    reasons.push(`Node.js ${measure.nodeVersion} is too old: ${OLDEST_NODE.join('.')} or newer is needed.`);
  if (measure.scratchError !== null) reasons.push(`The scratch directory cannot be used: ${measure.scratchError}.`);
  else if (measure.diskBytes < limits.minDiskBytes)
    reasons.push(`${limits.scratch} has ${measure.diskBytes} bytes free, ${limits.minDiskBytes} are needed.`);
  if (measure.memoryBytes < limits.minMemoryBytes)
    reasons.push(`The node has ${measure.memoryBytes} bytes of memory available, ${limits.minMemoryBytes} are needed.`);
  if (measure.serverError !== null)
    reasons.push(`The ProxyServer ${limits.server} cannot be reached: ${measure.serverError}.`);
  if (measure.clockSkewMs !== null && Math.abs(measure.clockSkewMs) > MAX_SKEW_MS)
    reasons.push(
      `The clock is ${Math.round(measure.clockSkewMs / 1000)} s off the ProxyServer's; at most 60 s are allowed.`,
    );
  if (measure.isolationError !== null)
    reasons.push(`This site requires isolation of users' code, and ${measure.isolationError}.`);
  return reasons;
}

/**
 * What this agent may count on of a node that it may share with others: by its cores, and no more than the limit of its cgroup.
 * @param limit 0: none
 */
export function shareOfNode(
  whole: { bytes: number; cores: number },
  { cores, limit = 0 }: { cores: number; limit?: number },
): number {
  const share = Math.floor(whole.bytes * Math.min(1, cores / Math.max(1, whole.cores)));
  return limit > 0 && limit < whole.bytes ? limit : share;
}

export async function measureNode(
  settings: Pick<AgentSettings, 'scratch' | 'server' | 'ca' | 'isolation'>,
  isolation: IsolationFacts,
): Promise<NodeMeasure> {
  const [disk, memoryBytes, server] = await Promise.all([
    measureScratch(settings.scratch),
    availableMemory(),
    reachServer(settings.server, settings.ca),
  ]);
  return {
    nodeVersion: process.version,
    diskBytes: disk.freeBytes,
    scratchError: disk.error,
    memoryBytes,
    serverError: server.error,
    clockSkewMs: server.skewMs,
    isolationError: settings.isolation === 'required' && isolation.by === 'nothing' ? isolation.why : null,
  };
}

/** Free space, after a file could really be written: a full quota or a read-only disk shows nowhere else. */
export async function measureScratch(scratch: string): Promise<{ freeBytes: number; error: string | null }> {
  const probe = join(scratch, `.proof-probe-${process.pid}`);
  try {
    await writeFile(probe, Buffer.alloc(4096));
    await rm(probe);
    const { bavail, bsize } = await statfs(scratch);
    return { freeBytes: bavail * bsize, error: null };
  } catch (error) {
    return { freeBytes: 0, error: (error as Error).message };
  }
}

/** What the kernel could give without swapping, and what the slot's cgroup leaves of it. */
export async function availableMemory(): Promise<number> {
  try {
    const match = /^MemAvailable:\s+(\d+) kB/m.exec(await readFile('/proc/meminfo', 'utf8'));
    const limit = process.constrainedMemory();
    const available = match === null ? freemem() : Number(match[1]) * 1024;
    return limit > 0 && limit < available ? limit : available;
  } catch {
    return freemem(); // not Linux
  }
}

function reachServer(server: string, ca: string | null): Promise<{ error: string | null; skewMs: number | null }> {
  return new Promise((resolve) => {
    const get = server.startsWith('https:') ? httpsGet : httpGet;
    const request = get(
      `${server.replace(/\/$/, '')}/v1/info`,
      { timeout: 10_000, agent: proxyAgentFor(server) ?? false, ...(ca === null ? {} : { ca }) },
      (answer) => {
        answer.resume();
        const date = Date.parse(answer.headers.date ?? '');
        const ok = answer.statusCode === 200;
        resolve({
          error: ok ? null : `it answers with HTTP status ${answer.statusCode}`,
          skewMs: Number.isNaN(date) ? null : Date.now() - date,
        });
      },
    );
    request.once('timeout', () => request.destroy(new Error('no answer within 10 s')));
    request.once('error', (error) => resolve({ error: error.message, skewMs: null }));
  });
}

/** Bytes. */
export async function freeDisk(path: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return 0; // the scratch directory is gone: nothing is free there
  }
}
