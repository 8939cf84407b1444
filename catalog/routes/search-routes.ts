/** Searches: streamed as JSON lines, or a page of them as one JSON array. */
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { CatalogParts } from '../http-server.js';
import type { Api } from './routes.js';

const shape = z.enum(['name', 'entry', 'stat', 'file']).default('file');

/** What glob and find share. `limit` and `offset` count what the caller may read. */
const page = {
  shape,
  directories: z.stringbool().default(false),
  /** In the store's order: files of a directory before its directories. */
  unsorted: z.stringbool().default(false),
  site: z.string().optional(),
  limit: z.coerce.number().int().min(0).optional(),
  offset: z.coerce.number().int().min(0).optional(),
};

export function addSearchRoutes(api: Api, { reader }: CatalogParts): void {
  api.get(
    '/v1/glob',
    {
      schema: {
        summary: 'What a pattern matches (* and ? within a level), bytewise unless unsorted; JSON lines',
        querystring: z.object({ pattern: z.string().min(1), ...page }),
      },
    },
    ({ query, caller }, reply) => sendLines(reply, reader.stream('glob', caller, query)),
  );
  api.get(
    '/v1/find',
    {
      schema: {
        summary: "What a query finds, as /base?run>=119000 and type='ESD'; bytewise unless unsorted; JSON lines",
        querystring: z.object({ query: z.string().min(1).max(100_000), ...page }),
      },
    },
    ({ query, caller }, reply) => sendLines(reply, reader.stream('find', caller, query)),
  );
  api.get(
    '/v1/list',
    {
      schema: {
        summary: 'Everything below a directory, bytewise; JSON lines',
        querystring: z.object({ path: z.string().min(1), shape: shape.default('entry') }),
      },
    },
    ({ query, caller }, reply) => sendLines(reply, reader.stream('list', caller, query)),
  );
}

type Chunks = AsyncGenerator<{ chunk: Uint8Array; n: number }>;

/** The first chunk is awaited, so that an error in the question is an HTTP status and not a broken stream. */
export async function sendLines(reply: FastifyReply, chunks: Chunks): Promise<FastifyReply> {
  const first = await chunks.next();
  async function* text(): AsyncGenerator<Uint8Array> {
    try {
      if (first.done !== true) yield first.value.chunk;
      for await (const { chunk } of chunks) yield chunk;
    } finally {
      await chunks.return(undefined);
    }
  }
  return reply.type('application/x-ndjson').send(Readable.from(text(), { objectMode: false }));
}
