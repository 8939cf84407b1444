/** Input files as AliEn users name them: `LF:/a/file`, with `,nodownload` behind those that the program opens remotely. */

export interface InputFile {
  /** An absolute logical file name, or one below the user's home (`~/…`); in InputData it may be a pattern (`*`, `[1-20]`). */
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

/** True for names with `*`, `?` or `[…]`, which the catalog resolves. */
export const isPattern = (lfn: string): boolean => /[*?[]/.test(lfn);
