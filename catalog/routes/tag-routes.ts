/** Metadata: tags of entries. */
import { z } from 'zod';
import { defineTagsBody, errorAnswer, removeTagsBody, setTagsBody, tagsAnswer } from '../grid/wire.js';
import type { CatalogParts } from '../http-server.js';
import { tagsOf } from '../operations/tags.js';
import type { Api } from './routes.js';

export function addTagRoutes(api: Api, { stores, writer }: CatalogParts): void {
  api.get(
    '/v1/meta',
    {
      schema: {
        summary: 'Tags in force for an entry, its own and inherited',
        querystring: z.object({ path: z.string().min(1) }),
        response: { 200: tagsAnswer, '4xx': errorAnswer },
      },
    },
    async ({ query, caller }) => {
      stores.refresh();
      return tagsOf(stores, caller, query.path);
    },
  );
  api.post(
    '/v1/meta/set',
    { schema: { summary: 'Sets values; a tag that is defined nowhere above is defined', body: setTagsBody } },
    ({ body, caller }) => writer.write('setTags', caller, body),
  );
  api.post('/v1/meta/rm', { schema: { summary: 'Removes values', body: removeTagsBody } }, ({ body, caller }) =>
    writer.write('removeTags', caller, body),
  );
  api.post(
    '/v1/meta/define',
    { schema: { summary: 'Defines tags with their types on a directory', body: defineTagsBody } },
    ({ body, caller }) => writer.write('defineTags', caller, body),
  );
  api.post(
    '/v1/meta/undefine',
    { schema: { summary: 'Takes definitions back; values stay', body: removeTagsBody } },
    ({ body, caller }) => writer.write('undefineTags', caller, body),
  );
}
