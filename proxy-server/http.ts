/** The HTTP API: every route of /v1, its role and its shapes (protocol/api.ts). What it does is asked of the parts that know. */

import type { Server } from 'node:http';
import Database from 'better-sqlite3';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { accountingQuery } from '../protocol/accounting-messages.js';
import { newPilots, newRequest, newSession, type ServerInfo } from '../protocol/api.js';
import { BodyTimes } from '../protocol/body-times.js';
import { checked } from '../protocol/check.js';
import type { Clock } from '../protocol/clock.js';
import { errorBody, GridError } from '../protocol/errors.js';
import {
  ANSWER_HEADERS,
  forgetTypeOfNothing,
  HANDSHAKE_TIMEOUT_MS,
  SERVER_TIMES,
  ServerGuard,
} from '../protocol/guarded-server.js';
import type { Logger } from '../protocol/log.js';
import { requestProblem } from '../protocol/request-problem.js';
import type { Identity } from '../protocol/tokens.js';
import { type AccountParts, addAccountRoutes } from './account-routes.js';
import type { Accountant } from './accounting/accountant.js';
import type { Act, AuditLog } from './audit-log.js';
import { type Action, authorize, ForbiddenError, reachOf } from './authorization.js';
import { CATALOG_PATH, CatalogDoor } from './catalog-door.js';
import type { RequestDesk } from './factory/request-desk.js';
import { statusOf } from './http-status.js';
import type { Gate } from './identity.js';
import type { JobDesk } from './jobs/job-desk.js';
import { addJobRoutes } from './jobs/job-routes.js';
import { addPackageRoutes } from './package-routes.js';
import type { PackageStore } from './package-store.js';
import type { PilotDesk } from './pilot-desk.js';
import type { PilotErrands } from './pilot-errands.js';
import type { QueryDesk } from './query-desk.js';
import type { ServerTls } from './server-tls.js';
import type { Sessions } from './sessions.js';
import { NoSuchPathError } from './sockets.js';
import { StateDirError } from './state-db.js';
import { addWebRoutes, isForPage } from './web/web-routes.js';

export interface HttpOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly gate: Gate;
  readonly info: () => ServerInfo;
  /** URL of the embedded catalog while it is there; undefined: there is none to hand through to. */
  readonly embedded: (() => string | null) | undefined;
  readonly sessions: Sessions;
  readonly queries: QueryDesk;
  readonly pilots: PilotDesk;
  readonly errands: PilotErrands;
  readonly requests: RequestDesk;
  readonly jobs: JobDesk;
  readonly packages: PackageStore;
  readonly accountant: Accountant;
  readonly accounts: AccountParts;
  readonly tls: ServerTls | null;
}

const BODY_LIMITS = { wholeMs: 30_000, idleMs: 30_000 };
const MAX_BODY_BYTES = 1024 * 1024;
/** Ended sessions and pilots are listed for so long. */
const RECENT_MS = 24 * 3600 * 1000;

export function makeHttp(options: HttpOptions): { app: FastifyInstance; guard: ServerGuard } {
  const { gate, log } = options;
  const { audit } = options.accounts;
  const audited: Audited = async (request, act, run) => {
    const result = await run();
    const { owner = null, ...rest } = act;
    const identity = who(request);
    if (owner !== identity.user) audit.write(identity, request.ip, { ...rest, outcome: 'done' });
    return result;
  };
  const app = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: 0, // body-times.ts
    // Idle connections do not hold up a stop.
    forceCloseConnections: true,
    // Addresses that the library cannot read: no hook has seen the request, nobody has asked who it is.
    frameworkErrors: (error, request, reply) => {
      void refuse(log, guard, audit)(error, request, reply.headers(ANSWER_HEADERS));
    },
    ...(options.tls === null
      ? { http: SERVER_TIMES }
      : { https: { ...options.tls.options(), ...SERVER_TIMES, handshakeTimeout: HANDSHAKE_TIMEOUT_MS } }),
  }) as unknown as FastifyInstance;
  const guard = new ServerGuard(app.server as Server, options.clock);

  app.setErrorHandler(refuse(log, guard, audit));
  app.setNotFoundHandler(async (request) => {
    throw noSuchPath(request);
  });
  app.addHook('onRequest', identifyCaller(gate, guard));
  app.get('/v1/info', async () => options.info());
  if (options.embedded !== undefined) addCatalogDoor(app, new CatalogDoor({ url: options.embedded, guard, log }), gate);
  addSessionRoutes(app, options, audited);
  addQueryRoutes(app, options, audited);
  addPilotRoutes(app, options, audited);
  addJobRoutes(app, options.jobs, who, audited);
  addPackageRoutes(app, options.packages, who, () => options.clock.date().getTime());
  addAccountRoutes(app, options.accounts, { gate, who, audited });
  app.get('/v1/accounting', async (request) => {
    const { by, days } = checked(accountingQuery, request.query, 'query');
    return options.accountant.sums(who(request), by, days);
  });
  addRequestRoutes(app, options, audited);
  options.errands.addRoutes(app);
  addWebRoutes(app);
  return { app, guard };
}

/** Tells the caller, the log, and (of what somebody may not) the audit log. */
function refuse(log: Logger, guard: ServerGuard, audit: AuditLog) {
  return async (thrown: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const error =
      thrown instanceof Database.SqliteError
        ? new StateDirError(`The ProxyServer cannot use its state file at present: ${thrown.message}.`, {
            cause: thrown,
          })
        : thrown;
    const fromFastify = !(error instanceof GridError) && (error as { statusCode?: number }).statusCode;
    if (typeof fromFastify === 'number' && fromFastify < 500)
      return reply
        .code(fromFastify)
        .send({ code: 'USAGE', message: requestProblem(error) ?? (error as Error).message });
    const status = statusOf(error);
    if (status === 401 && guard.refused(request.raw)) reply.header('connection', 'close');
    const identity = identities.get(request);
    if (error instanceof ForbiddenError && identity !== undefined)
      audit.write(identity, request.ip, { action: 'request', target: pathOf(request), outcome: 'refused' });
    if (status >= 500) log.error('a request failed', { path: pathOf(request), stack: (error as Error).stack });
    else log.info(`request refused: ${errorBody(error).message}`, { path: pathOf(request), status });
    return reply.code(status).send(errorBody(error));
  };
}

const CATALOG_ROUTE = `${CATALOG_PATH}/*`;
/** Written with escapes it is none: its caller has to say who it is, and is told that there is no such path. */
const isForCatalog = (request: FastifyRequest): boolean =>
  request.routeOptions.url === CATALOG_ROUTE && request.url.startsWith(`${CATALOG_PATH}/`);

/** Handed through before anything is read of the body. */
function addCatalogDoor(app: FastifyInstance, door: CatalogDoor, gate: Gate): void {
  app.addHook('onClose', async () => door.close());
  app.all(CATALOG_ROUTE, {
    onRequest: async (request, reply) => {
      if (!isForCatalog(request)) throw noSuchPath(request);
      gate.letOn(request.raw);
      reply.hijack();
      door.handThrough(request.raw, reply.raw);
    },
    handler: async () => {},
  });
}

function identifyCaller(gate: Gate, guard: ServerGuard) {
  const bodyTimes = new BodyTimes(BODY_LIMITS);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    reply.headers(ANSWER_HEADERS);
    if (isForCatalog(request)) return; // which asks who it is, and has times of its own
    if (isForPage(request)) return;
    bodyTimes.begin(request.raw);
    forgetTypeOfNothing(request.raw);
    // Errands of pilots look at their secret themselves.
    if (OPEN_PATHS.has(pathOf(request)) || pathOf(request).startsWith('/v1/pilot/')) return;
    const identity = await gate.identify(request.raw);
    if (identity.role === 'agent') throw new ForbiddenError('A token of the role agent is for agents only.');
    identities.set(request, identity);
    guard.known(request.raw, identity.user);
  };
}

/** Runs what an operator or admin asks for, and writes it down; what a user does with what is their own is not. */
export type Audited = <T>(
  request: FastifyRequest,
  act: Omit<Act, 'outcome'> & { readonly owner?: string | null },
  run: () => T | Promise<T>,
) => Promise<T>;

/** Without a token: what is to be known before a login, and the login itself, which looks for itself. */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/v1/info', '/v1/login']);
const pathOf = (request: FastifyRequest): string => request.url.split('?')[0]!.slice(0, 500);
const noSuchPath = (request: FastifyRequest): Error =>
  new NoSuchPathError(`There is no ${request.method} ${request.url.split('?')[0]} here.`);

const identities = new WeakMap<FastifyRequest, Identity>();
const who = (request: FastifyRequest): Identity => identities.get(request)!;
const params = <T extends string>(request: FastifyRequest, ...names: T[]): Record<T, string> =>
  checked(
    z.object(Object.fromEntries(names.map((n) => [n, z.string().min(1).max(300)]))),
    request.params,
    'path',
  ) as Record<T, string>;

function addSessionRoutes(app: FastifyInstance, { sessions }: HttpOptions, audited: Audited): void {
  app.post('/v1/sessions', async (request) => {
    authorize(who(request), 'session.open');
    const session = await sessions.start(who(request).user, checked(newSession, request.body ?? {}, 'body'));
    return session.info(0);
  });
  app.get('/v1/sessions', async (request) => {
    const all = sessions.list(Date.now() - RECENT_MS);
    const { user } = who(request);
    return reachOf(who(request), 'session.list') === 'any' ? all : all.filter((session) => session.user === user);
  });
  app.delete('/v1/sessions/:id', async (request) => {
    const { id } = params(request, 'id');
    const owner = sessions.get(id).record.user;
    authorize(who(request), 'session.end', owner);
    await audited(request, { action: 'session.end', target: id, owner }, () =>
      sessions.end(id, `ended by ${who(request).user}`),
    );
    return {};
  });
}

function addQueryRoutes(app: FastifyInstance, { queries }: HttpOptions, audited: Audited): void {
  const refOf = (request: FastifyRequest): string => params(request, 'ref').ref;
  const act = <T>(request: FastifyRequest, action: Action, run: () => T | Promise<T>): Promise<T> => {
    const target = refOf(request);
    return audited(request, { action, target, owner: queries.get(who(request), target).user }, run);
  };
  app.get('/v1/queries', async (request) => queries.list(who(request)));
  app.get('/v1/results', async (request) => queries.kept(who(request)));
  app.get('/v1/queries/:ref', async (request) => queries.get(who(request), refOf(request)));
  app.get('/v1/queries/:ref/result', async (request, reply) => {
    const isArchived = (request.query as { archive?: string }).archive === '1';
    const frame = await act(request, 'query.result', () => queries.result(who(request), refOf(request), isArchived));
    return reply.type('application/msgpack').send(frame);
  });
  app.get('/v1/queries/:ref/state', async (request, reply) => {
    const file = await act(request, 'query.result', () => queries.stateFile(who(request), refOf(request)));
    const { size } = await file.stat();
    return reply.type('application/octet-stream').header('content-length', size).send(file.createReadStream());
  });
  app.get('/v1/queries/:ref/packets', async (request) => queries.packets(who(request), refOf(request)));
  app.get('/v1/queries/:ref/packets/:id', async (request, reply) => {
    const { ref, id } = params(request, 'ref', 'id');
    const frame = await act(request, 'query.result', () => queries.packet(who(request), ref, Number(id)));
    return reply.type('application/msgpack').send(frame);
  });
  for (const [word, message] of [
    ['stop', 'stopQuery'],
    ['abort', 'abortQuery'],
  ] as const)
    app.post(`/v1/queries/:ref/${word}`, async (request) => {
      await act(request, 'query.stop', () => queries.tell(who(request), refOf(request), message));
      return {};
    });
  app.delete('/v1/queries/:ref', async (request) => {
    await act(request, 'query.remove', () => queries.remove(who(request), refOf(request)));
    return {};
  });
}

function addPilotRoutes(app: FastifyInstance, { pilots }: HttpOptions, audited: Audited): void {
  app.get('/v1/pilots', async () => pilots.pilots(Date.now() - RECENT_MS));
  app.get('/v1/workers', async (request) => pilots.workers(who(request)));
  app.get('/v1/sites', async () => pilots.sites());
  app.get('/v1/sites/:name', async (request) => pilots.explain(params(request, 'name').name));
  app.get('/v1/sites/:name/jdl', async (request) => pilots.jdl(params(request, 'name').name));
  app.post('/v1/sites/:name/translate', async (request) => {
    const body = checked(z.object({ jdl: z.string().nullable().default(null) }), request.body ?? {}, 'body');
    return pilots.translate(params(request, 'name').name, body.jdl);
  });
  const act = <T>(
    request: FastifyRequest,
    action: Action,
    target: string,
    run: () => T | Promise<T>,
    detail = '',
  ): Promise<T> => {
    authorize(who(request), action);
    return audited(request, { action, target, ...(detail === '' ? {} : { detail }) }, run);
  };
  app.post('/v1/pilots', async (request) => {
    const body = checked(newPilots, request.body, 'body');
    return act(request, 'pilot.submit', body.site, () => pilots.submit(body), `${body.n} pilots`);
  });
  app.get('/v1/pilots/:id/output', async (request) => {
    authorize(who(request), 'pilot.log');
    return pilots.output(params(request, 'id').id);
  });
  app.post('/v1/pilots/:id/drain', async (request) => {
    const { id } = params(request, 'id');
    await act(request, 'pilot.drain', id, () => pilots.drain(id, `drained by ${who(request).user}`));
    return {};
  });
  app.delete('/v1/pilots/:id', async (request) => {
    const { id } = params(request, 'id');
    await act(request, 'pilot.kill', id, () => pilots.kill(id, `killed by ${who(request).user}`));
    return {};
  });
  app.put('/v1/sites/:name/ban', async (request) => {
    const { name } = params(request, 'name');
    const { why } = checked(z.object({ why: z.string().min(1).max(500).nullable() }), request.body, 'body');
    const told = why === null ? null : `${why} (${who(request).user})`;
    await act(request, 'site.ban', name, () => pilots.ban(name, told), why ?? 'lifted');
    return {};
  });
}

function addRequestRoutes(app: FastifyInstance, { requests }: HttpOptions, audited: Audited): void {
  app.post('/v1/requests', async (request) => {
    authorize(who(request), 'request.make');
    return requests.make(who(request), checked(newRequest, request.body, 'body'));
  });
  app.get('/v1/requests', async () => requests.list());
  app.get('/v1/requests/:id', async (request) => requests.get(params(request, 'id').id));
  app.delete('/v1/requests/:id', async (request) => {
    const { id } = params(request, 'id');
    const owner = requests.get(id).user;
    authorize(who(request), 'request.end', owner);
    await audited(request, { action: 'request.end', target: id, owner }, () => requests.remove(id));
    return {};
  });
}
