/**
 * What `proof root inspect --json` prints: keys, trees, ntuples and histograms of a file with counts and checksums, in a form that can
 * be compared with what other readers of ROOT files find.
 */
import { GridError } from '../../protocol/errors.js';
import { FriendTable } from '../friend-table.js';
import { NtupleTable } from '../ntuple/ntuple-table.js';
import type { KeyInfo, RootFile } from '../root-file.js';
import { TreeTable } from '../tree/tree-table.js';
import { type ColumnSummary, columnSummary } from './column-summary.js';
import { type HistogramSummary, histogramSummary, isHistogram } from './histogram-summary.js';

export interface TreeSummary {
  readonly entries: number;
  readonly branches: Record<string, ColumnSummary>;
}

export interface NtupleSummary {
  readonly entries: number;
  readonly fields: Record<string, ColumnSummary>;
}

interface Unreadable {
  readonly unreadable: string;
}

export interface FileSummary {
  /** `path;cycle` -> class. */
  readonly keys: Record<string, string>;
  readonly trees: Record<string, TreeSummary | Unreadable>;
  readonly ntuples?: Record<string, NtupleSummary | Unreadable>;
  readonly histograms: Record<string, HistogramSummary | Unreadable>;
}

/** What is in the file but cannot be read is said in its place; only a file that cannot be opened is an error. */
export async function inspectFile(file: RootFile): Promise<FileSummary> {
  const keys = await file.keys();
  const summary = { keys: {}, trees: {}, ntuples: {}, histograms: {} } as Required<{
    -readonly [K in keyof FileSummary]: FileSummary[K];
  }>;
  for (const key of keys) {
    const name = `${key.path};${key.cycle}`;
    summary.keys[name] = key.className;
    const kind = kindOf(key);
    if (kind === 'tree') summary.trees[name] = await orWhy(() => treeSummary(file, name));
    else if (kind === 'ntuple') summary.ntuples[name] = await orWhy(() => ntupleSummary(file, name));
    else if (kind === 'histogram')
      summary.histograms[name] = await orWhy(async () => histogramSummary(key.className, await file.object(name)));
  }
  const { ntuples, ...rest } = summary;
  return Object.keys(ntuples).length === 0 ? rest : { ...rest, ntuples };
}

function kindOf({ className }: KeyInfo): 'tree' | 'ntuple' | 'histogram' | undefined {
  if (['TTree', 'TNtuple', 'TNtupleD', 'TChain'].includes(className)) return 'tree';
  if (className === 'ROOT::RNTuple') return 'ntuple';
  return isHistogram(className) ? 'histogram' : undefined;
}

async function treeSummary(file: RootFile, path: string): Promise<TreeSummary> {
  const found = await file.table(path);
  const table = found instanceof FriendTable ? found.main : found;
  if (!(table instanceof TreeTable)) throw new TypeError(`${path} is no tree`);
  const branches: Record<string, ColumnSummary> = {};
  for (const column of table.branchColumns) {
    const { info, branch, plain } = column;
    if (info.name !== branch.path && branches[branch.path] !== undefined) continue; // one more part of the same branch
    branches[branch.path] = plain
      ? await orUnreadable(() => columnSummary(info, table.branchReader(column), branch.entries))
      : { kind: 'other' };
  }
  return { entries: table.entries, branches };
}

async function ntupleSummary(file: RootFile, path: string): Promise<NtupleSummary> {
  const table = await file.table(path);
  if (!(table instanceof NtupleTable)) throw new TypeError(`${path} is no RNTuple`);
  const fields: Record<string, ColumnSummary> = {};
  for (const { info, plain } of table.ntupleColumns)
    if (!info.name.includes('/'))
      fields[info.name] = plain
        ? await orUnreadable(() => columnSummary(info, table.reader([info.name]), table.entries))
        : { kind: 'other' };
  return { entries: table.entries, fields };
}

async function orWhy<T>(summary: () => Promise<T>): Promise<T | Unreadable> {
  try {
    return await summary();
  } catch (error) {
    return { unreadable: reason(error) };
  }
}

async function orUnreadable(summary: () => Promise<ColumnSummary>): Promise<ColumnSummary> {
  try {
    return await summary();
  } catch (error) {
    return { kind: 'unreadable', why: reason(error) };
  }
}

function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof GridError ? `${error.code}: ${message}` : message;
}
