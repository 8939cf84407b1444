/** Input files as AliEn users name them: `LF:/a/file`, with `,nodownload` behind those that the program opens remotely. */

export interface InputFile {
  /** An absolute logical file name, or one below the user's home (`~/…`); in InputData it may be a pattern (`*`, `?`, `[1-20]` at its end). */
  readonly lfn: string;
  readonly isDownloaded: boolean;
}

const NO_DOWNLOAD = /\s*,\s*nodownload\s*$/i;

/** @returns the file, or a sentence that says what is wrong */
export function parseInputFile(text: string): InputFile | string {
  const isDownloaded = !NO_DOWNLOAD.test(text);
  const lfn = text
    .replace(NO_DOWNLOAD, '')
    .replace(/^\s*LF:/i, '')
    .trim();
  if (/^\s*(?:PF|[a-z][a-z0-9+.-]*:\/\/)/i.test(text))
    return `"${text}" is no logical file name; register the file and name it LF:/path.`;
  if (!/^(?:\/|~\/)/.test(lfn)) return `"${text}" is not absolute; write LF:/path.`;
  if (lfn.includes('\0') || lfn.includes('\n'))
    return `"${lfn.slice(0, 40)}" holds a character that no file name can have.`;
  return { lfn, isDownloaded };
}

export const printInputFile = ({ lfn, isDownloaded }: InputFile): string =>
  `LF:${lfn}${isDownloaded ? '' : ',nodownload'}`;

const RANGE = /^(.*)\[(\d+)[-,](\d+)\]$/;

/** True for names with `*` or `?`, which the catalog resolves. */
export const isPattern = (lfn: string): boolean => /[*?]/.test(lfn.replace(RANGE, '$1'));

/**
 * `/a/*\/b.root[1-20]`: of what `/a/*\/b.root` matches, that for which the last `*` stands for a number from 1 to 20 (`00007` is 7).
 * Names without a range accept all.
 */
export function fileRange(lfn: string): { readonly pattern: string; readonly accepts: (name: string) => boolean } {
  const [, pattern, first, last] = RANGE.exec(lfn) ?? [];
  if (pattern === undefined || !pattern.includes('*')) return { pattern: lfn, accepts: () => true };
  const star = pattern.lastIndexOf('*');
  // Behind the last star every character of the pattern is one of the name; the catalog has matched the rest.
  const tail = pattern.length - star - 1;
  const before = /[^\d*?]?(\d*)$/.exec(pattern.slice(0, star));
  return {
    pattern,
    accepts: (name) => {
      const head = name.slice(0, name.length - tail);
      const run = /\d*$/.exec(head)?.[0] ?? '';
      const digits = run.slice(before?.[1]?.length ?? 0);
      const stands = before?.[0].replace(/\d/g, '') ?? '';
      if (digits === '' || !head.slice(0, head.length - run.length).endsWith(stands)) return false;
      return Number(digits) >= Number(first) && Number(digits) <= Number(last);
    },
  };
}
