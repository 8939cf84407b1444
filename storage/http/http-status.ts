/** HTTP status codes as our errors. */

import type { ByteRange } from '../byte-source.js';
import {
  AuthenticationError,
  cleanServerText,
  NoSuchFileError,
  PermissionError,
  ProtocolError,
  type StorageError,
  StorageIoError,
  whatOf,
} from '../errors.js';
import type { RetryAdvice } from '../retry.js';
import type { HttpAnswer } from './http-transport.js';

/** The server is busy or broken for now; it may say for how long. */
export class HttpServerError extends StorageIoError implements RetryAdvice {
  constructor(
    url: string,
    what: string,
    why: string,
    readonly retryAfterMs: number | undefined,
  ) {
    super(url, what, why);
  }
}

const MAX_TEXT = 200;

/** For an answer that is not the one hoped for. */
export function errorOfStatus(url: string, answer: HttpAnswer, range?: ByteRange): StorageError {
  const { status, headers } = answer;
  const said = /^text\/plain/.test(String(headers['content-type']))
    ? `: ${answer.body.toString('utf8', 0, MAX_TEXT)}`
    : '';
  const why = cleanServerText(`HTTP status ${status}${said}`);
  switch (status) {
    case 401:
      return new AuthenticationError(url, why);
    case 403:
      return new PermissionError(url, why);
    case 404:
    case 410:
      return new NoSuchFileError(url, { cause: new Error(why) });
    default: {
      const after = Number(headers['retry-after']);
      if (status >= 500 || status === 429 || status === 408)
        return new HttpServerError(url, `Reading ${whatOf(url, range)}`, why, after > 0 ? after * 1000 : undefined);
      return new ProtocolError(url, whatOf(url, range), why);
    }
  }
}
