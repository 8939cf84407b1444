/**
 * `npm run bench [-- NAME...]`: runs the benchmarks of this folder (`NAME.bench.ts`), one after the other, and prints their rows.
 * A benchmark exports `title` and `run()`; figures that compare two things are measured in one run, alternating.
 */
import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';

export interface BenchRow {
  readonly what: string;
  readonly value: string;
  /** What the issue or the design asks for, where it does. */
  readonly target?: string;
}
export interface Bench {
  readonly title: string;
  readonly run: () => Promise<BenchRow[]>;
}

const wanted = process.argv.slice(2);
const names = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.bench.js'))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.startsWith(part)));
console.log(`${cpus().length} x ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`);
for (const name of names) {
  const bench = (await import(`./${name}`)) as Bench;
  console.log(`\n${bench.title}`);
  for (const { what, value, target } of await bench.run())
    console.log(`  ${what.padEnd(66)} ${value.padStart(18)}${target === undefined ? '' : `   (${target})`}`);
}
