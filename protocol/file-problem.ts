/** Why a file cannot be read or written, to stand behind a colon: people need no names of system calls. */
const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of that path is no directory',
  EISDIR: 'it is a directory',
  EACCES: 'its permissions do not let you',
  EPERM: 'its permissions do not let you',
  ENOSPC: 'the disk is full',
  EFBIG: 'it would be larger than files may be here',
  EROFS: 'that file system is read-only',
};

export function fileProblem(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return PROBLEMS[code ?? ''] ?? message;
}
