/** What the service says of itself: who it is, and its OpenAPI description. */

import { infoAnswer } from '../grid/wire.js';
import type { CatalogParts } from '../http-server.js';
import type { Api } from './routes.js';

export function addServiceRoutes(api: Api, parts: CatalogParts): void {
  api.get('/v1/info', { schema: { summary: 'Who answers', response: { 200: infoAnswer } } }, async () => ({
    name: 'proof-catalog' as const,
    version: parts.version,
    api: 'v1' as const,
    auth: parts.authKind,
  }));
  api.get('/v1/openapi.json', { schema: { hide: true } }, async () => api.swagger());
}
