/**
 * Writes a file to an XRootD server, or to the one that a manager chooses: under a name of its own first, synced and closed, compared by the
 * server's own checksum, then moved to its final name. A file that breaks off is removed, or left under a name that nobody looks for.
 */
import { mapBounded } from '../bounded.js';
import type { ByteSource } from '../byte-source.js';
import { BadCopyError, FileExistsError, StorageError, StorageIoError, WriteRefusedError } from '../errors.js';
import type { PutJob } from '../put-job.js';
import { untilSeen } from '../retry.js';
import type { StorageSettings } from '../storage-options.js';
import { checksumOfAnswer, statOf } from './answer.js';
import { askServer } from './ask-server.js';
import type { Server } from './connection-pool.js';
import {
  checksumRequest,
  closeRequest,
  createRequest,
  moveRequest,
  removeRequest,
  statRequest,
  syncRequest,
  type WireRequest,
  writeRequest,
} from './wire.js';
import { XrootdClient } from './xrootd-client.js';
import { parseXrootdUrl, withOpaque, type XrootdUrl } from './xrootd-url.js';

const PIECE_BYTES = 2 * 2 ** 20;
const PIECES_AT_ONCE = 4;

/** @throws {StorageError} */
export async function putXrootd(url: string, job: PutJob, settings: StorageSettings): Promise<void> {
  const target = parseXrootdUrl(url);
  await refuseExisting(target, settings);
  const part: XrootdUrl = { ...target, path: `${target.path}${job.suffix}` };
  const client = new XrootdClient(part, settings);
  const { body, server } = await client.perform(createRequest);
  const handle = Buffer.from(body.subarray(0, 4));
  const ask = (request: WireRequest): Promise<Buffer> =>
    askServer(server, request, { subject: { url: target.display }, settings: client.settings });
  const path = (of: XrootdUrl): string => withOpaque(of.path, of.opaque);
  try {
    await write(job.from, handle, ask);
    await ask(syncRequest(handle));
    await ask(closeRequest(handle));
    await compare(client, part, { ask, job });
    await ask(moveRequest(part.path, target.path)).catch((error: unknown) => {
      throw error instanceof StorageIoError ? new FileExistsError(target.display, { cause: error }) : error;
    });
  } catch (error) {
    await remove(server, { path: path(part), handle, client, display: target.display });
    throw error;
  }
  await announce(new XrootdClient(target, settings));
}

/** Whoever reads it next finds it: a manager that does not know it yet asks its servers again. The file is there in any case. */
async function announce(client: XrootdClient): Promise<void> {
  if (!(await client.isManager().catch(() => false))) return;
  await untilSeen(client.settings, async () => {
    const isKnown = await client.perform(statRequest).then(
      () => true,
      () => false,
    );
    if (!isKnown) await client.locate({ refresh: true }).catch(() => []);
    return isKnown;
  });
}

/** A move would replace it without a word on some servers. */
async function refuseExisting(target: XrootdUrl, settings: StorageSettings): Promise<void> {
  const client = new XrootdClient(target, settings);
  const there = await client.perform(statRequest).then(
    () => true,
    (error: unknown) => {
      if (error instanceof StorageError && error.code === 'STORAGE_NO_SUCH_FILE') return false;
      throw error;
    },
  );
  if (there) throw new FileExistsError(target.display);
}

async function write(from: ByteSource, handle: Buffer, ask: (request: WireRequest) => Promise<Buffer>): Promise<void> {
  const offsets = Array.from({ length: Math.ceil(from.size / PIECE_BYTES) }, (_, i) => i * PIECE_BYTES);
  await mapBounded(offsets, PIECES_AT_ONCE, async (offset) => {
    await ask(writeRequest(handle, offset, await from.read(offset, Math.min(PIECE_BYTES, from.size - offset))));
  });
}

/** By the server's checksum; where it keeps none, by the size. */
async function compare(
  client: XrootdClient,
  part: XrootdUrl,
  { ask, job }: { ask: (request: WireRequest) => Promise<Buffer>; job: PutJob },
): Promise<void> {
  const path = withOpaque(part.path, part.opaque, 'cks.type=adler32');
  const body = await ask(checksumRequest(path)).catch((error: unknown) => {
    if (error instanceof StorageIoError || error instanceof WriteRefusedError) return undefined; // it keeps none
    throw error;
  });
  if (body !== undefined) {
    const there = client.parsed(() => checksumOfAnswer(body));
    if (there.kind === 'adler32') {
      if (there.hex.padStart(8, '0') === job.adler32) return;
      throw new BadCopyError(part.display, `adler32 ${there.hex}`, `adler32 ${job.adler32}`);
    }
  }
  const answer = await ask(statRequest(withOpaque(part.path, part.opaque)));
  const { size } = client.parsed(() => statOf(answer.toString('latin1')));
  if (size !== job.from.size) throw new BadCopyError(part.display, `${size} bytes`, `${job.from.size} bytes`);
}

/** As far as it goes: the reason of the failure is what counts, and a dead server keeps what it has. */
async function remove(
  server: Server,
  { path, handle, client, display }: { path: string; handle: Buffer; client: XrootdClient; display: string },
): Promise<void> {
  for (const request of [closeRequest(handle), removeRequest(path)])
    await askServer(server, request, { subject: { url: display }, settings: client.settings }).catch(() => {});
}
