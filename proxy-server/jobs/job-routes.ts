/** The routes of /v1/jobs, and /v1/quotas. */
import { createReadStream } from 'node:fs';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { checked, parseJson } from '../../protocol/check.js';
import { jobSelection, newJob } from '../../protocol/job-messages.js';
import type { Identity } from '../../protocol/tokens.js';
import type { Action } from '../authorization.js';
import type { Audited } from '../http.js';
import type { JobDesk } from './job-desk.js';

const path = z.object({ id: z.coerce.number().int().min(1) });

export function addJobRoutes(
  app: FastifyInstance,
  jobs: JobDesk,
  who: (request: FastifyRequest) => Identity,
  audited: Audited,
): void {
  const idOf = (request: FastifyRequest): number => checked(path, request.params, 'path').id;
  app.post('/v1/jobs', async (request) => jobs.submit(who(request), checked(newJob, request.body, 'body')));
  app.get('/v1/jobs', async (request) => {
    const { select } = checked(z.object({ select: z.string().max(100_000).default('{}') }), request.query, 'query');
    return jobs.list(who(request), checked(jobSelection, parseJson(select), 'select'));
  });
  app.get('/v1/quotas', async (request) => {
    const { user } = checked(z.object({ user: z.string().max(256).optional() }), request.query, 'query');
    return jobs.quotas(who(request), user ?? null);
  });
  app.get('/v1/jobs/:id', async (request) => jobs.get(who(request), idOf(request)));
  app.get('/v1/jobs/:id/trace', async (request) => {
    const { after } = checked(z.object({ after: z.coerce.number().int().min(0).default(0) }), request.query, 'query');
    return jobs.trace(who(request), idOf(request), after);
  });
  app.get('/v1/jobs/:id/match', async (request) => jobs.explain(who(request), idOf(request)));
  const looked = <T>(request: FastifyRequest, run: () => T): Promise<T> => {
    const owner = jobs.get(who(request), idOf(request)).user;
    return audited(request, { action: 'job.files', target: String(idOf(request)), owner }, run);
  };
  app.get('/v1/jobs/:id/files', (request) => looked(request, () => jobs.files(who(request), idOf(request))));
  app.get('/v1/jobs/:id/file', async (request, reply) => {
    const { name } = checked(z.object({ name: z.string().max(1000) }), request.query, 'query');
    const file = await looked(request, () => jobs.fileOf(who(request), idOf(request), name));
    return reply.type('application/octet-stream').send(createReadStream(file));
  });
  const act = async (
    request: FastifyRequest,
    action: Action,
    run: () => number | Promise<number>,
  ): Promise<{ jobs: number }> => {
    const owner = jobs.get(who(request), idOf(request)).user;
    return { jobs: await audited(request, { action, target: String(idOf(request)), owner }, run) };
  };
  app.post('/v1/jobs/:id/resubmit', (request) =>
    act(request, 'job.resubmit', () => jobs.resubmit(who(request), idOf(request))),
  );
  app.post('/v1/jobs/:id/merge', (request) =>
    act(request, 'job.resubmit', () => jobs.merge(who(request), idOf(request))),
  );
  app.delete('/v1/jobs/:id', (request) => act(request, 'job.kill', () => jobs.kill(who(request), idOf(request))));
}
