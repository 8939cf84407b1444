/** The HTTP API: every route of /v1, its role and its shapes (protocol/api.ts). What it does is asked of the parts that know. */
import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { newPilots, newSession, newToken, type ServerInfo } from '../protocol/api.js';
import { checked } from '../protocol/check.js';
import { errorBody, GridError } from '../protocol/errors.js';
import type { Logger } from '../protocol/log.js';
import type { Identity } from '../protocol/tokens.js';
import { statusOf } from './http-status.js';
import { ForbiddenError, type Gate, requireRole } from './identity.js';
import type { JobDesk } from './jobs/job-desk.js';
import { addJobRoutes } from './jobs/job-routes.js';
import type { PilotDesk } from './pilot-desk.js';
import type { QueryDesk } from './query-desk.js';
import type { Sessions } from './sessions.js';
import { NoSuchPathError } from './sockets.js';
import { StateDirError } from './state-db.js';

export interface HttpOptions {
  readonly log: Logger;
  readonly gate: Gate;
  readonly info: () => ServerInfo;
  readonly sessions: Sessions;
  readonly queries: QueryDesk;
  readonly pilots: PilotDesk;
  readonly jobs: JobDesk;
  readonly sign: (request: z.infer<typeof newToken>) => Promise<string>;
  readonly tls: { cert: string; key: string } | null;
}

const MAX_BODY_BYTES = 1024 * 1024;
/** Ended sessions and pilots are listed for so long. */
const RECENT_MS = 24 * 3600 * 1000;

export function makeHttp(options: HttpOptions): FastifyInstance {
  const { gate, log } = options;
  const app = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    // A peer that dribbles its request is cut off; idle connections do not hold up a stop.
    requestTimeout: 30_000,
    forceCloseConnections: true,
    ...(options.tls === null
      ? {}
      : { https: { cert: readFileSync(options.tls.cert), key: readFileSync(options.tls.key) } }),
  }) as unknown as FastifyInstance;

  app.setErrorHandler(async (thrown, request, reply) => {
    const error =
      thrown instanceof Database.SqliteError
        ? new StateDirError(`The ProxyServer cannot use its state file at present: ${thrown.message}.`, {
            cause: thrown,
          })
        : thrown;
    const fromFastify = !(error instanceof GridError) && (error as { statusCode?: number }).statusCode;
    if (typeof fromFastify === 'number' && fromFastify < 500)
      return reply.code(fromFastify).send({ code: 'USAGE', message: (error as Error).message });
    const status = statusOf(error);
    if (status >= 500) log.error('a request failed', { path: request.url, stack: (error as Error).stack });
    else log.info(`request refused: ${errorBody(error).message}`, { path: request.url, status });
    return reply.code(status).send(errorBody(error));
  });
  app.setNotFoundHandler(async (request) => {
    throw new NoSuchPathError(`There is no ${request.method} ${request.url.split('?')[0]} here.`);
  });
  app.addHook('onRequest', async (request) => {
    if (request.url === '/v1/info') return;
    const identity = await gate.identify(request.raw);
    if (identity.role === 'agent') throw new ForbiddenError('A token of the role agent is for agents only.');
    identities.set(request, identity);
  });
  app.get('/v1/info', async () => options.info());
  addSessionRoutes(app, options);
  addQueryRoutes(app, options);
  addPilotRoutes(app, options);
  addJobRoutes(app, options.jobs, who);
  app.post('/v1/tokens', async (request) => {
    requireRole(who(request), 'admin');
    return { token: await options.sign(checked(newToken, request.body, 'body')) };
  });
  return app;
}

const identities = new WeakMap<FastifyRequest, Identity>();
const who = (request: FastifyRequest): Identity => identities.get(request)!;
const params = <T extends string>(request: FastifyRequest, ...names: T[]): Record<T, string> =>
  checked(
    z.object(Object.fromEntries(names.map((n) => [n, z.string().min(1).max(300)]))),
    request.params,
    'path',
  ) as Record<T, string>;

function addSessionRoutes(app: FastifyInstance, { sessions }: HttpOptions): void {
  const own = (request: FastifyRequest): string => {
    const { id } = params(request, 'id');
    const owner = sessions.get(id).record.user;
    if (owner !== who(request).user) requireRole(who(request), 'admin');
    return id;
  };
  app.post('/v1/sessions', async (request) => {
    const session = await sessions.start(who(request).user, checked(newSession, request.body ?? {}, 'body'));
    return session.info(0);
  });
  app.get('/v1/sessions', async (request) => {
    const { user, role } = who(request);
    const all = sessions.list(Date.now() - RECENT_MS);
    return role === 'user' ? all.filter((session) => session.user === user) : all;
  });
  app.delete('/v1/sessions/:id', async (request) => {
    await sessions.end(own(request), `ended by ${who(request).user}`);
    return {};
  });
}

function addQueryRoutes(app: FastifyInstance, { queries }: HttpOptions): void {
  app.get('/v1/queries', async (request) => queries.list(who(request)));
  app.get('/v1/queries/:ref', async (request) => queries.get(who(request), params(request, 'ref').ref));
  app.get('/v1/queries/:ref/result', async (request, reply) => {
    const frame = await queries.result(who(request), params(request, 'ref').ref);
    return reply.type('application/msgpack').send(frame);
  });
  app.get('/v1/queries/:ref/packets', async (request) => queries.packets(who(request), params(request, 'ref').ref));
  app.get('/v1/queries/:ref/packets/:id', async (request, reply) => {
    const { ref, id } = params(request, 'ref', 'id');
    return reply.type('application/msgpack').send(await queries.packet(who(request), ref, Number(id)));
  });
  app.post('/v1/queries/:ref/stop', async (request) => {
    queries.tell(who(request), params(request, 'ref').ref, 'stopQuery');
    return {};
  });
  app.post('/v1/queries/:ref/abort', async (request) => {
    queries.tell(who(request), params(request, 'ref').ref, 'abortQuery');
    return {};
  });
  app.delete('/v1/queries/:ref', async (request) => {
    await queries.remove(who(request), params(request, 'ref').ref);
    return {};
  });
}

function addPilotRoutes(app: FastifyInstance, { pilots }: HttpOptions): void {
  app.get('/v1/pilots', async () => pilots.pilots(Date.now() - RECENT_MS));
  app.get('/v1/workers', async () => pilots.workers());
  app.get('/v1/sites', async () => pilots.sites());
  app.get('/v1/sites/:name', async (request) => pilots.explain(params(request, 'name').name));
  app.get('/v1/sites/:name/jdl', async (request) => pilots.jdl(params(request, 'name').name));
  app.post('/v1/sites/:name/translate', async (request) => {
    const body = checked(z.object({ jdl: z.string().nullable().default(null) }), request.body ?? {}, 'body');
    return pilots.translate(params(request, 'name').name, body.jdl);
  });
  app.post('/v1/pilots', async (request) => {
    requireRole(who(request), 'operator');
    return pilots.submit(checked(newPilots, request.body, 'body'));
  });
  app.get('/v1/pilots/:id/output', async (request) => {
    requireRole(who(request), 'operator');
    return pilots.output(params(request, 'id').id);
  });
  app.delete('/v1/pilots/:id', async (request) => {
    requireRole(who(request), 'operator');
    await pilots.kill(params(request, 'id').id, `killed by ${who(request).user}`);
    return {};
  });
}
