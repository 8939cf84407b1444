/** What must hold when the faults are over: nothing is left of what a run started, and the daemons' memory is flat. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PAGE_BYTES = 4096;

/** Processes that name this folder on their command line or in their environment. */
export function leftProcesses(folder: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
      return `${command}${environment}`.includes(folder) ? [`process ${pid} is left: ${command.slice(0, 120)}`] : [];
    } catch {
      return []; // another user's, or it has just ended
    }
  });
}

export function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

/** Bytes of memory that the process has resident (proc(5), statm). */
export function residentBytes(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]) * PAGE_BYTES;
  } catch {
    return undefined;
  }
}

/** Names in the system's temporary directory that begin as ours do. */
export function temporaryFiles(): Set<string> {
  return new Set(
    existsSync(tmpdir()) ? readdirSync(tmpdir()).filter((name) => /^proof-(s-|agent-|chaos-)/.test(name)) : [],
  );
}

/** Of a scratch directory everything, of a state directory what was to be renamed and was not. */
export function leftFiles(scratch: string, stateDir: string): string[] {
  const all = (folder: string): string[] =>
    existsSync(folder) ? (readdirSync(folder, { recursive: true }) as string[]).map((name) => join(folder, name)) : [];
  return [...all(scratch), ...all(stateDir).filter((path) => /\.(new|part)$/.test(path))];
}

export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

export interface Sample {
  readonly ms: number;
  readonly bytes: number;
}
/** Least squares, in bytes a minute. */
export function slope(samples: readonly Sample[]): number {
  const n = samples.length;
  const meanT = samples.reduce((sum, { ms }) => sum + ms, 0) / n;
  const meanB = samples.reduce((sum, { bytes }) => sum + bytes, 0) / n;
  const above = samples.reduce((sum, { ms, bytes }) => sum + (ms - meanT) * (bytes - meanB), 0);
  const below = samples.reduce((sum, { ms }) => sum + (ms - meanT) ** 2, 0);
  return below === 0 ? 0 : (above / below) * 60_000;
}
