/** The processes of this machine as /proc tells them (proc(5)). Where there is no /proc, there are none. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface ProcessFacts {
  readonly pid: number;
  /** In clock ticks since boot: with the pid, an identity. */
  readonly start: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Its own time, and that of its children that have ended and were waited for. */
  readonly cpuSeconds: number;
  /** Of `cpuSeconds`, that of ended children. */
  readonly endedChildrenSeconds: number;
  readonly memoryBytes: number;
}

/** Of all Linux systems that Node runs on. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

/** Those that live: zombies have ended. */
export function readProcesses(): ProcessFacts[] {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  return names.flatMap((name) => (/^\d+$/.test(name) ? (readProcess(Number(name)) ?? []) : []));
}

export function readProcess(pid: number): ProcessFacts | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // it has just ended
  }
  // The name in parentheses may hold anything; the fields behind it count from 3.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const endedChildrenSeconds = (field(16) + field(17)) / TICKS_PER_SECOND;
  return {
    pid,
    start: fields[19]!,
    parent: field(4),
    group: field(5),
    session: field(6),
    cpuSeconds: (field(14) + field(15)) / TICKS_PER_SECOND + endedChildrenSeconds,
    endedChildrenSeconds,
    memoryBytes: field(24) * PAGE_BYTES,
  };
}

/** A name for its pid namespace; undefined: another user's, or it has just ended. */
export function pidNamespaceOf(pid: number): string | undefined {
  return link(`/proc/${pid}/ns/pid`);
}

/** Does the environment that it was started with hold this `NAME=value`? */
export function isMarked(pid: number, mark: string): boolean {
  return environmentOf(pid).includes(`${mark}\0`);
}

/** That it was started with; '' where it is another user's, or it has just ended. */
export function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}

/** Does it run in this directory, has it files open there, or was its program started from there? */
export function usesDirectory(pid: number, directory: string): boolean {
  const isInside = (path: string | undefined): boolean =>
    path === directory || path?.startsWith(`${directory}/`) === true;
  if (['cwd', 'root', 'exe'].some((name) => isInside(link(`/proc/${pid}/${name}`)))) return true;
  let descriptors: string[];
  try {
    descriptors = readdirSync(`/proc/${pid}/fd`);
  } catch {
    return false; // another user's, or it has just ended
  }
  return descriptors.some((descriptor) => isInside(link(`/proc/${pid}/fd/${descriptor}`)));
}

function link(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // another user's, or gone
  }
}
