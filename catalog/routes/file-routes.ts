/** Files and their replicas: look-up, whereis, registration, what queries learnt. */
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { lingerAfter } from '../../protocol/linger.js';
import {
  bulkAnswer,
  errorAnswer,
  learnAnswer,
  learnBody,
  lookupAnswer,
  lookupBody,
  registerAnswer,
  registerBody,
  replicaBody,
  whereisAnswer,
} from '../grid/wire.js';
import type { CatalogParts } from '../http-server.js';
import { lookup, whereis } from '../operations/reading.js';
import type { Api } from './routes.js';

const failed = { '4xx': errorAnswer };

export function addFileRoutes(api: Api, parts: CatalogParts): void {
  addReading(api, parts);
  addRegistration(api, parts);
  addBulk(api, parts);
  addLearning(api, parts);
}

function addReading(api: Api, { stores }: CatalogParts): void {
  api.post(
    '/v1/lookup',
    {
      schema: {
        summary: 'Up to 10,000 names to files with replicas, closest to `site` first; null where there is none',
        body: lookupBody,
        response: { 200: lookupAnswer, ...failed },
      },
    },
    async ({ body, caller }) => {
      stores.refresh();
      return { files: lookup(stores, caller, body.lfns, body.site) };
    },
  );
  api.get(
    '/v1/whereis',
    {
      schema: {
        summary: 'All replicas of one file with their state',
        querystring: z.object({ lfn: z.string().min(1), site: z.string().optional() }),
        response: { 200: whereisAnswer, ...failed },
      },
    },
    async ({ query, caller }) => {
      stores.refresh();
      return whereis(stores, caller, query.lfn, query.site);
    },
  );
}

function addRegistration(api: Api, { writer }: CatalogParts): void {
  api.post(
    '/v1/register',
    {
      schema: {
        summary: 'Registers files and replicas; those that cannot be are reported, the others are kept',
        body: registerBody,
        response: { 200: registerAnswer, ...failed },
      },
    },
    ({ body, caller }) => writer.write('register', caller, body),
  );
}

/** The list is not held in memory: its body goes on as a stream. */
function addBulk(api: Api, { writer }: CatalogParts): void {
  const passOn = (_request: unknown, payload: unknown, done: (error: null, body: unknown) => void): void =>
    done(null, payload);
  api.addContentTypeParser(['application/x-ndjson', 'text/csv'], passOn);
  api.post(
    '/v1/bulk',
    {
      schema: {
        summary:
          'Registers a list of any length, streamed as JSON lines or CSV; a list that broke off goes on by its name',
        querystring: z.object({
          format: z.enum(['jsonl', 'csv']).default('jsonl'),
          name: z.string().max(200).default(''),
        }),
        response: { 200: bulkAnswer, ...failed },
      },
    },
    ({ query, caller, body, raw }, reply) => {
      lingerAfter(reply.raw, raw);
      // A list that is refused in its middle is not cut off: its sender is told why.
      return writer.bulk(caller, query, (body as Readable).iterator({ destroyOnReturn: false }));
    },
  );
}

/** What becomes known of files that are registered. */
function addLearning(api: Api, { writer }: CatalogParts): void {
  api.post(
    '/v1/learn',
    { schema: { summary: 'Tree names and entry counts', body: learnBody, response: { 200: learnAnswer, ...failed } } },
    ({ body, caller }) => writer.write('learn', caller, body),
  );
  api.post(
    '/v1/replica',
    { schema: { summary: 'Marks a replica bad or good, or forgets it', body: replicaBody } },
    ({ body, caller }) => writer.write('changeReplica', caller, body),
  );
}
