/**
 * What becomes of the outputs of sub-jobs when they are over: `Merge = {"PATTERN:JDL:OUTPUT"}`, a job each, and
 * `MergeCollections = {"PATTERN[,PATTERN]:LFN"}`, a collection of the catalog each.
 * Source: AliEn, Service/Optimizer/Job/Merging.pm.
 */

export interface MergeSpec {
  /** Name of outputs, perhaps with `*` and `?`. */
  readonly pattern: string;
  /** LFN of the JDL of the job that merges them. */
  readonly jdl: string;
  /** What that job is told to call its result. */
  readonly output: string;
}

export interface MergeCollection {
  readonly patterns: readonly string[];
  readonly collection: string;
}

const isName = (text: string): boolean => /^[^\s/\0]+$/.test(text) && text !== '..';
const isLfn = (text: string): boolean => /^~?\/[^\s\0]+$/.test(text) && !text.split('/').includes('..');

/** @returns the merging, or a sentence that says what is wrong with it */
export function parseMerge(text: string): MergeSpec | string {
  const [pattern = '', jdl = '', output = '', ...more] = text.split(':').map((part) => part.trim());
  if (more.length > 0 || output === '') return `"${text}" is not PATTERN:JDL:OUTPUT.`;
  if (!isName(pattern)) return `"${text}": ${pattern || 'nothing'} is no name of an output.`;
  if (!isLfn(jdl)) return `"${text}": ${jdl || 'nothing'} is no absolute name of a JDL in the catalog.`;
  if (!isName(output)) return `"${text}": ${output} is no name of a file.`;
  return { pattern, jdl, output };
}

/** @returns the collection, or a sentence that says what is wrong with it */
export function parseMergeCollection(text: string): MergeCollection | string {
  const [names = '', collection = '', ...more] = text.split(':').map((part) => part.trim());
  const patterns = names.split(',').map((name) => name.trim());
  if (more.length > 0 || collection === '') return `"${text}" is not PATTERN:LFN.`;
  const bad = patterns.find((name) => !isName(name));
  if (bad !== undefined) return `"${text}": ${bad || 'nothing'} is no name of an output.`;
  if (!isLfn(collection)) return `"${text}": ${collection} is no absolute name for a collection of the catalog.`;
  return { patterns, collection };
}
