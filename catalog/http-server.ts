/**
 * HTTP in front of the catalog: routes by room of the API, authentication, gzip, ETags, errors as `{ code, message }`, and the
 * OpenAPI file made from the same schemas. Answers short questions itself, from a connection that only reads; writes and
 * searches go to the store threads.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:zlib';
import compress from '@fastify/compress';
import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifySchemaCompiler } from 'fastify';
import { createJsonSchemaTransform, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { BodyTimes } from '../protocol/body-times.js';
import { badValue } from '../protocol/check.js';
import { systemClock } from '../protocol/clock.js';
import { errorBody } from '../protocol/errors.js';
import { ANSWER_HEADERS, forgetTypeOfNothing, SERVER_TIMES, ServerGuard } from '../protocol/guarded-server.js';
import type { Logger } from '../protocol/log.js';
import { BAD_ADDRESS } from '../protocol/request-problem.js';
import type { Authenticate } from './auth.js';
import { BadRequestError, NoSuchRouteError } from './errors.js';
import { OPEN_ROUTES } from './grid/wire.js';
import { httpError } from './http-errors.js';
import type { Caller } from './permissions.js';
import { addRoutes } from './routes/routes.js';
import type { Stores } from './store/stores.js';
import type { StoreThread } from './threads/store-client.js';

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller;
  }
}

export interface CatalogParts {
  readonly stores: Stores;
  readonly writer: StoreThread;
  readonly reader: StoreThread;
  readonly authenticate: Authenticate;
  readonly authKind: 'development' | 'token';
  readonly version: string;
  readonly databasePath: string;
  readonly log: Logger;
}

/** JSON bodies; 10,000 names of 100 bytes are 1 MB, with all that a registration may say of them less than this. */
const BODY_LIMIT = 64 * 2 ** 20;
/** Answers above it are not hashed for an ETag. */
const ETAG_LIMIT = 2 ** 20;
const BULK_ROUTE = '/v1/bulk';
const BODY_LIMITS = { wholeMs: 120_000, idleMs: 120_000 };

export type CatalogServer = FastifyInstance;

export async function createServer(parts: CatalogParts): Promise<CatalogServer> {
  const server = Fastify({
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: true,
    requestTimeout: 0, // body-times.ts
    http: SERVER_TIMES,
    routerOptions: { maxParamLength: 5000 },
    // Addresses that the library cannot read: no hook has seen the request, nobody has asked who it is.
    frameworkErrors: (error, _request, reply) => {
      const { status, body } = httpError(error);
      (reply as unknown as FastifyReply).status(status).headers(ANSWER_HEADERS).send(body);
    },
  });
  const bodyTimes = new BodyTimes(BODY_LIMITS);
  const guard = new ServerGuard(server.server, systemClock);
  server.setValidatorCompiler(checkPart);
  server.setSerializerCompiler(() => JSON.stringify); // our own answers: the schema documents them
  await server.register(swagger, {
    openapi: {
      info: { title: 'proof-grid file catalog', version: 'v1', description: 'Errors are { code, message }.' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
      security: [{ token: [] }],
    },
    transform: createJsonSchemaTransform({ skipList: [] }),
  });
  await server.register(compress, {
    encodings: ['gzip', 'identity'],
    threshold: 4096,
    zlibOptions: { level: constants.Z_BEST_SPEED },
  });
  server.decorateRequest('caller', null as unknown as Caller);
  server.addHook('onRequest', async (request, reply) => {
    reply.headers(ANSWER_HEADERS);
    forgetTypeOfNothing(request.raw);
    bodyTimes.begin(request.raw);
    requireUtf8(request.url);
    if (OPEN_ROUTES.has(request.url.split('?')[0]!)) return;
    request.caller = await parts.authenticate(request.headers);
    guard.settled(request.raw.socket);
    if (request.routeOptions.url === BULK_ROUTE) bodyTimes.allowList(request.raw);
  });
  addEtags(server);
  server.setErrorHandler((error, request, reply) => {
    const { status, body } = httpError(error);
    if (status >= 500)
      parts.log.error('request failed', { url: request.url, code: body.code, error: (error as Error).stack });
    if (status === 401 && guard.refused(request.raw)) reply.header('connection', 'close');
    reply.status(status).send(body);
  });
  server.setNotFoundHandler((request, reply) => {
    const message = `There is no ${request.method} ${request.url.split('?')[0]}; see /v1/openapi.json.`;
    reply.status(404).send(errorBody(new NoSuchRouteError(message)));
  });
  addRoutes(server.withTypeProvider<ZodTypeProvider>(), parts);
  await server.ready();
  return server;
}

/** Bodies and queries are refused in the words of all daemons. */
const checkPart: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart = 'request' }) => {
  const what = httpPart === 'querystring' ? 'query' : httpPart;
  return (given: unknown) => {
    const result = schema.safeParse(given);
    return result.success
      ? { value: result.data }
      : { error: new BadRequestError(badValue(schema, result.error, given, what)) };
  };
};

/** @throws {BadRequestError} */
function requireUtf8(url: string): void {
  if (!url.includes('%')) return;
  try {
    decodeURIComponent(url);
  } catch (cause) {
    throw new BadRequestError(BAD_ADDRESS, { cause });
  }
}

/** Answers to GET carry a hash of their text; who has that already gets 304 and no text. */
function addEtags(server: FastifyInstance): void {
  server.addHook('onSend', async (request, reply, payload) => {
    if (request.method !== 'GET' || reply.statusCode !== 200) return payload;
    if (typeof payload !== 'string' || payload.length > ETAG_LIMIT) return payload;
    const etag = `"${createHash('sha256').update(payload).digest('base64url').slice(0, 22)}"`;
    reply.header('etag', etag);
    if (request.headers['if-none-match'] !== etag) return payload;
    reply.status(304);
    return '';
  });
}
