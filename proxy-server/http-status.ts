/** Which HTTP status an error gets. Programs go by `code`; the status is for everything on the way. */
import { WireError } from '../protocol/check.js';
import { GridError, UsageError } from '../protocol/errors.js';
import { TooManyRequestsError } from '../protocol/guarded-server.js';
import { PackageArchiveError } from '../protocol/package-archive.js';
import { TokenError } from '../protocol/tokens.js';
import { ForbiddenError } from './authorization.js';

/** Codes that say "there is none". */
const NOT_FOUND = new Set([
  'PROXY_NO_SUCH_SESSION',
  'PROXY_NO_SUCH_QUERY',
  'PROXY_NO_SUCH_PILOT',
  'PROXY_NO_SUCH_SITE',
  'PROXY_NO_SUCH_REQUEST',
  'PROXY_NO_SUCH_PATH',
  'PROXY_NO_SUCH_PACKET',
  'PROXY_NO_SUCH_JOB',
  'PROXY_NO_SUCH_JOB_FILE',
  'PROXY_NO_SUCH_TOKEN',
  'PROXY_NO_SUCH_PACKAGE',
  'PROXY_NO_SUCH_PAYLOAD',
]);

export function statusOf(error: unknown): number {
  if (error instanceof TokenError) return 401;
  if (error instanceof TooManyRequestsError) return 429;
  if (error instanceof ForbiddenError) return 403;
  if (error instanceof UsageError || error instanceof WireError || error instanceof PackageArchiveError) return 400;
  if (error instanceof GridError) return NOT_FOUND.has(error.code) ? 404 : error.retryable ? 503 : 409;
  return 500;
}
