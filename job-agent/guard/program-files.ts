/** What a guard has written about a program, as text and as numbers. Pure. */

/** A process, by its id and start time. */
export interface ProcessName {
  readonly pid: number;
  readonly start: string;
}

/** `PID START` and the end of the line, without which the line is still being written. */
export function parseProcessName(text: string): ProcessName | undefined {
  const found = /^(\d+) (\d+)\n$/.exec(text);
  return found === null ? undefined : { pid: Number(found[1]), start: found[2]! };
}
export const processLine = ({ pid, start }: ProcessName): string => `${pid} ${start}\n`;

export interface ProgramEnd {
  /** As a shell tells it: 128 + N for signal N. */
  readonly status: number;
  /** Of the program and of all children that were waited for. */
  readonly cpuSeconds: number;
}

/** The status, then the times of the shell and of its children, each as user and system: `0m0.00s 0m0.00s`. */
export function parseProgramEnd(text: string): ProgramEnd | undefined {
  const [status = '', , children = ''] = text.split('\n');
  if (!/^\d+$/.test(status)) return undefined;
  const times = [...children.matchAll(/(\d+)m(\d+(?:[.,]\d+)?)s/g)];
  const seconds = times.map(([, minutes, rest]) => Number(minutes) * 60 + Number(rest!.replace(',', '.')));
  return { status: Number(status), cpuSeconds: seconds.reduce((sum, time) => sum + time, 0) };
}
