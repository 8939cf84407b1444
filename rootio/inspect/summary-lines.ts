/** A file's summary in lines for people. */
import type { ColumnSummary } from './column-summary.js';
import type { FileSummary } from './inspect-file.js';
import type { NumberSummary } from './number-summary.js';

export function* summaryLines(summary: FileSummary): Generator<string> {
  yield `${Object.keys(summary.keys).length} keys`;
  for (const [path, tree] of Object.entries(summary.trees)) {
    if ('unreadable' in tree) yield `tree ${path}: unreadable: ${tree.unreadable}`;
    else {
      yield `tree ${path}: ${tree.entries} entries, ${Object.keys(tree.branches).length} branches`;
      yield* columnLines(tree.branches);
    }
  }
  for (const [path, ntuple] of Object.entries(summary.ntuples ?? {})) {
    if ('unreadable' in ntuple) yield `ntuple ${path}: unreadable: ${ntuple.unreadable}`;
    else {
      yield `ntuple ${path}: ${ntuple.entries} entries, ${Object.keys(ntuple.fields).length} fields`;
      yield* columnLines(ntuple.fields);
    }
  }
  for (const [path, histogram] of Object.entries(summary.histograms)) {
    if ('unreadable' in histogram) yield `histogram ${path}: unreadable: ${histogram.unreadable}`;
    else {
      const bins = histogram.edges.map(({ shape }) => (shape[0] ?? 1) - 1).join(' x ');
      yield `histogram ${path}: ${histogram.class}, ${bins} bins, ${histogram.entries} entries, ${numberLine(histogram.values_flow)}`;
    }
  }
}

function* columnLines(columns: Readonly<Record<string, ColumnSummary>>): Generator<string> {
  for (const [name, column] of Object.entries(columns)) yield `  ${name}: ${columnLine(column)}`;
}

function columnLine(column: ColumnSummary): string {
  switch (column.kind) {
    case 'flat':
      return `${column.dtype}, ${numberLine(column)}`;
    case 'jagged':
      return `lists of ${column.dtype}, ${column.shape.join(' x ')} in all, ${numberLine(column)}`;
    case 'string':
      return `text, ${column.n} entries, first ${column.first.map((text) => JSON.stringify(text)).join(', ')}, crc ${hex(column.crc32)}`;
    case 'unreadable':
      return `unreadable: ${column.why}`;
    default:
      return 'of another kind (proof root dump shows it)';
  }
}

function numberLine({ sum, min, max, crc32 }: NumberSummary): string {
  return sum === undefined ? 'empty' : `sum ${sum}, min ${min}, max ${max}, crc ${hex(crc32)}`;
}

const hex = (crc: number): string => crc.toString(16).padStart(8, '0');
