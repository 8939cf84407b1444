/** Programs over tables in memory, run as a query would run them: cut into packets, on several workers, merged in any order. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleSelector } from '../../analysis/bundle-selector.js';
import { finishOutputs } from '../../analysis/finish-outputs.js';
import { type LoadedProgram, loadProgram } from '../../analysis/load-program.js';
import { OutputMerger } from '../../analysis/output-merger.js';
import type { OutputResult } from '../../analysis/outputs/result.js';
import { ProgramRunner } from '../../analysis/program-runner.js';
import type { SelectorContext } from '../../analysis/selector.js';
import type { Table } from '../../rootio/table.js';
import type { Gate } from './gate.js';

export const CONTEXT: SelectorContext = { params: {}, inputs: {}, seed: 0 };

/** A selector's text as a loaded program, by way of a file that is gone afterwards. */
export async function loadSelector(source: string, name = 'selector.ts'): Promise<LoadedProgram> {
  const folder = mkdtempSync(join(tmpdir(), 'proof-test-'));
  try {
    writeFileSync(join(folder, name), source);
    return await loadProgram(await bundleSelector(join(folder, name)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export interface Cuts {
  /** Entries a packet; the whole table without. */
  readonly packet?: number;
  readonly workers?: number;
  /** Merge the last increment first. */
  readonly isReversed?: boolean;
  readonly context?: Partial<SelectorContext>;
}

/** The program's outputs over one or more tables. */
export async function runOver(
  loaded: LoadedProgram,
  tables: readonly Table[],
  cuts: Cuts = {},
): Promise<readonly OutputResult[]> {
  const context = { ...CONTEXT, ...cuts.context };
  const openTable = async ({ filePosition }: { filePosition: number }) => ({
    table: tables[filePosition]!,
    close: () => undefined,
  });
  const workers = Array.from({ length: cuts.workers ?? 1 }, () => new ProgramRunner(loaded, { ...context, openTable }));
  const increments: Uint8Array[] = [];
  let turn = 0;
  for (const [filePosition, table] of tables.entries()) {
    const size = cuts.packet ?? Math.max(1, table.entries);
    for (let first = 0; first < table.entries; first += size) {
      const worker = workers[turn++ % workers.length]!;
      await worker.run({
        filePosition,
        file: `file${filePosition}`,
        first,
        end: Math.min(first + size, table.entries),
      });
      if (turn % 3 === 0) increments.push(worker.takeIncrement());
    }
  }
  for (const worker of workers) increments.push(worker.takeIncrement());
  const merger = new OutputMerger({ selector: loaded.create(context) });
  for (const bytes of cuts.isReversed === true ? increments.toReversed() : increments) merger.add(bytes);
  return finishOutputs(loaded, merger, context);
}

/** A selector that can be interrupted: it counts entries, two milliseconds each as long as the gate is shut. */
export const slowCounter = (gate: Gate): string => `
import { Selector } from 'proof-grid';
export default class Slow extends Selector {
  override branches = ['mu1_pt'];
  n = this.counter('n');
  override process(): void {
    ${gate.pace(2)}
    this.n.add(1);
  }
}`;

/** A selector with a histogram, and a list with a row every tenth entry. @param more of its `process`, at the end */
export const histogramAndRows = (more = ''): string => `
import { Selector } from 'proof-grid';
export default class Rows extends Selector {
  override branches = ['mu1_pt'];
  pt = this.h1('pt', 'pt', 50, 0, 200);
  some = this.list('some');
  override process(entry: number): void {
    this.pt.fill(this.columns.mu1_pt.at(entry), this.random.uniform());
    if (entry % 10 === 0) this.some.push({ entry, r: this.random.uniform() });
    ${more}
  }
}`;
