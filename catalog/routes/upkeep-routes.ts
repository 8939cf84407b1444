/** Upkeep: storage elements, distances, backup, check, export, import. For admins and the catalog's owner. */
import { isAbsolute } from 'node:path';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { BadRequestError } from '../errors.js';
import {
  backupBody,
  checkAnswer,
  distanceBody,
  elementBody,
  elementNameBody,
  elementsAnswer,
  importBody,
} from '../grid/wire.js';
import type { CatalogParts } from '../http-server.js';
import { requireUpkeep } from '../operations/elements.js';
import { backupTo, type CheckReport } from '../store/upkeep.js';
import type { Api } from './routes.js';
import { sendLines } from './search-routes.js';

export function addUpkeepRoutes(api: Api, { stores, writer, reader, databasePath }: CatalogParts): void {
  api.get(
    '/v1/elements',
    { schema: { summary: 'Storage elements and distances', response: { 200: elementsAnswer } } },
    async () => {
      stores.refresh();
      const elements = stores.elements.list().map(({ id: _id, ...element }) => element);
      return { elements, distances: stores.elements.distances() };
    },
  );
  api.post(
    '/v1/elements',
    { schema: { summary: 'Makes or changes a storage element', body: elementBody } },
    ({ body, caller }) => writer.write('putElement', caller, body),
  );
  api.post(
    '/v1/elements/rm',
    { schema: { summary: 'Removes a storage element without replicas', body: elementNameBody } },
    ({ body, caller }) => writer.write('dropElement', caller, body),
  );
  api.post(
    '/v1/distance',
    { schema: { summary: 'How far two sites are from one another', body: distanceBody } },
    ({ body, caller }) => writer.write('setDistance', caller, body),
  );
  api.post(
    '/v1/backup',
    { schema: { summary: "An online copy of the database, on the catalog's machine", body: backupBody } },
    ({ body, caller }) => {
      requireUpkeep(stores, caller);
      if (!isAbsolute(body.file)) throw new BadRequestError(`${body.file} is no absolute path.`);
      return backupTo(databasePath, body.file);
    },
  );
  api.post(
    '/v1/check',
    { schema: { summary: 'Integrity of the database', response: { 200: checkAnswer } } },
    async ({ caller }) => {
      requireUpkeep(stores, caller);
      return checkInThread(databasePath);
    },
  );
  api.get('/v1/export', { schema: { summary: 'Everything, as JSON lines' } }, ({ caller }, reply) =>
    sendLines(reply, reader.stream('export', caller, {})),
  );
  api.post(
    '/v1/import',
    { schema: { summary: 'Lines of an export; what is there already stays as it is', body: importBody } },
    ({ body, caller }) => writer.write('importLines', caller, body),
  );
  api.get(
    '/v1/du',
    {
      schema: {
        summary: 'Files and bytes below a name: the last line; lines before it are empty',
        querystring: z.object({ path: z.string().min(1) }),
      },
    },
    ({ query, caller }, reply) => sendLines(reply, reader.stream('usage', caller, query)),
  );
}

/** A check of gigabytes takes its time: in a thread of its own. */
function checkInThread(databasePath: string): Promise<CheckReport> {
  const worker = new Worker(new URL('../threads/check-thread.js', import.meta.url), { workerData: { databasePath } });
  return new Promise((resolve, reject) => {
    worker.once('message', (report: CheckReport) => resolve(report));
    worker.once('error', reject);
  });
}
