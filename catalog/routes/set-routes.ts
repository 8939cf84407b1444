/** Collections and data sets. */
import { z } from 'zod';
import { errorAnswer, setAnswer, setBody, setChanged, setFilesAnswer, verifiedBody } from '../grid/wire.js';
import type { CatalogParts } from '../http-server.js';
import { setFiles, showSet } from '../operations/sets.js';
import type { Api } from './routes.js';

const named = z.object({ name: z.string().min(1) });

export function addSetRoutes(api: Api, { stores, writer }: CatalogParts): void {
  const failed = { '4xx': errorAnswer };
  api.get(
    '/v1/dataset',
    {
      schema: {
        summary: 'The files of a data set with replicas, in its order; NAME@2 is its second version',
        querystring: named.extend({ site: z.string().optional() }),
        response: { 200: setFilesAnswer, ...failed },
      },
    },
    async ({ query, caller }) => {
      stores.refresh();
      return setFiles(stores, caller, query.name, query.site);
    },
  );
  api.get(
    '/v1/set',
    {
      schema: {
        summary: 'A data set as it is described: members, sums, versions',
        querystring: named,
        response: { 200: setAnswer, ...failed },
      },
    },
    async ({ query, caller }) => {
      stores.refresh();
      return showSet(stores, caller, query.name);
    },
  );
  api.post(
    '/v1/set',
    {
      schema: {
        summary: 'Makes a data set, adds to it or replaces its members',
        body: setBody,
        response: { 200: setChanged, ...failed },
      },
    },
    ({ body, caller }) => writer.write('changeSet', caller, body),
  );
  api.post(
    '/v1/set/freeze',
    { schema: { summary: 'Freezes the last version: what is added later makes a new one', body: named } },
    ({ body, caller }) => writer.write('freezeSet', caller, body),
  );
  api.post(
    '/v1/set/verified',
    { schema: { summary: 'Records what a verification found', body: verifiedBody } },
    ({ body, caller }) => writer.write('recordVerified', caller, body),
  );
}
