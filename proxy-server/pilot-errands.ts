/**
 * What a pilot does by itself, before and after its agent, on nodes that share no directory with this server: it fetches the payload
 * and brings its log. `Authorization: Pilot ID:SECRET`; the secret opens this door, and no other, also when an agent has spent it.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { checked } from '../protocol/check.js';
import { GridError } from '../protocol/errors.js';
import { idText } from '../protocol/ids.js';
import { TokenError } from '../protocol/tokens.js';
import type { PilotStore } from './pilot-store.js';
import { payloadArchive } from './sites/payload.js';
import { SENT_LOG_BYTES } from './sites/pilot-script.js';

/** An installation before this one made it, or none did. */
export class NoSuchPayloadError extends GridError {
  readonly code = 'PROXY_NO_SUCH_PAYLOAD';
  constructor(sha256: string) {
    super(
      `This server has no payload with the SHA-256 ${sha256}; pilots that are submitted now ask for the one that it has.`,
    );
  }
}

const wanted = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) });

export class PilotErrands {
  readonly #pilots: PilotStore;
  /** Of all pilots: payloads and logs lie there. */
  readonly #directory: string;

  constructor(pilots: PilotStore, directory: string) {
    this.#pilots = pilots;
    this.#directory = directory;
  }

  /** What it wrote, where it could bring that; else ''. */
  logOf(pilotId: string): Promise<string> {
    return readFile(this.#file(pilotId), 'utf8').catch(() => '');
  }

  addRoutes(app: FastifyInstance): void {
    app.get('/v1/pilot/payload', async (request, reply) => {
      this.#pilotOf(request);
      const { sha256 } = checked(wanted, request.query);
      const archive = await payloadArchive(this.#directory, sha256);
      if (archive === undefined) throw new NoSuchPayloadError(sha256);
      return reply.type('application/octet-stream').header('content-length', archive.nbytes).send(archive.stream);
    });
    void app.register(async (inner) => {
      inner.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
        done(null, body),
      );
      inner.put('/v1/pilot/log', { bodyLimit: SENT_LOG_BYTES }, async (request) => {
        const file = this.#file(this.#pilotOf(request));
        await mkdir(join(file, '..'), { recursive: true, mode: 0o700 });
        await writeFile(file, request.body as Buffer, { mode: 0o600 });
        return {};
      });
    });
  }

  /** @throws {TokenError} */
  #pilotOf({ headers }: FastifyRequest): string {
    const [, pilotId = '', secret = ''] = /^Pilot ([^:]+):(\S+)$/.exec(headers.authorization ?? '') ?? [];
    if (!idText.safeParse(pilotId).success || !this.#pilots.isErrandOf(pilotId, secret))
      throw new TokenError('This door is for pilots: the secret is not of one that is known here.');
    return pilotId;
  }

  #file(pilotId: string): string {
    return join(this.#directory, pilotId, 'sent.log');
  }
}
