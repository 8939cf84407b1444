/**
 * The result document's one text form: fixed order of keys, numbers that read back to the same bits, "NaN", "INF" and "-INF" for
 * those that JSON has not. Negative zero is printed as 0.
 */
import type { AxisSpec } from './outputs/axis.js';
import type { OutputResult } from './outputs/result.js';

export interface QueryFailure {
  readonly file: string;
  readonly first: number;
  readonly end: number;
  readonly entry: number | null;
  readonly attempts: number;
  readonly error: string;
  readonly stack: string;
}

export interface QueryResult {
  readonly query: string;
  readonly status: 'completed' | 'incomplete' | 'stopped' | 'failed' | 'aborted';
  readonly entries: {
    readonly total: number | null;
    readonly done: number;
    readonly failed: number;
    readonly missing: number | null;
  };
  readonly failures: readonly QueryFailure[];
  readonly missingFiles: readonly { readonly file: string; readonly error: string }[];
  readonly outputs: readonly OutputResult[];
  readonly timing: Readonly<Record<'openMs' | 'lookupMs' | 'processMs' | 'mergeMs' | 'totalMs', number>>;
  readonly workers: readonly {
    readonly name: string;
    readonly host: string;
    readonly site: string;
    readonly packets: number;
    readonly entries: number;
    readonly bytes: number;
    readonly cpuMs: number;
  }[];
}

/** Where the rows of ntuples were written (`--output`): printed with them. */
export interface PrintOptions {
  readonly ntupleFile?: string;
}

/** The `outputs` array alone: byte for byte the same however the query ran. One output a line. */
export function outputsJson(outputs: readonly OutputResult[], options: PrintOptions = {}): string {
  if (outputs.length === 0) return '[]';
  return `[\n${outputs.map((output) => `    ${text(outputFields(output, options))}`).join(',\n')}\n  ]`;
}

/** One output alone. */
export function outputJson(output: OutputResult): string {
  return text(outputFields(output, {}));
}

/** The whole document, ending in a line break. */
export function resultJson(result: QueryResult, options: PrintOptions = {}): string {
  const { query, status, entries, failures, missingFiles, outputs, timing, workers, ...more } = result;
  const fields: [string, string][] = [
    ['query', text(query)],
    ['status', text(status)],
    ['entries', text({ total: entries.total, done: entries.done, failed: entries.failed, missing: entries.missing })],
    ['failures', text(failures)],
    ['missingFiles', text(missingFiles)],
    ['outputs', outputsJson(outputs, options)],
    ['timing', text(timing)],
    ['workers', text(workers)],
    ...Object.entries(more).map(([key, value]): [string, string] => [key, text(value)]),
  ];
  return `{\n${fields.map(([key, value]) => `  ${JSON.stringify(key)}: ${value}`).join(',\n')}\n}\n`;
}

function outputFields(output: OutputResult, { ntupleFile }: PrintOptions): Record<string, unknown> {
  const { name, type, title } = output;
  switch (output.type) {
    case 'H1':
    case 'H2':
    case 'H3': {
      const { contents, sumw2, entries, stats, valueTitle } = output;
      return { name, type, title, axes: output.axes.map(axisFields), contents, sumw2, entries, stats, valueTitle };
    }
    case 'Profile': {
      const { bins, entries, stats, valueTitle } = output;
      const { sumw, sumwy, sumwy2, sumw2 } = bins;
      return {
        name,
        type,
        title,
        axes: output.axes.map(axisFields),
        bins: { sumw, sumwy, sumwy2, sumw2 },
        entries,
        stats,
        valueTitle,
      };
    }
    case 'counter':
      return { name, type, title, value: output.value };
    case 'object':
      return { name, type, title, value: sorted(output.value) };
    case 'list':
      return { name, type, title, items: output.items.map(sorted) };
    case 'ntuple':
      return { name, type, title, columns: output.columns, entries: output.entries, file: ntupleFile ?? null };
  }
}

function axisFields({ nbins, min, max, edges, title }: AxisSpec): AxisSpec {
  return { nbins, min, max, edges, title };
}

/** JSON of numbers, typed arrays, arrays and plain objects. */
function text(value: unknown): string {
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(text).join(',')}]`;
  if (ArrayBuffer.isView(value))
    return `[${Array.from(value as unknown as Iterable<number | bigint>, text).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined && typeof field !== 'function');
    return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${text(field)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value === 0 ? 0 : value);
  return Number.isNaN(value) ? '"NaN"' : value > 0 ? '"INF"' : '"-INF"';
}

/** Users' values: keys in order, maps as objects, sets as arrays, so that the order of merging cannot show. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') return sorted(toJSON.call(value));
  if (Array.isArray(value)) return value.map(sorted);
  if (value instanceof Set) return [...value].map(sorted).sort(byText);
  const entries =
    value instanceof Map ? [...value].map(([key, field]) => [String(key), field] as const) : Object.entries(value);
  return Object.fromEntries(
    entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, field]) => [key, sorted(field)]),
  );
}

function byText(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return text(a) < text(b) ? -1 : 1;
}
