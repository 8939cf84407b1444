/** The server's error numbers as our errors; and which of them another server may not repeat. */
import {
  AuthenticationError,
  cleanServerText,
  FileExistsError,
  NoSuchFileError,
  NotAFileError,
  PermissionError,
  RedirectError,
  type StorageError,
  StorageIoError,
  WriteRefusedError,
  whatOf,
} from '../errors.js';
import type { Subject } from './transport.js';
import { XROOTD_ERROR } from './wire.js';

export function errorOfAnswer(
  subject: Subject,
  answer: { readonly number: number; readonly text: string },
): StorageError {
  const { url, range } = subject;
  const text = cleanServerText(answer.text);
  switch (answer.number) {
    case XROOTD_ERROR.notFound:
    case XROOTD_ERROR.noServer:
    case XROOTD_ERROR.noReplicas:
      return new NoSuchFileError(url, { cause: new Error(text) });
    case XROOTD_ERROR.notAuthorized:
      return new PermissionError(url, text);
    case XROOTD_ERROR.authFailed:
    case XROOTD_ERROR.tlsRequired:
      return new AuthenticationError(url, text);
    case XROOTD_ERROR.isDirectory:
      return new NotAFileError(url, 'a directory');
    case XROOTD_ERROR.exists:
      return new FileExistsError(url);
    case XROOTD_ERROR.noSpace:
    case XROOTD_ERROR.readOnly:
      return new WriteRefusedError(url, text);
    case XROOTD_ERROR.notFile:
      return new NotAFileError(url, 'no regular file');
    default:
      return new StorageIoError(url, `Reading ${whatOf(url, range)}`, `server error ${answer.number}: ${text}`);
  }
}

/** Would another server with the same file say the same? Then there is no use in asking it. */
export function isFinal(error: StorageError): boolean {
  const kinds = [
    PermissionError,
    AuthenticationError,
    NotAFileError,
    RedirectError,
    FileExistsError,
    WriteRefusedError,
  ];
  return kinds.some((kind) => error instanceof kind);
}
