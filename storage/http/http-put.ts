/**
 * Writes a file to a web server: PUT under a name of its own, compared by size (and checksum, where the server tells one), then MOVE to the
 * final name. A server without MOVE (S3 and alike, where a PUT is whole or not there) gets it under the final name at once.
 */
import { BadCopyError, FileExistsError, type StorageError, WriteRefusedError } from '../errors.js';
import type { PutJob } from '../put-job.js';
import { untilSeen, withRetries } from '../retry.js';
import type { StorageSettings } from '../storage-options.js';
import { displayUrl } from '../url.js';
import { errorOfStatus } from './http-status.js';
import { type HttpAnswer, type HttpAsk, httpExchange, parseHttpUrl } from './http-transport.js';

const MAX_TEXT_BYTES = 64 * 1024;
const NOT_DONE_HERE = [400, 405, 501];

/** @throws {StorageError} */
export async function putHttp(url: string, job: PutJob, settings: StorageSettings): Promise<void> {
  const display = displayUrl(url);
  const target = parseHttpUrl(url);
  const part = new URL(target);
  part.pathname += job.suffix;
  const ask = (method: HttpAsk['method'], at: URL, more: Partial<HttpAsk> = {}): Promise<HttpAnswer> =>
    httpExchange({ method, url: at.href, maxBytes: MAX_TEXT_BYTES, ...more }, settings);
  // A connection that the server closed after its last answer: asking once more does no harm.
  const head = (at: URL, headers = {}): Promise<HttpAnswer> =>
    withRetries(settings, () => ask('HEAD', at, { headers }));
  const before = await head(target);
  if (before.status === 200) throw new FileExistsError(display);
  const put = async (at: URL): Promise<void> => {
    const headers = { 'Content-Length': String(job.from.size) };
    const answer = await ask('PUT', at, { headers, body: job.from });
    if (answer.status < 200 || answer.status > 299) throw failure(display, answer);
    await compare(await head(at, { 'Want-Digest': 'adler32' }), display, job);
  };
  try {
    await put(part);
    const headers = { Destination: target.href, Overwrite: 'F', 'Content-Length': '0' };
    const moved = await ask('MOVE', part, { headers });
    if (moved.status === 412) throw new FileExistsError(display);
    if (moved.status >= 200 && moved.status <= 299) {
      // XrdHttp 5.5 takes the destination as it is written: names with escapes land elsewhere.
      const elsewhere = new URL(target.href.replaceAll('%', '%25'));
      const is = async (at: URL): Promise<boolean> => (await head(at)).status === 200;
      let isElsewhere = false;
      await untilSeen(settings, async () => {
        if (await is(target)) return true;
        isElsewhere = elsewhere.href !== target.href && (await is(elsewhere));
        return isElsewhere;
      });
      if (!isElsewhere) return;
      await ask('DELETE', elsewhere);
    } else if (NOT_DONE_HERE.includes(moved.status)) await ask('DELETE', part);
    else throw failure(display, moved);
  } catch (error) {
    await ask('DELETE', part).catch(() => {}); // the reason of the failure is what counts
    throw error;
  }
  await put(target);
}

function failure(url: string, answer: HttpAnswer): StorageError {
  if (answer.status === 403 || answer.status === 409) return new WriteRefusedError(url, `HTTP status ${answer.status}`);
  return errorOfStatus(url, answer);
}

async function compare(head: HttpAnswer, url: string, { from, adler32 }: PutJob): Promise<void> {
  const size = Number(head.headers['content-length'] ?? Number.NaN);
  if (head.status !== 200 || size !== from.size)
    throw new BadCopyError(url, `HTTP status ${head.status}, ${size} bytes`, `${from.size} bytes`);
  const there = /\badler32=([0-9a-f]{1,8})\b/i.exec(String(head.headers['digest'] ?? ''))?.[1];
  if (there !== undefined && there.toLowerCase().padStart(8, '0') !== adler32)
    throw new BadCopyError(url, `adler32 ${there}`, `adler32 ${adler32}`);
}
