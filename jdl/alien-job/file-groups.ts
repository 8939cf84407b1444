/** Which files go into one sub-job: by name, directory or storage element, cut to the limits on number and size. */
import type { SplitSpecification } from './split-specification.js';

export interface SplitFile {
  readonly lfn: string;
  readonly nbytes?: number;
  /** Storage elements that hold a copy. */
  readonly elements?: readonly string[];
  readonly isDownloaded?: boolean;
}

export interface FileGroup {
  readonly key: string;
  readonly files: readonly SplitFile[];
  /** Any of these is near all files of the group; empty where nearness does not matter. */
  readonly elements: readonly string[];
}

const directoryOf = (lfn: string, steps: number): string => lfn.split('/').slice(0, -steps).join('/') || '/';

/** The key of a file's group. Source: AliEn, Service/Optimizer/Job/Splitting.pm. */
function keyOf(file: SplitFile, mode: SplitSpecification['by']['mode']): string {
  switch (mode) {
    case 'file':
      return file.lfn;
    case 'directory':
      return directoryOf(file.lfn, 1);
    case 'parentdirectory':
      return directoryOf(file.lfn, 2);
    case 'event':
      return directoryOf(file.lfn, 1).split('/').at(-1) ?? '';
    case 'se':
    case 'af':
      return (file.elements ?? []).toSorted().join(',');
    default:
      return ''; // entries, directaccess: only the limits cut
  }
}

/** Groups in the order of their first files; each file is in exactly one. */
export function groupFiles(files: readonly SplitFile[], split: SplitSpecification): FileGroup[] {
  const { mode } = split.by;
  const isByElement = mode === 'se' || mode === 'af';
  const byKey = new Map<string, SplitFile[]>();
  for (const file of split.isOrdered ? files.toSorted((a, b) => (a.lfn < b.lfn ? -1 : a.lfn > b.lfn ? 1 : 0)) : files) {
    const key = keyOf(file, mode);
    const group = byKey.get(key);
    if (group === undefined) byKey.set(key, [file]);
    else group.push(file);
  }
  const groups = [...byKey].flatMap(([key, members]) =>
    cut(members, split).map((part, i) => ({
      key: i === 0 ? key : `${key}_${i}`,
      files: part,
      elements: isByElement ? (members[0]?.elements ?? []) : [],
    })),
  );
  return mode === 'se' ? joinSmall(groups, split) : groups;
}

/** No part exceeds the limits, but for single files that do. */
function cut(
  files: readonly SplitFile[],
  { maxFiles = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY }: SplitSpecification,
): SplitFile[][] {
  const parts: SplitFile[][] = [];
  let part: SplitFile[] = [];
  let bytes = 0;
  for (const file of files) {
    const nbytes = file.nbytes ?? 0;
    if (part.length > 0 && (part.length >= maxFiles || bytes + nbytes > maxBytes)) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(file);
    bytes += nbytes;
  }
  if (part.length > 0) parts.push(part);
  return parts;
}

const bytesOf = (files: readonly SplitFile[]): number => files.reduce((sum, { nbytes = 0 }) => sum + nbytes, 0);

/** A fifth of the maximum is too small where nothing else is said: such groups join others that share a storage element. */
function joinSmall(groups: readonly FileGroup[], split: SplitSpecification): FileGroup[] {
  const { maxFiles = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY } = split;
  const minFiles = split.minFiles ?? (Number.isFinite(maxFiles) ? maxFiles / 5 : 0);
  const minBytes = split.minBytes ?? (Number.isFinite(maxBytes) ? maxBytes / 5 : 0);
  const isSmall = ({ files }: FileGroup): boolean =>
    files.length < minFiles || (minBytes > 0 && bytesOf(files) < minBytes);
  const joined: FileGroup[] = groups.filter((group) => !isSmall(group));
  for (const small of groups.filter(isSmall)) {
    const at = joined.findIndex(
      (group) =>
        group.elements.some((element) => small.elements.includes(element)) &&
        group.files.length + small.files.length <= maxFiles &&
        bytesOf(group.files) + bytesOf(small.files) <= maxBytes,
    );
    const into = joined[at];
    if (into === undefined) joined.push(small);
    else {
      joined[at] = {
        key: into.key,
        files: [...into.files, ...small.files],
        elements: into.elements.filter((element) => small.elements.includes(element)),
      };
    }
  }
  return joined;
}
