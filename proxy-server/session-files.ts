/**
 * Reads what masters have written. Their users' code can write in the session's directory too: a link out of it, or a socket that is another's,
 * would have this server read or speak for them.
 */
import { constants, lstatSync, realpathSync } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import { GridError } from '../protocol/errors.js';

/** Something in a session's directory is not what a master writes. */
export class SessionFileError extends GridError {
  readonly code = 'PROXY_SESSION_FILE';
}

/** @param directory of the session. @throws {SessionFileError} a path that leads out of it, or no file */
export async function readSessionFile(directory: string, path: string): Promise<Buffer> {
  const file = await openSessionFile(directory, path);
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Likewise, for who reads it piece by piece, and closes it. */
export async function openSessionFile(directory: string, path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: unknown) => {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ELOOP') throw new SessionFileError(`${path} is a link.`);
      if (code === 'ENOENT')
        throw new SessionFileError(
          `${path} is not there any more: somebody removed it on the server. Run the query again.`,
        );
      throw error;
    },
  );
  try {
    const inside = `${await realpath(directory)}${sep}`;
    // What was really opened, whatever has become of the names since.
    if (!(await realpath(`/proc/self/fd/${file.fd}`)).startsWith(inside) || !(await file.stat()).isFile())
      throw new SessionFileError(`${path} leads out of its session.`);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** @throws {SessionFileError} where it is a link, or lies in a directory that is one */
export function checkSocket(socket: string): void {
  if (!lstatSync(socket).isSocket() || realpathSync(socket) !== realOf(socket))
    throw new SessionFileError(`${socket} is not the socket of this session's master.`);
}

/** The state directory itself may lie behind a link; the last two names may not be one. */
function realOf(socket: string): string {
  const parts = socket.split(sep);
  return [realpathSync(parts.slice(0, -2).join(sep)), ...parts.slice(-2)].join(sep);
}
