/**
 * Eight copies of flat.root: two processes, four copies each, beside the C program with two threads. Wall time, alternating; both
 * sides have read their files once before, and ours opens each file anew within its time.
 */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchRow } from './main.js';

const COPIES = 8;
const ROUNDS = 6;
const ENTRIES = 1_000_000;

/** @param baskets the lines that dimuon.c reads */
export async function twoProcesses(
  folder: string,
  flat: string,
  program: string,
  baskets: string,
): Promise<BenchRow[]> {
  const prefix = join(folder, 'copy');
  const paths = Array.from({ length: COPIES }, (_, i) => `${prefix}${i}.root`);
  for (const path of paths) copyFileSync(flat, path);
  const each = COPIES / 2;
  const script = join(import.meta.dirname, 'dimuon-process.js');
  const processes = [paths.slice(0, each), paths.slice(each)].map((share) => fork(script, share));
  try {
    await bothRun(processes);
    const best = { c: Number.POSITIVE_INFINITY, ours: Number.POSITIVE_INFINITY };
    for (let round = 0; round < ROUNDS; round++) {
      const c = execFileSync(program, [prefix, 'flat', String(each), 'threads'], { input: baskets, encoding: 'utf8' });
      best.c = Math.min(best.c, Number(c) * 1000);
      best.ours = Math.min(best.ours, await bothRun(processes));
    }
    const rate = (ms: number) => `${((COPIES * ENTRIES) / ms / 1000).toFixed(1)} million entries/s`;
    const ratio = `${((100 * best.c) / best.ours).toFixed(0)} % of C`;
    return [
      { what: 'eight copies of flat.root, C, two threads', value: rate(best.c) },
      {
        what: 'eight copies of flat.root, two processes',
        value: `${rate(best.ours)}, ${ratio}`,
        target: 'at least 85 % of C',
      },
    ];
  } finally {
    for (const one of processes) one.kill();
  }
}

/** Milliseconds until both have been through their files. */
async function bothRun(processes: readonly ChildProcess[]): Promise<number> {
  const started = performance.now();
  await Promise.all(
    processes.map((one) => {
      const died = once(one, 'exit').then(() => Promise.reject(new Error('a process of the benchmark ended')));
      const done = Promise.race([once(one, 'message'), died]);
      died.catch(() => {}); // at the end they are all ended
      one.send('go');
      return done;
    }),
  );
  return performance.now() - started;
}
