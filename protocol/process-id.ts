/**
 * A process by its id *and* start time, since ids are given again. Reads /proc; where there is none, a living id counts as the
 * same process.
 */
import { readFileSync } from 'node:fs';

/** Start time in clock ticks since boot (proc(5), field 22 of stat); undefined: no such process, or no /proc. */
export function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the command's name may hold blanks
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]; // a zombie has ended
  } catch {
    return undefined; // no such process: that is the answer
  }
}

/**
 * The process at the end of a chain in which each has started one other, as bubblewrap's are: outer, first of its namespace, the
 * program. Reads /proc/PID/task/PID/children (proc(5)); where the kernel has none, `pid` itself.
 */
export function innermostProcess(pid: number | undefined): number | null {
  return pid === undefined ? null : processChain(pid).at(-1)!;
}

/** From the outer one to the innermost. */
export function processChain(pid: number): number[] {
  const chain = [pid];
  for (let children = childrenOf(pid); children.length === 1; children = childrenOf(children[0]!))
    chain.push(children[0]!);
  return chain;
}

/** A process and all that descend from it. */
export function processTree(pid: number): number[] {
  const tree = [pid];
  for (const at of tree) tree.push(...childrenOf(at));
  return tree;
}

/** Resident memory of a process and all that descend from it, in bytes. */
export function memoryOfTree(pid: number): number {
  return processTree(pid).reduce((nbytes, at) => nbytes + residentBytes(at), 0);
}

function residentBytes(pid: number): number {
  try {
    const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match === null ? 0 : Number(match[1]) * 1024;
  } catch {
    return 0; // it has ended
  }
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch {
    return []; // it has ended, or this kernel does not tell
  }
}

export function isSameProcess(pid: number, start: string | null): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  const now = startTimeOf(pid);
  if (now !== undefined) return start === null || start === '' || start === now;
  return process.platform !== 'linux' && isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Signals a process (or, with a negative id, its group); one that is gone already is no error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
