/**
 * The dashboard: a page that asks the same API as every client, from the same port. It is open to everybody, since it holds nothing; what it shows it
 * asks for with its user's token. Built by scripts/web-page.mjs.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Address -> file beside this module, and its type. */
const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['assets/index.html', 'text/html; charset=utf-8'],
  '/web/style.css': ['assets/style.css', 'text/css; charset=utf-8'],
  '/web/icon.svg': ['assets/icon.svg', 'image/svg+xml'],
  '/web/page.js': ['page.js', 'text/javascript; charset=utf-8'],
};

/** Own files, this server, and pictures that the page makes of outputs: nothing else is loaded, run or sent to. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Is this request for the page itself? Nobody is asked who they are then. */
export const isForPage = (request: FastifyRequest): boolean =>
  request.method === 'GET' && Object.hasOwn(FILES, request.routeOptions.url ?? '');

export function addWebRoutes(app: FastifyInstance): void {
  for (const [path, [file, type]] of Object.entries(FILES)) {
    let loaded: Promise<Loaded> | undefined;
    app.get(path, async (request, reply) => {
      loaded ??= load(join(import.meta.dirname, file));
      const { plain, packed, tag } = await loaded;
      reply.headers({
        'content-security-policy': POLICY,
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-cache',
        etag: tag,
        vary: 'accept-encoding',
      });
      if (request.headers['if-none-match'] === tag) return reply.code(304).send();
      const takesGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
      if (takesGzip) reply.header('content-encoding', 'gzip');
      return reply.type(type).send(takesGzip ? packed : plain);
    });
  }
}

interface Loaded {
  readonly plain: Buffer;
  readonly packed: Buffer;
  readonly tag: string;
}

async function load(file: string): Promise<Loaded> {
  const plain = await readFile(file);
  const tag = `"${createHash('sha256').update(plain).digest('hex').slice(0, 20)}"`;
  return { plain, packed: await promisify(gzip)(plain), tag };
}
