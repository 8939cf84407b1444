/** Error codes -> HTTP status. What is not listed and no bug of ours is a 400. */

import { type ErrorBody, errorBody, GridError } from '../protocol/errors.js';
import { requestProblem } from '../protocol/request-problem.js';
import { BadRequestError, TooLargeError } from './errors.js';

const STATUS: Readonly<Record<string, number>> = {
  CATALOG_NO_SUCH_NAME: 404,
  CATALOG_NO_SUCH_SE: 404,
  CATALOG_NO_SUCH_SET: 404,
  CATALOG_NO_SUCH_TAG: 404,
  CATALOG_NO_SUCH_ROUTE: 404,
  CATALOG_EXISTS: 409,
  CATALOG_NOT_EMPTY: 409,
  CATALOG_WRONG_KIND: 409,
  CATALOG_FROZEN: 409,
  CATALOG_ACCESS_DENIED: 403,
  PROTOCOL_TOKEN_REFUSED: 401,
  CATALOG_TOO_LARGE: 413,
  CATALOG_DISK_FULL: 507,
  CATALOG_DAMAGED: 500,
  INTERNAL: 500,
};

export function httpError(error: unknown): { status: number; body: ErrorBody } {
  if (!(error instanceof GridError)) {
    const { statusCode, message } = error as { statusCode?: number; message?: string };
    if (statusCode === 413)
      return { status: 413, body: errorBody(new TooLargeError('The body is too large; send several.')) };
    if (statusCode !== undefined && statusCode < 500)
      return {
        status: statusCode,
        body: errorBody(new BadRequestError(requestProblem(error) ?? `Bad request: ${message ?? ''}.`)),
      };
  }
  const body = errorBody(error);
  const status = STATUS[body.code] ?? 400;
  // A bug's stack is for the log, not for the caller.
  return body.code === 'INTERNAL'
    ? { status, body: { code: body.code, message: `An error inside the catalog: ${body.message.split('\n')[0]}` } }
    : { status, body };
}
