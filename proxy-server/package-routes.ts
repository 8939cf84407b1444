/** The routes of packages: each user has their own, and sees no others. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { checked } from '../protocol/check.js';
import { UsageError } from '../protocol/errors.js';
import { MOST_ARCHIVE_BYTES } from '../protocol/package-archive.js';
import type { Identity } from '../protocol/tokens.js';
import { type Action, authorize } from './authorization.js';
import type { PackageStore } from './package-store.js';

export function addPackageRoutes(
  app: FastifyInstance,
  packages: PackageStore,
  who: (request: FastifyRequest) => Identity,
  nowMs: () => number,
): void {
  const userOf = (request: FastifyRequest, action: Action): string => {
    authorize(who(request), action, who(request).user);
    return who(request).user;
  };
  const nameOf = (request: FastifyRequest): string =>
    checked(z.object({ name: z.string().min(1).max(100) }), request.params, 'path').name;
  void app.register(async (inner) => {
    inner.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    inner.put('/v1/packages', { bodyLimit: MOST_ARCHIVE_BYTES }, async (request) => {
      const user = userOf(request, 'package.upload');
      if (!Buffer.isBuffer(request.body)) throw new UsageError('A package is sent as application/octet-stream.');
      return packages.keep(user, request.body, nowMs());
    });
  });
  app.get('/v1/packages', async (request) => packages.list(userOf(request, 'package.read')));
  app.get('/v1/packages/:name', async (request, reply) => {
    const archive = packages.read(userOf(request, 'package.read'), nameOf(request));
    return reply.type('application/octet-stream').send(archive);
  });
  app.delete('/v1/packages/:name', async (request) => {
    packages.clear(userOf(request, 'package.clear'), nameOf(request));
    return {};
  });
}
