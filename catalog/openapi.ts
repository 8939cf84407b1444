/** Prints the API's OpenAPI description: `node dist/catalog/openapi.js > docs/catalog-openapi.json`. A test holds the file against it. */
import winston from 'winston';
import { createServer } from './http-server.js';
import { openDatabase } from './store/database.js';
import { Stores } from './store/stores.js';
import type { StoreThread } from './threads/store-client.js';

/** The description needs the routes only, so no thread is behind them. */
export async function describeApi(): Promise<string> {
  const unused = undefined as unknown as StoreThread;
  const db = openDatabase(':memory:', { owner: 'nobody', group: 'nobody' }, 0);
  const server = await createServer({
    stores: new Stores(db),
    writer: unused,
    reader: unused,
    authenticate: () => Promise.reject(new Error('not served')),
    authKind: 'token',
    version: '',
    databasePath: ':memory:',
    log: winston.createLogger({ silent: true }),
  });
  const description = server.swagger();
  await server.close();
  db.close();
  return `${JSON.stringify(description, null, 2)}\n`;
}

if (process.argv[1] === import.meta.filename) process.stdout.write(await describeApi());
