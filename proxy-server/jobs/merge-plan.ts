/**
 * What a master's Merge and MergeCollections come to, once its sub-jobs are over: which outputs go where, and what the merging jobs are told. Pure.
 *
 * The arguments $1 to $6 of a merging JDL are AliEn's: the master's number, the pattern, the name of the result, the user, the directory that the outputs
 * are below, and the directory for the result (MergeOutputDir, else the OutputDir up to its first `#`, else the master's own).
 * Source: AliEn, Service/Optimizer/Job/Merging.pm.
 */
import type { JobDescription, MergeSpec } from '../../jdl/index.js';
import { resolvedDirectory } from './output-plan.js';

export interface MergeWork {
  readonly spec: MergeSpec;
  readonly files: readonly string[];
  readonly args: readonly string[];
  /** Of the catalog, absolute. */
  readonly outputDir: string;
}

export interface MergePlan {
  readonly works: readonly MergeWork[];
  readonly collections: readonly { readonly collection: string; readonly files: readonly string[] }[];
  /** Sentences: what there is nothing of. */
  readonly missing: readonly string[];
}

export interface MergeSource {
  readonly masterId: number;
  readonly user: string;
  /** Of the user, in the catalog. */
  readonly home: string;
  /** LFNs that sub-jobs have registered, in the order of their numbers. */
  readonly outputs: readonly string[];
}

export function planMerging(
  {
    merges,
    mergeCollections,
    mergeOutputDir,
    outputDir,
  }: Pick<JobDescription, 'merges' | 'mergeCollections' | 'mergeOutputDir' | 'outputDir'>,
  { masterId, user, home, outputs }: MergeSource,
): MergePlan {
  const below = directoryAbove(outputs);
  const target = resolvedDirectory(mergeOutputDir ?? outputDir?.replace(/#.*$/, '') ?? `~/alien-job-${masterId}`, home);
  const works = merges.map((spec): MergeWork => {
    const { pattern, output } = spec;
    const args = [String(masterId), pattern, output, user, below, target];
    return { spec, files: matching(outputs, [pattern]), args, outputDir: target };
  });
  const collections = mergeCollections.map(({ patterns, collection }) => ({
    collection: resolvedDirectory(collection, home),
    files: matching(outputs, patterns),
  }));
  const wanted = [
    ...works.map(({ spec, files }) => ({ files, what: spec.pattern })),
    ...collections.map(({ files }, i) => ({ files, what: mergeCollections[i]!.patterns.join(',') })),
  ];
  const missing = wanted
    .filter(({ files }) => files.length === 0)
    .map(({ what }) => `None of its sub-jobs has registered an output named ${what}.`);
  return { works, collections, missing };
}

function matching(lfns: readonly string[], patterns: readonly string[]): string[] {
  const fits = patterns.map((pattern) => {
    const text = [...pattern].map((char) => (char === '*' ? '.*' : char === '?' ? '.' : escaped(char))).join('');
    return new RegExp(`^${text}$`, 's');
  });
  return lfns.filter((lfn) => fits.some((one) => one.test(lfn.slice(lfn.lastIndexOf('/') + 1))));
}

const escaped = (char: string): string => char.replace(/[.*+?^${}()|[\]\\/]/, '\\$&');

/** The deepest directory that all of these are below. */
function directoryAbove(lfns: readonly string[]): string {
  let common: string[] | undefined;
  for (const lfn of lfns) {
    const parts = lfn.split('/').slice(1, -1);
    const before: string[] = common ?? parts;
    const differs = before.findIndex((part, i) => part !== parts[i]);
    common = differs === -1 ? before : before.slice(0, differs);
  }
  return `/${(common ?? []).join('/')}`;
}
