/** How a job is split into sub-jobs: the attribute Split and those around it. */

export const SPLIT_MODES = [
  'file',
  'directory',
  'parentdirectory',
  'se',
  'se_advanced',
  'event',
  'entries',
  'ce',
  'userdefined',
  'af',
  'directaccess',
] as const;
export type FileSplitMode = (typeof SPLIT_MODES)[number];

export type SplitMode =
  | { readonly mode: 'production'; readonly first: number; readonly last: number }
  | { readonly mode: FileSplitMode };

export interface SplitSpecification {
  readonly by: SplitMode;
  /** Appended to Arguments; several make several sub-jobs of each group. */
  readonly arguments: readonly string[];
  readonly maxFiles: number | undefined;
  readonly maxBytes: number | undefined;
  /** Groups below are joined with others, `se` only; a fifth of the maximum where not given. */
  readonly minFiles: number | undefined;
  readonly minBytes: number | undefined;
  /** `af`: files without a copy at the site are left out. */
  readonly isOnlyLocalInput: boolean;
  readonly isOrdered: boolean;
  /** `userdefined`: a JDL text each. */
  readonly definitions: readonly string[];
}

/** So many sub-jobs one master may have. */
export const MOST_SUBJOBS = 100_000;

/** `production:1-244`, `production:10`, `-10`, or one of the modes, in any letter case. @returns the mode, or a sentence */
export function parseSplitMode(text: string): SplitMode | string {
  const word = text.trim().toLowerCase();
  const range = /^production:\s*(\d+)\s*-\s*(\d+)$/.exec(word);
  const count = /^(?:production:\s*)?-\s*(\d+)$|^production:\s*(\d+)$/.exec(word);
  if (range !== null) return production(Number(range[1]), Number(range[2]));
  if (count !== null) return production(1, Number(count[1] ?? count[2]));
  const mode = SPLIT_MODES.find((known) => known === word);
  if (mode !== undefined) return { mode };
  return `"${text}" is no way to split; use production:FIRST-LAST, -COUNT, or one of ${SPLIT_MODES.join(', ')}.`;
}

function production(first: number, last: number): SplitMode | string {
  if (last < first) return `production:${first}-${last} is empty; the last number must not be below the first.`;
  if (last - first >= MOST_SUBJOBS)
    return `production:${first}-${last} is more than ${MOST_SUBJOBS} sub-jobs; split it into several jobs.`;
  return { mode: 'production', first, last };
}
