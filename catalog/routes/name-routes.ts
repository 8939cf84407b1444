/** The tree: mkdir, ls, stat, mv, rm, chmod, chown, touch. */
import { z } from 'zod';
import {
  chmodBody,
  chownBody,
  errorAnswer,
  listAnswer,
  mkdirBody,
  mvBody,
  rmBody,
  statAnswer,
  touchBody,
} from '../grid/wire.js';
import type { CatalogParts } from '../http-server.js';
import { listPage, stat } from '../operations/reading.js';
import type { Api } from './routes.js';

const path = z.string().min(1);

export function addNameRoutes(api: Api, { stores, writer }: CatalogParts): void {
  const failed = { '4xx': errorAnswer };
  api.get(
    '/v1/ls',
    {
      schema: {
        summary: 'One page of a directory, bytewise by name; `next` is the `after` of the next page',
        querystring: z.object({
          path,
          after: z.string().optional(),
          limit: z.coerce.number().int().min(1).max(10_000).default(1000),
        }),
        response: { 200: listAnswer, ...failed },
      },
    },
    async ({ query, caller }) => {
      stores.refresh();
      return listPage(stores, caller, query);
    },
  );
  api.get(
    '/v1/stat',
    {
      schema: {
        summary: 'All that is known of one entry',
        querystring: z.object({ path }),
        response: { 200: statAnswer, ...failed },
      },
    },
    async ({ query, caller }) => {
      stores.refresh();
      return stat(stores, caller, query.path);
    },
  );
  api.post(
    '/v1/mkdir',
    { schema: { summary: 'Makes a directory (with those above it)', body: mkdirBody } },
    ({ body, caller }) => writer.write('mkdir', caller, body),
  );
  api.post(
    '/v1/rm',
    { schema: { summary: 'Removes a file or directory; what is below is deleted in the background', body: rmBody } },
    ({ body, caller }) => writer.write('rm', caller, body),
  );
  api.post(
    '/v1/mv',
    { schema: { summary: 'Renames; onto a directory it moves into it', body: mvBody } },
    ({ body, caller }) => writer.write('mv', caller, body),
  );
  api.post('/v1/chmod', { schema: { summary: 'Sets the mode bits', body: chmodBody } }, ({ body, caller }) =>
    writer.write('chmod', caller, body),
  );
  api.post('/v1/chown', { schema: { summary: 'Sets owner and group', body: chownBody } }, ({ body, caller }) =>
    writer.write('chown', caller, body),
  );
  api.post(
    '/v1/touch',
    { schema: { summary: 'Sets the time of change; makes an empty file', body: touchBody } },
    ({ body, caller }) => writer.write('touch', caller, body),
  );
}
