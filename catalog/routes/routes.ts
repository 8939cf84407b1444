/** All routes of the API, by what they are about. */
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { CatalogParts } from '../http-server.js';
import { addFileRoutes } from './file-routes.js';
import { addNameRoutes } from './name-routes.js';
import { addSearchRoutes } from './search-routes.js';
import { addServiceRoutes } from './service-routes.js';
import { addSetRoutes } from './set-routes.js';
import { addTagRoutes } from './tag-routes.js';
import { addUpkeepRoutes } from './upkeep-routes.js';

export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export function addRoutes(api: Api, parts: CatalogParts): void {
  addServiceRoutes(api, parts);
  addNameRoutes(api, parts);
  addFileRoutes(api, parts);
  addSearchRoutes(api, parts);
  addTagRoutes(api, parts);
  addSetRoutes(api, parts);
  addUpkeepRoutes(api, parts);
}
